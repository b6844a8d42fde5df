"""Looks at a page in every scheme and width."""

import re
from typing import Any, Literal
from weakref import WeakKeyDictionary

from axe_playwright_python.async_playwright import Axe
from axe_playwright_python.base import AxeResults
from playwright.async_api import Page, ViewportSize

from tests import sizes
from tests.browser.browsers import RESULTS

ColorScheme = Literal["light", "dark"]
# A desk, a tablet, a phone, and a window that is zoomed to 400 %.
WIDTHS = {"wide": (1440, 900), "tablet": (820, 1180), "narrow": (390, 844), "zoomed": (320, 640)}
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
# Of which `--soak` keeps a picture, for people to look at: two take as long as a question.
PICTURES = {("wide", "light"), ("narrow", "dark")}
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# How far from the left edge of its place a text begins.
INDENT = """
(of) => {
  const text = document.createRange();
  text.selectNodeContents(of);
  return text.getBoundingClientRect().left - of.getBoundingClientRect().left;
}
"""
# The lines in which a text is drawn.
LINES = """
(shown) => {
  const lines = new Map(), range = document.createRange();
  for (const node of shown.childNodes)
    for (let at = 0; at < (node.data?.length ?? 0); at++) {
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      const { top } = range.getBoundingClientRect();
      lines.set(top, (lines.get(top) ?? "") + node.data[at]);
    }
  return [...lines.values()];
}
"""
SETTLED = """
() => Promise.allSettled(document.getAnimations()
  .filter((animation) => animation.effect.getTiming().iterations !== Infinity)
  .filter((animation) => animation.effect.target.checkVisibility()) // else it never goes on
  .map((animation) => animation.finished))
"""
# What axe judges a page by. `parts`: which elements there are, and which of them take part.
# `colours`: each text's colours, size and weight, with what lies behind it; `window.coloured` keeps
# the elements of each.
SEEN = """
() => {
  const NOTHING = "rgba(0, 0, 0, 0),none,1,none,normal,none,auto";
  const parts = [document.title], coloured = new Map();
  const note = (of, ...colours) => {
    const key = colours.join("|");
    coloured.set(key, (coloured.get(key) ?? new Set()).add(of));
  };
  const painted = (of) => {
    const style = getComputedStyle(of);
    return [style.backgroundColor, style.backgroundImage, style.opacity, style.filter,
      style.mixBlendMode, style.clipPath, style.clip].join();
  };
  const within = (root) => [...root.querySelectorAll("*")].flatMap((of) =>
    of.shadowRoot ? [of, ...within(of.shadowRoot)] : [of]);
  const around = (of) => of.parentElement ?? of.getRootNode().host;
  const behind = (of, x, y) => {
    const stack = of.getRootNode().elementsFromPoint(x, y);
    if (!stack.includes(of)) for (let up = of; up; up = around(up)) stack.push(up);
    return stack.map(painted).filter((layer) => layer !== NOTHING).join(";");
  };
  for (const of of within(document)) {
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
        note(of, color, fontSize, fontWeight, textShadow, textDecorationLine, isLong,
          behind(of, (left + right) / 2, (top + bottom) / 2));
    }
    if (isSeen && "value" in of && of.matches("input, select, textarea"))
      note(of, style.color, style.fontSize, style.fontWeight, of.type, !of.value,
        behind(of, (box.left + box.right) / 2, (box.top + box.bottom) / 2));
  }
  window.coloured = coloured;
  return { parts: parts.join("\\n"), colours: [...coloured.keys()] };
}
"""
CONTRAST = "color-contrast"
# The rule about colours that also asks for what is around, and the one that asks for places; all
# others but the contrast ask for parts alone.
AROUND = "link-in-text-block"
PLACES = "scrollable-region-focusable"
# Asks for the contrast of the elements with these colours, with axe's options. `sure`: the colours
# of which axe has judged an element to be right; of others it says nothing, such as of what is
# disabled, or partly under something.
JUDGE = """
async ([colours, options]) => {
  const of = (key) => [...window.coloured.get(key)].filter((one) => one.isConnected);
  const only = { type: "rule", values: ["color-contrast"] };
  const quick = { runOnly: only, resultTypes: ["passes"], elementRef: true, selectors: false };
  const elements = [...new Set(colours.flatMap(of))];
  if (!elements.length) return { violations: [], sure: [] }; // gone meanwhile
  const found = await axe.run(elements, { ...options, ...quick });
  const right = new Set(found.passes.flatMap(({ nodes }) => nodes.map(({ element }) => element)));
  if (found.violations.length) return axe.run(elements, { ...options, runOnly: only });
  return { violations: [], sure: colours.filter((key) => of(key).some((one) => right.has(one))) };
}
"""
# What axe has judged in each tab, of all looks at it, and the colours that it found right anywhere.
_judged: WeakKeyDictionary[Page, set[str]] = WeakKeyDictionary()
_right: set[str] = set()

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
    """Check the page as it is now in every scheme and width. `--soak` keeps pictures of it.

    Axe isn't asked again about what it has judged before in this tab, nor about colours that it
    found right in another: a question costs a quarter of a second, and a phone shows much of it as
    a tablet does.
    """
    wrong: list[str] = []
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
            if sizes.soak and (width, scheme) in PICTURES:
                await page.screenshot(path=RESULTS / "pages" / f"{name}-{width}-{scheme}.png")
            seen = await page.evaluate(SEEN)
            answers = await _ask(page, scheme, seen["parts"], seen["colours"])
            reports = [found.generate_report() for found in answers if found.violations_count]
            wrong += [f"{width}, {scheme}:\n{report}" for report in reports]
        if await page.evaluate(SIDEWAYS) > 0:
            wrong.append(f"{width}: it scrolls sideways")
    assert not wrong, re.sub(r"\n{3,}", "\n\n", "\n".join(wrong))


async def _ask(page: Page, scheme: ColorScheme, parts: str, colours: list[str]) -> list[AxeResults]:
    """What axe finds in what is seen, unless it has judged that before."""
    judged = _judged.setdefault(page, set())
    unseen = set(colours) - judged
    new = unseen - _right
    # Preloading fetches and parses every style sheet for rules about sound and about turning a
    # phone: half of the time of a whole question, and nothing of ours sounds or is locked.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    answers = []
    if new:  # first, while they are there
        answers.append(await page.evaluate(JUDGE, [sorted(new), options]))
        _right.update(answers[-1].get("sure", ()))
    if scheme == "light":  # dark changes only colours
        rules = [PLACES, AROUND] if unseen else [PLACES]
        asked: dict[str, Any] = {"runOnly": {"type": "rule", "values": rules}}
        if parts not in judged:
            asked = {"rules": {CONTRAST: {"enabled": False}}}
            judged.add(parts)
        answers.append(await page.evaluate("(asked) => axe.run(asked)", options | asked))
    judged.update(colours)
    return [AxeResults(answer) for answer in answers]
