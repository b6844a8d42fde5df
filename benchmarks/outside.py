"""Rollcall from outside: `main.py serve` in a process of its own, a directory of 10,000, and
clients that know HTTP and websockets alone. What an act takes is counted from the click to the
answer on the screen.

There is no floor: the figures are for comparing with other programs (docs/benchmarks.md).
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.figures import Figure, Result
from benchmarks.options import Options
from benchmarks.scene import free_port, scene
from benchmarks.sign_in import PASSWORD
from benchmarks.statistics import Spread
from benchmarks.visitor import Page, Visitor
from benchmarks.vitals import processor_time

MAIN = Path(__file__).parent.parent / "main.py"
LOGIN, LIST, ACCOUNT = "/t/out/login", "/t/out/users", "/t/out/account"
ROUNDS, STARTS = 30, 5
PATIENCE = 300
# Seconds between two clicks, so that none waits for those before it: a page's events are paced
# (`ui.live.budget`), and a person takes longer.
PAUSE = 0.25
Samples = dict[str, list[float]]


async def run(options: Options) -> Result:
    """Measure."""
    figures: list[Figure] = []
    for users in options.outside:
        figures += await _measure(users, options)
    return Result("outside", "From outside", "users", figures)


async def _measure(users: int, options: Options) -> list[Figure]:
    samples: Samples = {}
    rounds, starts = (max(1, round(n * options.effort)) for n in (ROUNDS, STARTS))
    async with scene() as stage:
        inside = await stage.rollcall()
        ids = await inside.ask("tenant", slug="out", users=users, password=PASSWORD)
        await inside.stop()
        for _ in range(starts):
            async with serving_alone(stage.data) as (_, url, took):
                _note(samples, "start", took)
        async with serving_alone(stage.data) as (pid, url, _):
            numbers = [n for n in range(2, users) if n % 11 != 10][:rounds]
            await _visit(url, [(n, ids[n]) for n in numbers], samples)
            # By then NiceGUI has forgotten the pages that were never connected: it keeps them for
            # 60 seconds, and looks for such pages every ten.
            await asyncio.sleep(1.5 * options.idle_seconds)
            before = processor_time(pid)
            await asyncio.sleep(options.idle_seconds)
            idle = (processor_time(pid) - before) / options.idle_seconds * 100
    figures = [
        Figure(name, users, "ms", Spread([s * 1000 for s in sample]).numbers)
        for name, sample in samples.items()
    ]
    return [*figures, Figure("idle processor, no page", users, "% of a core", (round(idle, 3),))]


@asynccontextmanager
async def serving_alone(data: str, **settings: str) -> AsyncIterator[tuple[int, str, float]]:
    """`main.py serve`: the process, where it is, and the seconds until it answered."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
    env |= {"ROLLCALL_DATA_DIR": data, "ROLLCALL_PORT": str(port), "ROLLCALL_PUBLIC_URL": url}
    env |= settings
    # It starts as it does wherever it was started before: nothing has to be compiled.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    log = Path(data) / "server.log"
    with log.open("ab") as output:
        begun = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(MAIN), "serve", cwd=data, env=env, stdout=output, stderr=output
        )
    try:
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as http:
            while not await _is_ready(http, url):
                if process.returncode is not None:
                    raise RuntimeError(f"It ended at once:\n{log.read_text()}")
                await asyncio.sleep(0.005)
        yield process.pid, url, time.perf_counter() - begun
    finally:
        process.terminate()
        await process.wait()


async def _is_ready(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(f"{url}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def _visit(url: str, people: list[tuple[int, str]], samples: Samples) -> None:
    async with Visitor(url) as admin, Visitor(url) as colleague:
        for visitor in (admin, colleague):
            await visitor.sign_in(LOGIN, _email(0), PASSWORD)
        page, other = await admin.open(LIST), await colleague.open(LIST)
        for turn, (number, user_id) in enumerate(people):
            async with Visitor(url) as user:
                begun = time.perf_counter()
                await user.sign_in(LOGIN, _email(number), PASSWORD)
                _note(samples, "sign-in", time.perf_counter() - begun)
                await _read(admin, page, number, samples)
                await _deactivate(page, other, user_id, samples, user if turn % 2 else None)
            await _activate(page, other, user_id, samples)
            await _invite(page, number, samples)
        for opened in (page, other):
            await opened.leave()


async def _read(admin: Visitor, page: Page, number: int, samples: Samples) -> None:
    begun = time.perf_counter()
    status, _ = await admin.get(LIST)
    _note(samples, "list, first page", time.perf_counter() - begun)
    assert status == 200
    await asyncio.sleep(PAUSE)
    begun = await page.act("query", {"q": f"user{number:06}", "page": 1, "seq": number})
    _note(samples, "search", await page.told(f'"seq":{number}', _email(number)) - begun)


async def _deactivate(
    page: Page, other: Page, user_id: str, samples: Samples, asking: Visitor | None
) -> None:
    """Deactivate somebody, who may be `asking` for a page without a pause meanwhile: each of these
    takes its turn before the click."""
    await asyncio.sleep(PAUSE)
    await page.act("toggle", {"id": user_id, "active": False})
    await page.told('"update"', '"Deactivate ')
    other.forget()
    await asyncio.sleep(PAUSE)
    refused = asyncio.create_task(_until_refused(asking)) if asking else None
    meanwhile = ", its user asking for pages" if asking else ""
    begun = await page.act("submit", {}, submit="Deactivate")
    changed = ('"rollcall_user"', user_id, '"active":false')
    _note(samples, f"deactivate{meanwhile}", await page.told(*changed) - begun)
    _note(samples, f"deactivate, on another screen{meanwhile}", await other.told(*changed) - begun)
    if refused:
        _note(samples, "old session refused", await refused - begun)
    await page.close(submit="Deactivate")


async def _until_refused(user: Visitor) -> float:
    async with asyncio.timeout(PATIENCE):
        while (await user.get(ACCOUNT))[0] == 200:
            pass
    return time.perf_counter()


async def _activate(page: Page, other: Page, user_id: str, samples: Samples) -> None:
    page.forget()
    other.forget()
    await asyncio.sleep(PAUSE)
    begun = await page.act("toggle", {"id": user_id, "active": True})
    changed = ('"rollcall_user"', user_id, '"active":true')
    _note(samples, "activate", await page.told(*changed) - begun)
    _note(samples, "activate, on another screen", await other.told(*changed) - begun)


async def _invite(page: Page, number: int, samples: Samples) -> None:
    await page.act("invite")
    await page.told('"update"', '"Send Invitation"')
    page.forget()
    values: dict[str, Any] = {
        "first_name": "Grace",
        "last_name": "Hopper",
        "email": f"invited{number}@out.example",
        "role": "sales_engineer",
    }
    await asyncio.sleep(PAUSE)
    begun = await page.act("submit", values, submit="Send Invitation")
    _note(samples, "invite", await page.told("is invited") - begun)
    await page.close(submit="Send Invitation")


def _email(number: int) -> str:
    return f"user{number:06}@out.example"


def _note(samples: Samples, what: str, seconds: float) -> None:
    samples.setdefault(what, []).append(seconds)
