"""Looks at a page in every scheme and width."""

import re

from axe_playwright_python.async_playwright import Axe
from axe_playwright_python.base import AxeResults
from playwright.async_api import Page, ViewportSize

from tests.browser.browsers import RESULTS

# A desk, a tablet, a phone, and a window that is zoomed to 400 %.
WIDTHS = {"wide": (1440, 900), "tablet": (820, 1180), "narrow": (390, 844), "zoomed": (320, 640)}
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

PAPER: ViewportSize = {"width": 718, "height": 1047}  # A4 within a browser's usual margins
# Texts of which a part is under another one, cut off, or beyond the sheet, as they stand on paper.
UNREADABLE = """
() => {
  const texts = [], wrong = [];
  const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = all.nextNode(); node; node = all.nextNode()) {
    const of = node.parentElement, text = node.textContent.trim();
    const isSeen = of.checkVisibility({ visibilityProperty: true });
    if (!text || !isSeen || of.closest(".visually-hidden")) continue;
    const hides = of.clientWidth && getComputedStyle(of).overflowX !== "visible";
    if (hides && of.scrollWidth > of.clientWidth + 1)
      wrong.push(`${text} is cut off`);
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const { left, right, top, bottom } of range.getClientRects()) {
      texts.push({ text, left: left + 1, right: right - 1, top: top + 3, bottom: bottom - 3 });
      if (right > innerWidth + 1) wrong.push(`${text} is beyond the sheet`);
    }
  }
  texts.sort((one, other) => one.top - other.top);
  texts.forEach((one, at) => {
    for (const other of texts.slice(at + 1)) {
      if (other.top >= one.bottom) break;
      if (other.left < one.right && one.left < other.right && other.bottom > one.top)
        wrong.push(`${one.text} and ${other.text} overlap`);
    }
  });
  for (const row of document.querySelectorAll("tbody tr"))
    if (row.checkVisibility() && getComputedStyle(row).breakInside !== "avoid")
      wrong.push(`${row.textContent.slice(0, 40)} may be broken`);
  return wrong;
}
"""


async def look_on_paper(page: Page) -> None:
    """Check that on paper no text lies over another, is cut off or ends beyond the sheet, and no
    row is broken."""
    before = page.viewport_size
    await page.emulate_media(media="print", color_scheme="light")
    await page.set_viewport_size(PAPER)
    await page.evaluate(SETTLED)
    wrong = await page.evaluate(UNREADABLE)
    assert not wrong, wrong
    await page.emulate_media(media="screen")
    if before:
        await page.set_viewport_size(before)


async def look(page: Page, name: str) -> None:
    """Check the page as it is now in every scheme and width, and keep pictures of it."""
    wrong: list[str] = []
    await page.evaluate(Axe().axe_script)  # half a megabyte, once
    for width, (across, down) in WIDTHS.items():
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
