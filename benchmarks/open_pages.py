"""Open pages: the memory that each costs, and how many are opened a second.

They are pages of many people, of whom each has a few. Up to `MOST_OF_ONE` are also opened as one
person's, whose requests take turns. The floor is an empty page of NiceGUI alone, served and opened
in the same way.
"""

from benchmarks.figures import Figure, Result
from benchmarks.options import Options
from benchmarks.processes import Child
from benchmarks.scene import MOST_OF_ONE, Server, open_pages, scene

MOST_KIB = 150
# Pages that are opened before the measurement: the first ones load parts that stay, however many
# follow.
WARM = 20


async def run(options: Options) -> Result:
    """Measure."""
    figures: list[Figure] = []
    for pages in options.opened:
        figures += await _measure(pages)
        if pages <= MOST_OF_ONE:
            figures.append(await _of_one(pages))
    return Result("open_pages", "Open Users pages", "open pages", figures)


async def _measure(pages: int) -> list[Figure]:
    async with scene() as stage:
        rollcall, empty = await stage.rollcall(), await stage.server("benchmarks.empty")
        load, bare_load = await stage.load(), await stage.load()
        await rollcall.ask("tenant", slug="open", users=250)
        cookies = await rollcall.cookies_of_many("open", pages + WARM)
        ours = await _open(rollcall, load, "/t/open/users", cookies)
        floor = await _open(empty, bare_load, "/", [""] * (pages + WARM))
    memory, seconds, processor = zip(ours, floor, strict=True)
    return [
        Figure(
            "memory a page",
            pages,
            "KiB",
            (memory[0],),
            (memory[1],),
            f"at most {MOST_KIB}",
            memory[0] <= MOST_KIB,
        ),
        Figure("opened a second", pages, "/s", (seconds[0],), (seconds[1],)),
        Figure("processor time a page", pages, "ms", (processor[0],), (processor[1],)),
    ]


async def _of_one(pages: int) -> Figure:
    async with scene() as stage:
        rollcall, load = await stage.rollcall(), await stage.load()
        users = await rollcall.ask("tenant", slug="open", users=250)
        cookies = await rollcall.cookies(users[0], pages + WARM)
        _, a_second, _ = await _open(rollcall, load, "/t/open/users", cookies)
    return Figure("opened a second, one person's", pages, "/s", (a_second,))


async def _open(
    server: Server, load: Child, path: str, cookies: list[str]
) -> tuple[float, float, float]:
    await open_pages(load, server.url, path, cookies[:WARM])
    before = await server.ask("vitals")
    seconds = await open_pages(load, server.url, path, cookies[WARM:])
    after = await server.ask("vitals")
    pages = len(cookies) - WARM
    return (
        round((after["memory"] - before["memory"]) / pages, 1),
        round(pages / seconds, 1),
        round((after["cpu"] - before["cpu"]) / pages * 1000, 2),
    )
