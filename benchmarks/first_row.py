"""The first row in Chromium: from the url to the row on the screen, and the bytes until then.

The floor is an empty page of NiceGUI alone: from the url to its one word. Cold is a browser
that has never been here, warm one that comes back.
"""

from playwright.async_api import Browser, BrowserContext, async_playwright

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.scene import Server, scene
from benchmarks.statistics import Spread

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu"]
TIMES = 1.3
# Notes, by the page's own clock, when what is waited for is there.
WATCH = """
new MutationObserver((_, observer) => {
  if (!document.querySelector('tbody [role=switch], .there')) return;
  window.there = performance.now();
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


async def run(options: Options) -> Result:
    """Measure."""
    async with scene() as stage, async_playwright() as playwright:
        rollcall, empty = await stage.rollcall(), await stage.server("benchmarks.empty")
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        figures: list[Figure] = []
        for users in options.rows:
            slug = f"row{users}"
            people = await rollcall.ask("tenant", slug=slug, users=users)
            figures += await _measure(
                browser, rollcall, empty, slug, people[0], options.rounds(users, least=12)
            )
        await browser.close()
    return Result("first_row", "First row in Chromium", "users", figures)


async def _measure(
    browser: Browser, rollcall: Server, empty: Server, slug: str, user_id: str, rounds: int
) -> list[Figure]:
    times: dict[str, list[float]] = {"cold": [], "warm": [], "floor cold": [], "floor warm": []}
    sizes: dict[str, float] = {}
    users = int(slug.removeprefix("row"))
    for _ in range(rounds):
        for prefix, server, path in (
            ("", rollcall, f"/t/{slug}/users"),
            ("floor ", empty, "/"),
        ):
            context = await browser.new_context()
            if not prefix:
                (token,) = await rollcall.ask("sessions", user_id=user_id, count=1)
                cookie = {"name": "rollcall", "value": token, "url": server.url}
                await context.add_cookies([cookie])  # type: ignore[list-item]  # as it was set
            await context.add_init_script(WATCH)
            for how in ("cold", "warm"):
                took, size = await _visit(context, server.url + path)
                times[prefix + how].append(took)
                sizes[prefix + how] = size
            await context.close()
    figures = []
    for how in ("cold", "warm"):
        ours, floor = Spread(times[how]), Spread(times[f"floor {how}"])
        figure = spread(f"{how}: time to the first row", users, ours, floor)
        aim, met = f"median at most {TIMES:g} × the floor's", ours.p50 <= TIMES * floor.p50
        figures.append(Figure(figure.what, users, "ms", figure.ours, figure.floor, aim, met))
        kib = [round(sizes[prefix + how] / 1024, 1) for prefix in ("", "floor ")]
        figures.append(Figure(f"{how}: transferred", users, "KiB", (kib[0],), (kib[1],)))
    return figures


async def _visit(context: BrowserContext, url: str) -> tuple[float, float]:
    """Milliseconds from the navigation to what is waited for, and the bytes that came."""
    page = await context.new_page()
    size = 0.0
    devtools = await context.new_cdp_session(page)

    def finished(event: dict[str, float]) -> None:
        nonlocal size
        size += event["encodedDataLength"]

    devtools.on("Network.loadingFinished", finished)
    await devtools.send("Network.enable")
    await page.goto(url, wait_until="commit")
    await page.wait_for_function("() => window.there && window.did_handshake")
    took = await page.evaluate("() => window.there")
    await page.close()
    return float(took), size
