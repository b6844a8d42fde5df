"""Screens on walls: what 50 of them cost beside as many open Users pages, and whether a server that
tells two of them holds as much after days as after hours.

The days are compressed: beats, and what changes, come 400 times as fast.
"""

import asyncio
from collections.abc import Awaitable

from benchmarks.figures import Figure, Result
from benchmarks.options import Options
from benchmarks.scene import Server, open_pages, scene
from benchmarks.vitals import memory_of, processor_time

# Toggles while the screens, and then the pages, are told of each.
CHANGES = 20
# Of each kind, this many are open before the measurement: the first ones load parts that stay.
WARM = 20
# Seconds in which a server comes to rest, and has told its screens twice.
SETTLE = 2.5


async def run(options: Options) -> Result:
    """Measure."""
    figures = []
    for count in options.hung:
        figures += await _cost(count)
    return Result("screens", "Screens on walls", "screens", figures)


async def _cost(count: int) -> list[Figure]:
    """Screens and pages on separate servers, so that one doesn't use memory that the other has
    left. The servers' memory is measured from outside."""
    async with scene() as stage:
        hall, desks = await stage.rollcall(), await stage.rollcall(data="desks")
        load, pages = await stage.load(), await stage.load()
        await hall.ask("tenant", slug="hall", users=250)
        users = await desks.ask("tenant", slug="hall", users=250)
        tokens = await hall.ask("screens", slug="hall", count=count + WARM)
        cookies = await desks.cookies(users[0], count + WARM)
        await load.ask("screens", url=hall.url, tokens=tokens[:WARM])
        await open_pages(pages, desks.url, "/t/hall/users", cookies[:WARM], "rollcall_user")
        hanging = load.ask("screens", url=hall.url, tokens=tokens[WARM:])
        ours = await _use(hall, hanging, "hall")
        opening = open_pages(pages, desks.url, "/t/hall/users", cookies[WARM:], "rollcall_user")
        floor = await _use(desks, opening, "hall")
    (memory, cpu), (page_memory, page_cpu) = ours, floor
    aim = "less than Users pages"
    return [
        Figure("memory", count, "KiB", (memory,), (page_memory,), aim, memory < page_memory),
        Figure("processor time", count, "ms a change", (cpu,), (page_cpu,), aim, cpu < page_cpu),
    ]


async def _use(server: Server, opening: Awaitable[object], slug: str) -> tuple[float, float]:
    (user,) = await server.ask("people", slug=slug, role="administrator", count=1)
    await asyncio.sleep(SETTLE)
    before = memory_of(server.child.pid)
    await opening
    await asyncio.sleep(SETTLE)
    memory = memory_of(server.child.pid) - before
    begun = processor_time(server.child.pid)
    for number in range(CHANGES):
        await server.ask("set_active", user_id=user, active=bool(number % 2))
    cpu = processor_time(server.child.pid) - begun
    return round(memory, 1), round(cpu / CHANGES * 1000, 2)
