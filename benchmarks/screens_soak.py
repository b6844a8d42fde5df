"""Three days of a screen in ten minutes: neither server nor screen may hold more at the end.

The days are compressed: beats, and what changes, come 400 times as fast. The floor is what both
held after the first tenth. One screen is Chromium's: its heap is what its scripts hold once the
collector has been through, and its memory that of the processes that draw pages; the others are
sockets alone.
"""

import time

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from benchmarks.figures import Figure, Result
from benchmarks.first_row import CHROMIUM, FLAGS
from benchmarks.options import Options
from benchmarks.scene import Server, scene
from benchmarks.vitals import memory_of

TIMES = 400
MEMORY = 1.05
SCREENS = 3
# Seconds between changes: which is the compressed pace of one change a minute.
CALM = 60 / TIMES
USERS = 250
DRAWN = "main[aria-label] .panel"


async def run(options: Options) -> Result:
    """Measure."""
    async with scene() as stage, async_playwright() as playwright:
        rollcall, load = await stage.rollcall(), await stage.load()
        users = await rollcall.ask("tenant", slug="hall", users=USERS)
        first, *tokens = await rollcall.ask("screens", slug="hall", count=SCREENS)
        await rollcall.ask("hurry", times=TIMES)
        await load.ask("screens", url=rollcall.url, tokens=tokens)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page, devtools = await _hang(browser, rollcall, first)
        held: list[dict[str, float]] = []
        begun, rounds = time.perf_counter(), 0
        while (passed := time.perf_counter() - begun) < options.soak or not held:
            if passed > options.soak / 10 * (len(held) + 1):
                held.append(await _held(rollcall, browser, devtools))
            await rollcall.ask("set_active", user_id=users[1], active=bool(rounds % 2))
            rounds += 1
            await load.ask("pause", seconds=CALM)
        early = held[0]
        late = await _held(rollcall, browser, devtools)
        beats = await page.evaluate("() => window.beats")
        await browser.close()
    minutes = options.soak / 60
    figures = [
        Figure("changes told", SCREENS, "", (rounds,)),
        Figure("beats", SCREENS, "", (beats,)),
    ]
    for what, kib in late.items():
        met = kib <= early[what] * MEMORY
        ours, floor = (round(kib),), (round(early[what]),)
        figures.append(Figure(what, SCREENS, "KiB", ours, floor, "at most 5 % more", met))
    title = f"Screens: {minutes:.1f} minutes at {TIMES} times the pace"
    return Result("screens_soak", title, "screens", figures)


COUNT_BEATS = """
window.beats = 0;
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => data.includes('"beat"') && (window.beats += 1));
  }
};
"""


async def _hang(browser: Browser, server: Server, token: str) -> tuple[Page, CDPSession]:
    context = await browser.new_context(viewport={"width": 1920, "height": 1080})
    await context.add_cookies([{"name": "rollcall-screen", "value": token, "url": server.url}])
    await context.add_init_script(COUNT_BEATS)
    page = await context.new_page()
    await page.goto(f"{server.url}/wall")
    await page.wait_for_selector(DRAWN)
    return page, await context.new_cdp_session(page)


async def _held(server: Server, browser: Browser, devtools: CDPSession) -> dict[str, float]:
    """What both hold once their collectors have been through, in KiB."""
    for _ in range(3):  # objects may be freed only by the next collection
        await devtools.send("HeapProfiler.collectGarbage")
    heap = await devtools.send("Runtime.getHeapUsage")
    whole = await browser.new_browser_cdp_session()
    processes = (await whole.send("SystemInfo.getProcessInfo"))["processInfo"]
    await whole.detach()
    drawing = [each["id"] for each in processes if each["type"] == "renderer"]
    return {
        "memory of the server": (await server.ask("vitals"))["memory"],
        "memory of the screen": sum(map(memory_of, drawing)),
        "heap of the screen": heap["usedSize"] / 1024,
    }
