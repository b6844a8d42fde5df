"""From a commit to every open page: the cut of a deactivated user's pages, and a toggle's fan-out.

Each is measured beside a bare python-socketio server that emits as many bytes to as many sockets,
in alternating rounds of one run.
"""

import asyncio
import os
import socket
import tempfile
from dataclasses import dataclass, field

from benchmarks.processes import Child
from benchmarks.statistics import Spread

PAGES = 100
ROUNDS = 20
# Pages share a session as tabs share a browser.
TABS = 20


@dataclass
class Result:
    """Rollcall's figure beside its floor's, in milliseconds."""

    name: str
    ours: Spread
    floor: Spread
    notes: list[str] = field(default_factory=list)


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def measure(pages: int = PAGES, rounds: int = ROUNDS) -> list[Result]:
    """Run both measurements."""
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as folder:
        port, floor_port = free_port(), free_port()
        env = dict(os.environ)
        subject = await Child.start("benchmarks.subject", folder, str(port), env=env)
        floor = await Child.start("benchmarks.floor", str(floor_port), env=env)
        load = await Child.start("benchmarks.load", env=env)
        floor_load = await Child.start("benchmarks.load", env=env)
        try:
            bare = f"http://127.0.0.1:{floor_port}"
            await floor_load.ask("bare", url=bare, count=pages)
            url = f"http://127.0.0.1:{port}"
            return [
                await _cut(subject, load, floor, floor_load, url, pages, rounds),
                await _fan_out(subject, load, floor, floor_load, url, pages, rounds),
            ]
        finally:
            for child in (load, floor_load, subject, floor):
                await child.stop()


async def _floor_round(
    floor: Child, floor_load: Child, how: str, data: object, pages: int, into: list[float]
) -> None:
    started = await floor.ask(how, data=data)
    answer = await floor_load.ask("wait", count=pages)
    into.extend((at - started) * 1000 for at in answer["arrived"])


async def _cut(
    subject: Child, load: Child, floor: Child, floor_load: Child, url: str, pages: int, rounds: int
) -> Result:
    ours: list[float] = []
    bare: list[float] = []
    calls: list[float] = []
    users = await subject.ask("tenant", slug="cut", users=rounds + 1)
    missing = 0
    for user_id in users[1:]:
        tokens = await subject.ask("sessions", user_id=user_id, count=-(-pages // TABS))
        cookies = (tokens * TABS)[:pages]
        await load.ask(
            "pages", url=url, path="/t/cut/account", cookies=cookies, event="rollcall_cut"
        )
        done = await subject.ask("set_active", user_id=user_id, active=False)
        answer = await load.ask("wait", count=pages)
        ours.extend((at - done["committed"]) * 1000 for at in answer["arrived"])
        missing += pages - len(answer["arrived"])
        calls.append(done["took"] * 1000)
        await load.ask("close")
        data = {"url": "/t/cut/login?why=deactivated"}
        await _floor_round(floor, floor_load, "emit_each", data, pages, bare)
    notes = [
        f"the call itself: p50 {Spread(calls).p50:.1f} ms",
        f"notices that never came: {missing}",
    ]
    return Result(
        f"cut: {pages} open pages of a deactivated user", Spread(ours), Spread(bare), notes
    )


async def _fan_out(
    subject: Child, load: Child, floor: Child, floor_load: Child, url: str, pages: int, rounds: int
) -> Result:
    ours: list[float] = []
    bare: list[float] = []
    users = await subject.ask("tenant", slug="fan", users=200)
    tokens = await subject.ask("sessions", user_id=users[0], count=-(-pages // TABS))
    cookies = (tokens * TABS)[:pages]
    await load.ask("pages", url=url, path="/t/fan/users", cookies=cookies, event="rollcall_user")
    await load.ask("wait", count=1, seconds=1)
    size = 0
    for number in range(rounds):
        done = await subject.ask("set_active", user_id=users[1], active=bool(number % 2))
        answer = await load.ask("wait", count=pages)
        ours.extend((at - done["committed"]) * 1000 for at in answer["arrived"])
        size = max(size, answer["size"])
        await _floor_round(floor, floor_load, "emit_room", "x" * size, pages, bare)
    await load.ask("close")
    notes = [f"payload: {size} bytes a grid"]
    return Result(
        f"fan-out: a toggle seen by {pages} open grids", Spread(ours), Spread(bare), notes
    )


def run(pages: int, rounds: int) -> list[Result]:
    """Measure, from outside of any event loop."""
    return asyncio.run(measure(pages, rounds))
