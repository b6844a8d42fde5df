"""Screens on walls: what 50 of them cost beside as many open Users pages, and whether a server that
tells two of them holds as much after days as after hours.

The days are compressed: beats, and what changes, come 400 times as fast.
"""

import time

from benchmarks.figures import Figure, Result
from benchmarks.options import Options
from benchmarks.processes import Child
from benchmarks.scene import Server, open_pages, scene

TIMES = 400
MEMORY = 1.05
# Toggles while the screens, and then the pages, are told of each.
CHANGES = 20
# Of each, so many are open before the measuring: what the first ones load stays.
WARM = 20


async def run(options: Options) -> Result:
    """Measure the cost, then the soak."""
    figures = []
    for count in options.hung:
        figures += await _cost(count)
    figures += await _soak(options.soak / 10)
    return Result("screens", "Screens on walls", "screens", figures)


async def _cost(count: int) -> list[Figure]:
    async with scene() as stage:
        rollcall, load, pages = await stage.rollcall(), await stage.load(), await stage.load()
        users = await rollcall.ask("tenant", slug="hall", users=250)
        tokens = await rollcall.ask("screens", slug="hall", count=count + WARM)
        cookies = await rollcall.cookies(users[0], count + WARM)
        await load.ask("screens", url=rollcall.url, tokens=tokens[:WARM])
        await open_pages(pages, rollcall.url, "/t/hall/users", cookies[:WARM], "rollcall_user")
        hanging = load.ask("screens", url=rollcall.url, tokens=tokens[WARM:])
        ours = await _use(rollcall, users, hanging)
        await load.ask("hang_up")
        opening = open_pages(pages, rollcall.url, "/t/hall/users", cookies[WARM:], "rollcall_user")
        floor = await _use(rollcall, users, opening)
    (memory, cpu), (page_memory, page_cpu) = ours, floor
    aim = "less than Users pages"
    return [
        Figure("memory", count, "KiB", (memory,), (page_memory,), aim, memory < page_memory),
        Figure("processor time", count, "ms a change", (cpu,), (page_cpu,), aim, cpu < page_cpu),
    ]


async def _use(server: Server, users: list[str], opening: object) -> tuple[float, float]:
    before = await server.ask("vitals")
    await opening  # type: ignore[misc]
    there = await server.ask("vitals")
    for number in range(CHANGES):
        await server.ask("set_active", user_id=users[1], active=bool(number % 2))
    after = await server.ask("vitals")
    memory = round(there["memory"] - before["memory"], 1)
    return memory, round((after["cpu"] - there["cpu"]) / CHANGES * 1000, 2)


async def _soak(seconds: float) -> list[Figure]:
    async with scene() as stage:
        rollcall, load = await stage.rollcall(), await stage.load()
        users = await rollcall.ask("tenant", slug="hall", users=250)
        tokens = await rollcall.ask("screens", slug="hall", count=2)
        await rollcall.ask("hurry", times=TIMES)
        await load.ask("screens", url=rollcall.url, tokens=tokens)
        begun, early, rounds = time.perf_counter(), 0.0, 0
        while (passed := time.perf_counter() - begun) < seconds:
            if not early and passed > seconds / 10:
                early = await _memory(rollcall, load)
            await rollcall.ask("set_active", user_id=users[1], active=bool(rounds % 2))
            rounds += 1
        late = await _memory(rollcall, load)
    figure = Figure(
        f"memory after {seconds / 60:.1f} minutes at {TIMES} times the pace",
        2,
        "KiB",
        (round(late, 1),),
        (round(early, 1),),
        "at most 5 % more",
        late <= early * MEMORY,
    )
    return [Figure("changes told", 2, "", (rounds,)), figure]


async def _memory(rollcall: Server, load: Child) -> float:
    await load.ask("pause", seconds=0.2)
    return float((await rollcall.ask("vitals"))["memory"])
