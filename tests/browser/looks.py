"""Looks at a page in every scheme and width."""

import re
from typing import Any, Literal
from weakref import WeakKeyDictionary

from axe_playwright_python.async_playwright import Axe
from axe_playwright_python.base import AxeResults
from playwright.async_api import Page, ViewportSize

from tests.browser.browsers import RESULTS

ColorScheme = Literal["light", "dark"]
# A desk, a tablet, a phone, and a window that is zoomed to 400 %.
WIDTHS = {"wide": (1440, 900), "tablet": (820, 1180), "narrow": (390, 844), "zoomed": (320, 640)}
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
# Of which a picture is kept.
PICTURES = {("wide", "light"), ("narrow", "dark")}
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SETTLED = """
() => Promise.allSettled(document.getAnimations()
  .filter((animation) => animation.effect.getTiming().iterations !== Infinity)
  .filter((animation) => animation.effect.target.checkVisibility()) // else it never goes on
  .map((animation) => animation.finished))
"""
# What axe judges a page by. `parts`: which elements there are, and which of them take part.
# `colours`: each text's colours, size and weight, with what lies behind it.
SEEN = """
() => {
  const NOTHING = "rgba(0, 0, 0, 0),none,1,none,normal,none,auto";
  const parts = [document.title], colours = new Set();
  const painted = (of) => {
    const style = getComputedStyle(of);
    return [style.backgroundColor, style.backgroundImage, style.opacity, style.filter,
      style.mixBlendMode, style.clipPath, style.clip].join();
  };
  const behind = (of, x, y) => {
    const stack = document.elementsFromPoint(x, y);
    if (!stack.includes(of)) for (let up = of; up; up = up.parentElement) stack.push(up);
    return stack.map(painted).filter((layer) => layer !== NOTHING).join(";");
  };
  for (const of of document.querySelectorAll("*")) {
    const style = getComputedStyle(of), box = of.getBoundingClientRect();
    const isSeen = of.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const shell = of.cloneNode();
    // What a style makes of it is asked below, and what takes no part may move as it likes.
    if (style.display === "none") for (const name of shell.getAttributeNames())
      if (name !== "id") shell.removeAttribute(name);
    shell.removeAttribute("style");
    parts.push(shell.outerHTML, isSeen, style.display, style.position, style.clipPath);
    parts.push(...["::before", "::after"].map((part) => getComputedStyle(of, part).content));
    parts.push(!box.width, !box.height, box.right <= 0 || box.bottom <= 0);
    for (const node of of.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      parts.push(node.data);
      if (!isSeen) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const { color, fontSize, fontWeight, textShadow, textDecorationLine } = style;
      const isLong = node.data.trim().length > 1; // axe leaves a single letter to people
      for (const { left, right, top, bottom } of range.getClientRects())
        colours.add([color, fontSize, fontWeight, textShadow, textDecorationLine, isLong,
          behind(of, (left + right) / 2, (top + bottom) / 2)].join("|"));
    }
    if (isSeen && "value" in of && of.matches("input, select, textarea"))
      colours.add([style.color, style.fontSize, style.fontWeight, of.type, !of.value,
        behind(of, (box.left + box.right) / 2, (box.top + box.bottom) / 2)].join("|"));
  }
  return { parts: parts.join("\\n"), colours: [...colours] };
}
"""
# The rules that ask for colours, and the one that asks for places; all others ask for parts alone.
CONTRAST = "color-contrast"
COLOURS = (CONTRAST, "link-in-text-block")
PLACES = ("scrollable-region-focusable",)
# What axe has judged in each tab, of all looks at it.
_judged: WeakKeyDictionary[Page, set[str]] = WeakKeyDictionary()

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
    """Check the page as it is now in every scheme and width, and keep pictures of it.

    Axe isn't asked again about what it has judged before in this tab: a question costs a quarter
    of a second, and a phone shows much of it as a tablet does.
    """
    wrong: list[str] = []
    judged = _judged.setdefault(page, set())
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(Axe().axe_script)  # half a megabyte
    # What moves has come to its end at once.
    await page.emulate_media(reduced_motion="reduce")
    for number, (width, (across, down)) in enumerate(WIDTHS.items()):
        await page.set_viewport_size({"width": across, "height": down})
        # Each change of the scheme draws the whole page anew: it begins with the one it has.
        for scheme in SCHEMES[:: -1 if number % 2 else 1]:
            await page.emulate_media(color_scheme=scheme)
            await page.evaluate(SETTLED)
            if (width, scheme) in PICTURES:
                await page.screenshot(path=RESULTS / "pages" / f"{name}-{width}-{scheme}.png")
            if rules := _to_ask(scheme, await page.evaluate(SEEN), judged):
                found = AxeResults(await page.evaluate("(rules) => axe.run(rules)", rules))
                if found.violations_count:
                    wrong.append(f"{width}, {scheme}:\n{found.generate_report()}")
        if await page.evaluate(SIDEWAYS) > 0:
            wrong.append(f"{width}: it scrolls sideways")
    assert not wrong, re.sub(r"\n{3,}", "\n\n", "\n".join(wrong))


def _to_ask(scheme: ColorScheme, seen: dict[str, Any], judged: set[str]) -> dict[str, Any] | None:
    """What axe is to be asked of what is seen; adds it to what is judged."""
    new_parts = seen["parts"] not in judged
    new_colours = not judged.issuperset(seen["colours"])
    judged.update(seen["colours"])
    # Preloading fetches and parses every style sheet for rules about sound and about turning a
    # phone: half of the time of a whole question, and nothing of ours sounds or is locked.
    asked: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if scheme == "dark":  # which changes only colours
        only = [CONTRAST] if new_colours else []
    elif new_parts:
        judged.add(seen["parts"])
        return asked | {"rules": {CONTRAST: {"enabled": new_colours}}}
    else:
        only = [*PLACES, *(COLOURS if new_colours else ())]
    return asked | {"runOnly": {"type": "rule", "values": only}} if only else None
