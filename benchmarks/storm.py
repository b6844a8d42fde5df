"""The storm: every open page comes back at once after a restart.

Each page asks again at a random moment within `SPREAD`, as a visible one does, and again until it
is live. They are those of fifty people or more, of which each has as many connections as a browser
has; up to `MOST_OF_ONE` are also measured as one person's, whose requests take turns. The floor is
the same storm on empty pages of NiceGUI alone. Meanwhile a toggle is flipped again and again, and
seen by the grids that are live already.
"""

import asyncio

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.processes import Child
from benchmarks.scene import CONNECTIONS, MOST_OF_ONE, Server, open_pages, scene
from benchmarks.statistics import Spread

# Seconds over which visible pages ask again (ui/static/live.js).
SPREAD = 3.0
PAUSE = 0.1
# Toggles at rest: as many as a 99th percentile takes.
AT_REST = 150


async def run(options: Options) -> Result:
    """Measure."""
    figures: list[Figure] = []
    at_rest = max(2, round(AT_REST * options.effort))
    for pages in options.storm:
        figures += await _measure(pages, at_rest)
        if pages <= MOST_OF_ONE:
            figures += await _measure(pages, at_rest, of_one=True)
    return Result("storm", "Storm: all pages come back after a restart", "open pages", figures)


async def _measure(pages: int, at_rest: int, *, of_one: bool = False) -> list[Figure]:
    async with scene() as stage:
        first, empty = await stage.rollcall(), await stage.server("benchmarks.empty")
        load, probe = await stage.load(), await stage.load()
        users = await first.ask("tenant", slug="storm", users=200)
        (own,) = await first.cookies(users[0], 1)
        if of_one:
            cookies = await first.cookies(users[0], pages)
        else:
            cookies = await first.cookies_of_many("storm", pages)
        connections = CONNECTIONS * len(set(cookies))
        await open_pages(load, first.url, "/t/storm/users", cookies)
        await first.stop()
        await load.ask("close")
        rollcall = await stage.rollcall(port=first.port)
        await open_pages(probe, rollcall.url, "/t/storm/users", [own], "rollcall_user")
        await probe.ask("wait", count=1, seconds=1)
        calm = await toggles(rollcall, probe, users[1], at_rest)
        coming = asyncio.create_task(
            load.ask(
                "pages",
                url=rollcall.url,
                path="/t/storm/users",
                cookies=cookies,
                event="",
                spread=SPREAD,
                connections=connections,
            )
        )
        meanwhile: list[float] = []
        while not coming.done():
            meanwhile += await toggles(
                rollcall, probe, users[1], 1, before=at_rest + len(meanwhile)
            )
        seconds = await coming
        bare = await load.ask(
            "pages",
            url=empty.url,
            path="/",
            cookies=[""] * pages,
            event="",
            spread=SPREAD,
            connections=connections,
        )
    whose = ", one person's" if of_one else ""
    took = (round(seconds, 2),), (round(bare, 2),)
    toggle = f"a toggle meanwhile (floor: at rest){whose}"
    return [
        Figure(f"until all are live{whose}", pages, "s", *took),
        spread(toggle, pages, Spread(meanwhile), Spread(calm)),
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
