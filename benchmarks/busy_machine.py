"""A sign-in beside other programs' work, and other people's work beside sign-ins.

A sign-in that gives way to everything also waits for everything, so both have to be measured. The
floor of a sign-in is its hash alone, at the usual niceness, beside the same two busy processes; the
rounds take turns. The floor of a toggle while eight sign in at a time is one at rest, with nothing
else at work.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from argon2 import PasswordHasher

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.processes import Child
from benchmarks.scene import Server, open_pages, scene
from benchmarks.sign_in import LONGER, PASSWORD, TIMES
from benchmarks.statistics import Spread
from benchmarks.storm import AT_REST, toggles

BUSY = 2
AT_ONCE = 8
# Sign-ins of a round, and rounds.
COUNT, ROUNDS = 10, 6
# A sign-in's median as a multiple of its hash's.
MOST = 1.5
WORK = [sys.executable, "-c", "while True: pass"]


async def run(options: Options) -> Result:
    """Measure."""
    async with scene() as stage:
        rollcall = await stage.rollcall()
        load, probe = await stage.load(), await stage.load()
        users = await rollcall.ask("tenant", slug="sign", users=60, password=PASSWORD)
        emails = [f"user{number:06}@sign.example" for number in range(2, 60) if number % 11 != 10]
        beside_work = await _beside_work(rollcall, load, emails[0], options)
        (cookie,) = await rollcall.cookies(users[0], 1)
        await open_pages(probe, rollcall.url, "/t/sign/users", [cookie], "rollcall_user")
        await probe.ask("wait", count=1, seconds=1)
        beside_sign_ins = await _beside_sign_ins(rollcall, load, probe, users[1], emails, options)
    figures = [beside_work, beside_sign_ins]
    return Result("busy_machine", "A busy machine", "at work beside it", figures)


async def _beside_work(rollcall: Server, load: Child, email: str, options: Options) -> Figure:
    ours: list[float] = []
    floor: list[float] = []
    count = max(2, round(COUNT * options.effort))
    with _busy():
        for _ in range(max(1, round(ROUNDS * options.effort))):
            floor += await asyncio.to_thread(_hash, count)
            ours += await load.ask(
                "sign_in_times",
                url=rollcall.url,
                path="/t/sign/login",
                email=email,
                password=PASSWORD,
                count=count,
            )
    sample, bare = Spread([s * 1000 for s in ours]), Spread([s * 1000 for s in floor])
    return Figure(
        "a sign-in (floor: its hash)",
        BUSY,
        "ms",
        sample.numbers,
        bare.numbers,
        f"p50 at most {MOST:g} × the floor's",
        sample.p50 <= MOST * bare.p50,
    )


async def _beside_sign_ins(
    rollcall: Server,
    load: Child,
    probe: Child,
    user_id: str,
    emails: list[str],
    options: Options,
) -> Figure:
    at_rest = max(2, round(AT_REST * options.effort))
    calm = await toggles(rollcall, probe, user_id, at_rest)
    storm: dict[str, Any] = {
        "url": rollcall.url,
        "path": "/t/sign/login",
        "emails": emails,
        "password": PASSWORD,
        "seconds": options.seconds * LONGER,
        "at_once": AT_ONCE,
    }
    storming = asyncio.create_task(load.ask("sign_in", **storm))
    meanwhile: list[float] = []
    while not storming.done():
        meanwhile += await toggles(rollcall, probe, user_id, 1, at_rest + len(meanwhile))
    await storming
    what = "a toggle beside sign-ins (floor: at rest)"
    return spread(what, AT_ONCE, Spread(meanwhile), Spread(calm), TIMES)


@contextmanager
def _busy() -> Iterator[None]:
    """Processes at the usual niceness that would take a core each."""
    working = [subprocess.Popen(WORK) for _ in range(BUSY)]
    try:
        yield
    finally:
        for process in working:
            process.kill()
            process.wait()


def _hash(count: int) -> list[float]:
    """How many seconds each of this many passwords took to verify, at this process's niceness."""
    assert os.getpriority(os.PRIO_PROCESS, 0) == 0, "run it at the usual niceness"
    hasher = PasswordHasher()
    stored = hasher.hash(PASSWORD)
    took = []
    for _ in range(count):
        begun = time.perf_counter()
        hasher.verify(stored, PASSWORD)
        took.append(time.perf_counter() - begun)
    return took
