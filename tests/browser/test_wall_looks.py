"""How screens look: whatever they show, in every size and theme, and offline."""

from playwright.async_api import Page, expect

from services.screens.showing import Names, ScreenView
from tests.browser.browsers import Browsers
from tests.browser.wall_measure import problems_of
from tests.browser.wall_scenes import NOW, Told, a_day, nothing, told, too_much

SIZES = {
    "1080p": (1920, 1080),
    "4K": (3840, 2160),
    "laptop": (1366, 768),
    "upright": (1080, 1920),
    "tablet": (1024, 768),
    "phone": (390, 844),
}
ALL, SOME = tuple(SIZES), ("1080p", "upright", "tablet")
SCENES = {
    "a day": (a_day, Names.FULL, ALL),
    "too much": (too_much, Names.FULL, ALL),
    "nothing": (nothing, Names.FULL, SOME),
    "counts alone": (a_day, Names.COUNTS, SOME),
}


async def _shown(screen: Told, page: Page) -> None:
    """Wait until what was told last is drawn: the minute is its."""
    minute = screen.now // 60 % 1440
    time = f"{minute // 60:02}:{minute % 60:02}"
    await expect(page.locator("#wall .time")).to_have_text(time)


async def test_nothing_is_cut_off_small_or_faint(browsers: Browsers) -> None:
    context = await browsers.new()
    problems, now = [], NOW
    for size, (across, down) in SIZES.items():
        page = await context.new_page()
        await page.set_viewport_size({"width": across, "height": down})
        screen = await told(page, a_day())
        for name, (make, names, sizes) in SCENES.items():
            for view in ScreenView if size in sizes else ():
                now += 60
                screen.show(make(now), views=(view,), names=names)
                await _shown(screen, page)
                found = await problems_of(page)
                problems += [f"{size}, {name}, {view}: {problem}" for problem in found]
        await page.close()
    assert not problems, "\n".join(problems)
