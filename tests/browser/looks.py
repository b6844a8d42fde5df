"""Looks at a page in every scheme and width."""

import re
from collections.abc import Mapping

from axe_playwright_python.async_playwright import Axe
from axe_playwright_python.base import AxeResults
from playwright.async_api import Page

from tests.browser.browsers import RESULTS

WIDTHS = {"wide": (1440, 900), "narrow": (390, 844)}
# More widths for pages that show much: tablets, and windows zoomed to 400 %.
FOUR_WIDTHS = {**WIDTHS, "tablet": (820, 1180), "zoomed": (320, 640)}
# A scheme changes only colours: in the second one, axe checks only those.
SCHEMES: dict[str, dict[str, object]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {
        "resultTypes": ["violations"],
        "runOnly": {"type": "rule", "values": ["color-contrast"]},
    },
}
# Of which a picture is kept.
PICTURES = {("wide", "light"), ("narrow", "dark")}
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SETTLED = """
() => Promise.allSettled(document.getAnimations()
  .filter((animation) => animation.effect.getTiming().iterations !== Infinity)
  .filter((animation) => animation.effect.target.checkVisibility()) // else it never goes on
  .map((animation) => animation.finished))
"""


async def look(page: Page, name: str, widths: Mapping[str, tuple[int, int]] = WIDTHS) -> None:
    """Check the page as it is now in every scheme and width, and keep pictures of it."""
    wrong: list[str] = []
    await page.evaluate(Axe().axe_script)  # half a megabyte, once
    for width, (across, down) in widths.items():
        await page.set_viewport_size({"width": across, "height": down})
        for scheme, rules in SCHEMES.items():
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.evaluate(SETTLED)
            if (width, scheme) in PICTURES:
                await page.screenshot(path=RESULTS / "pages" / f"{name}-{width}-{scheme}.png")
            found = AxeResults(await page.evaluate("(rules) => axe.run(rules)", rules))
            if found.violations_count:
                wrong.append(f"{width}, {scheme}:\n{found.generate_report()}")
        if await page.evaluate(SIDEWAYS) > 0:
            wrong.append(f"{width}: it scrolls sideways")
    assert not wrong, re.sub(r"\n{3,}", "\n\n", "\n".join(wrong))
