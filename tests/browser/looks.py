"""Looks at a page in every scheme and width."""

import re

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.browser.browsers import RESULTS

WIDTHS = {"wide": (1440, 900), "narrow": (390, 844)}
SCHEMES = ("light", "dark")
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SETTLED = """
() => Promise.allSettled(document.getAnimations()
  .filter((animation) => animation.effect.getTiming().iterations !== Infinity)
  .filter((animation) => animation.effect.target.checkVisibility()) // else it never goes on
  .map((animation) => animation.finished))
"""


async def look(page: Page, name: str) -> None:
    """Check the page as it is now in every scheme and width, and keep pictures of it."""
    wrong: list[str] = []
    for width, (across, down) in WIDTHS.items():
        await page.set_viewport_size({"width": across, "height": down})
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.evaluate(SETTLED)
            await page.screenshot(path=RESULTS / "pages" / f"{name}-{width}-{scheme}.png")
            found = await Axe().run(page)
            if found.violations_count:
                wrong.append(f"{width}, {scheme}:\n{found.generate_report()}")
        if await page.evaluate(SIDEWAYS) > 0:
            wrong.append(f"{width}: it scrolls sideways")
    assert not wrong, re.sub(r"\n{3,}", "\n\n", "\n".join(wrong))
