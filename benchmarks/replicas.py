"""Several replicas on one PostgreSQL: from a commit at one to the notice on the pages of others.

The floor is the cost of any such design: a bare NOTIFY from one connection to another, and
then a bare python-socketio server that emits as many bytes to as many sockets. Its rounds take
turns with Rollcall's.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.processes import Child
from benchmarks.scene import Server, free_port, open_pages
from benchmarks.statistics import Spread
from tests import postgres

CHANNEL = "floor"
# Pages of one person at one replica; opening them again for each round takes the time.
MOST_CUT = 50


@dataclass
class Stage:
    """The replicas, a load client for each, and the floor beside them."""

    replicas: Sequence[Server]
    loads: Sequence[Child]
    floor: Server
    floor_load: Child
    here: psycopg.AsyncConnection[Any]
    there: psycopg.AsyncConnection[Any]


async def run(options: Options) -> Result:
    """Measure, with two replicas and with three."""
    figures: list[Figure] = []
    with postgres.running() as server:
        for pages in options.split:
            for replicas in (2, 3):
                if pages >= replicas:
                    url = server.url(server.create_database())
                    figures += await _measure(url, pages, replicas, options.rounds(pages, 10))
    return Result(
        "replicas",
        "Replicas: commit at one to notice at another, pages split evenly",
        "open pages in all",
        figures,
    )


async def _measure(url: str, pages: int, replicas: int, rounds: int) -> list[Figure]:
    each = pages // replicas
    async with _stage(url, replicas) as stage:
        await stage.floor_load.ask("bare", url=stage.floor.url, count=each)
        patches, floor, listening = await _fan_out(stage, each, rounds)
        cuts = await _cut(stage, min(each, MOST_CUT), max(1, rounds // 3))
    of = f"{replicas} replicas:"
    return [
        Figure(f"{of} bare NOTIFY", pages, "ms", listening.numbers),
        spread(f"{of} another's grids", pages, patches[1], floor, times=3),
        spread(f"{of} one's own grids", pages, patches[0], floor),
        Figure(f"{of} cut of another's", min(each, MOST_CUT), "ms", cuts.numbers),
    ]


async def _fan_out(
    stage: Stage, each: int, rounds: int
) -> tuple[tuple[Spread, Spread], Spread, Spread]:
    """A toggle at the first replica, seen by the grids of it and of the others."""
    first = stage.replicas[0]
    users = await first.ask("tenant", slug="fan", users=200)
    cookies = await first.cookies(users[0], each)
    for replica, load in zip(stage.replicas, stage.loads, strict=True):
        await open_pages(load, replica.url, "/t/fan/users", cookies, "rollcall_user")
        await load.ask("wait", count=1, seconds=1)
    own: list[float] = []
    others: list[float] = []
    floor: list[float] = []
    notices: list[float] = []
    for number in range(rounds):
        done = await first.ask("set_active", user_id=users[1], active=bool(number % 2))
        size = 0
        for load, into in zip(stage.loads, (own, *[others] * (len(stage.loads) - 1)), strict=True):
            answer = await load.ask("wait", count=each)
            into += [(at - done["committed"]) * 1000 for at in answer["arrived"]]
            size = answer["size"]
        notices.append(await _notify(stage))
        floor += [notices[-1] + emitted for emitted in await _emit(stage, each, size)]
    for load in stage.loads:
        await load.ask("close")
    return (Spread(own), Spread(others)), Spread(floor), Spread(notices)


async def _cut(stage: Stage, each: int, rounds: int) -> Spread:
    """A deactivation at the first replica, of somebody whose pages are all open at others."""
    first = stage.replicas[0]
    users = await first.ask("tenant", slug="cut", users=2 * rounds + 2)
    active = [user for number, user in enumerate(users) if number % 11 != 10]
    arrived: list[float] = []
    for user_id in active[1 : rounds + 1]:
        cookies = await first.cookies(user_id, each)
        for replica, load in list(zip(stage.replicas, stage.loads, strict=True))[1:]:
            await open_pages(load, replica.url, "/t/cut/account", cookies, "rollcall_cut")
        done = await first.ask("set_active", user_id=user_id, active=False)
        for load in stage.loads[1:]:
            answer = await load.ask("wait", count=each, seconds=10)
            arrived += [(at - done["committed"]) * 1000 for at in answer["arrived"]]
            await load.ask("close")
    return Spread(arrived)


async def _notify(stage: Stage) -> float:
    """Milliseconds from the commit of a NOTIFY to its arrival at a connection that listens."""
    arriving = asyncio.create_task(_next_notice(stage.there))
    await asyncio.sleep(random.uniform(0.01, 0.02))
    async with stage.here.transaction():
        await stage.here.execute("SELECT pg_notify(%s, %s)", (CHANNEL, "x" * 250))
    committed = time.perf_counter()
    return (await arriving - committed) * 1000


async def _next_notice(connection: psycopg.AsyncConnection[Any]) -> float:
    async for _ in connection.notifies(stop_after=1):
        pass
    return time.perf_counter()


async def _emit(stage: Stage, each: int, size: int) -> list[float]:
    started = await stage.floor.ask("emit_room", data="x" * size)
    answer = await stage.floor_load.ask("wait", count=each)
    return [(at - started) * 1000 for at in answer["arrived"]]


@asynccontextmanager
async def _stage(database_url: str, replicas: int) -> AsyncIterator[Stage]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("ROLLCALL_")}
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="rollcall-bench-"))

        async def start(module: str, *arguments: str, **settings: str) -> Child:
            child = await Child.start(module, *arguments, env=env | settings)
            stack.push_async_callback(child.stop)
            return child

        servers = []
        for _ in range(replicas):  # one data folder, and so one signing secret
            port = free_port()
            child = await start(
                "benchmarks.subject", str(port), folder, ROLLCALL_DATABASE_URL=database_url
            )
            servers.append(Server(child, port))
        port = free_port()
        floor = Server(await start("benchmarks.floor", str(port)), port)
        loads = [await start("benchmarks.load") for _ in range(replicas + 1)]
        here, there = [
            await stack.enter_async_context(
                await psycopg.AsyncConnection.connect(database_url, autocommit=True)
            )
            for _ in range(2)
        ]
        await there.execute(f"LISTEN {CHANNEL}")
        yield Stage(servers, loads[1:], floor, loads[0], here, there)
