"""At rest: the processor time that open pages take while nothing happens.

The floor is a server of empty NiceGUI pages with as many of them open, measured at the same time.
"""

import asyncio

from benchmarks.figures import Figure, Result
from benchmarks.options import Options
from benchmarks.scene import open_pages, scene
from benchmarks.vitals import processor_time

# Of one core, in percent: with no page open, and with a thousand.
MOST_WITHOUT, MOST_WITH = 0.1, 1.0
# Seconds after the last page was opened: what they left behind has been collected by then.
SETTLED = 8.0


async def run(options: Options) -> Result:
    """Measure."""
    figures = [await _measure(pages, options) for pages in options.idle]
    return Result("idle", "At rest", "open pages", figures)


async def _measure(pages: int, options: Options) -> Figure:
    async with scene() as stage:
        rollcall, empty = await stage.rollcall(), await stage.server("benchmarks.empty")
        load, bare_load = await stage.load(), await stage.load()
        users = await rollcall.ask("tenant", slug="idle", users=250)
        if pages:
            cookies = await rollcall.cookies(users[0], pages)
            await open_pages(load, rollcall.url, "/t/idle/users", cookies)
            await open_pages(bare_load, empty.url, "/", [""] * pages)
        await asyncio.sleep(min(SETTLED, options.idle_seconds))
        servers = (rollcall, empty)
        before = [processor_time(server.child.pid) for server in servers]
        await asyncio.sleep(options.idle_seconds)
        after = [processor_time(server.child.pid) for server in servers]
    ours, floor = (
        (round((then - now) / options.idle_seconds * 100, 3),)
        for now, then in zip(before, after, strict=True)
    )
    most = MOST_WITH if pages else MOST_WITHOUT
    aim = f"at most {most:g}"
    return Figure("processor time at rest", pages, "% of a core", ours, floor, aim, ours[0] <= most)
