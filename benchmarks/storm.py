"""The storm: every open page comes back at once after a restart.

Each page asks again at a random moment within `SPREAD`, as a visible one does, and again until it
is live. The floor is the same storm on empty pages of NiceGUI alone. Meanwhile a toggle is flipped
again and again, and seen by the grids that are live already.
"""

import asyncio

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.processes import Child
from benchmarks.scene import Server, open_pages, scene
from benchmarks.statistics import Spread

# Seconds over which visible pages ask again (ui/static/live.js).
SPREAD = 3.0
PAUSE = 0.1
# Toggles at rest: as many as a 99th percentile takes.
AT_REST = 150


async def run(options: Options) -> Result:
    """Measure."""
    figures: list[Figure] = []
    for pages in options.storm:
        figures += await _measure(pages, max(2, round(AT_REST * options.effort)))
    return Result("storm", "Storm: all pages come back after a restart", "open pages", figures)


async def _measure(pages: int, at_rest: int) -> list[Figure]:
    async with scene() as stage:
        first, empty = await stage.rollcall(), await stage.server("benchmarks.empty")
        load, probe = await stage.load(), await stage.load()
        users = await first.ask("tenant", slug="storm", users=200)
        cookies = await first.cookies(users[0], pages + 1)
        await open_pages(load, first.url, "/t/storm/users", cookies[1:])
        await first.stop()
        await load.ask("close")
        rollcall = await stage.rollcall(port=first.port)
        await open_pages(probe, rollcall.url, "/t/storm/users", cookies[:1], "rollcall_user")
        await probe.ask("wait", count=1, seconds=1)
        calm = await toggles(rollcall, probe, users[1], at_rest)
        coming = asyncio.create_task(
            load.ask(
                "pages",
                url=rollcall.url,
                path="/t/storm/users",
                cookies=cookies[1:],
                event="",
                spread=SPREAD,
            )
        )
        meanwhile: list[float] = []
        while not coming.done():
            meanwhile += await toggles(
                rollcall, probe, users[1], 1, before=at_rest + len(meanwhile)
            )
        seconds = await coming
        bare = await load.ask(
            "pages", url=empty.url, path="/", cookies=[""] * pages, event="", spread=SPREAD
        )
    return [
        Figure("until all are live", pages, "s", (round(seconds, 2),), (round(bare, 2),)),
        spread("a toggle meanwhile (floor: at rest)", pages, Spread(meanwhile), Spread(calm)),
    ]


async def toggles(
    rollcall: Server, probe: Child, user_id: str, count: int, before: int = 0
) -> list[float]:
    """Flip a toggle so many times, after so many `before`, with a pause after each; milliseconds
    from each call to the patch on the probe's grid."""
    took: list[float] = []
    for number in range(before, before + count):
        done = await rollcall.ask("set_active", user_id=user_id, active=bool(number % 2))
        answer = await probe.ask("wait", count=1, about=user_id)
        took.append((answer["arrived"][0] - done["asked"]) * 1000)
        await asyncio.sleep(PAUSE)
    return took
