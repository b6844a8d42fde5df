"""Finds faults of a screen's view: text that is cut off, too small, hard to see, or covered."""

from playwright.async_api import Page

# Each theme is tried; what is told of a text is its words. Contrast is what WCAG calls it, of the
# text's colour with the nearest ground behind it, and of both in grey where the screen is offline.
MEASURE = """(mayCut) => {
  const root = document.documentElement;
  const greys = root.classList.contains("lost");
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const seen = ([r, g, b], isGrey) => {
    const grey = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    return (isGrey ? [grey, grey, grey] : [r, g, b])
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  };
  const light = (parts) => 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  const ground = (element) => {
    for (let of = element; of; of = of.parentElement) {
      const parts = numbers(getComputedStyle(of).backgroundColor);
      if (parts.length === 3 || parts[3] === 1) return parts;
    }
  };
  const texts = [...document.querySelectorAll("#wall *, #pairing *, #offline *")]
    .filter((of) => of.checkVisibility() && !of.closest(".visually-hidden"))
    .filter((of) => [...of.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  const problems = [];
  const note = (what, of) => problems.push(`${what}: ${of.textContent.slice(0, 40)}`);
  // Where the letters of a text are: a line is higher than they are.
  const inked = (of) => {
    const range = document.createRange();
    range.selectNodeContents(of);
    const lines = [...range.getClientRects()];
    const isClipped = getComputedStyle(of).overflow !== "visible";
    const all = { left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity };
    const own = isClipped ? of.getBoundingClientRect() : all;
    const air = (lines[0].height - 0.7 * parseFloat(getComputedStyle(of).fontSize)) / 2;
    const side = (name, choose) => choose(...lines.map((line) => line[name]));
    return {
      of,
      left: Math.max(own.left, side("left", Math.min)),
      right: Math.min(own.right, side("right", Math.max)),
      top: Math.max(own.top, side("top", Math.min) + air),
      bottom: Math.min(own.bottom, side("bottom", Math.max) - air),
    };
  };
  // Whether a text ends in an ellipsis: of one line, or after the last line that it may have.
  const isCut = (of) => {
    const style = getComputedStyle(of);
    const { textOverflow, webkitLineClamp, fontSize } = style;
    const before = parseFloat(style.paddingInlineStart) + parseFloat(style.borderInlineStartWidth);
    const letter = parseFloat(fontSize); // lower than a line, higher than what hangs out of one
    if (webkitLineClamp !== "none") return of.scrollHeight > of.clientHeight + letter / 2;
    const range = document.createRange();
    range.selectNodeContents(of);
    const room = of.getBoundingClientRect().width - before;
    const isWider = range.getBoundingClientRect().width > room + 0.05;
    return textOverflow === "ellipsis" && isWider;
  };
  const charts = [...document.querySelectorAll("#wall svg.split, #wall svg.bars")]
    .filter((of) => of.checkVisibility())
    .map((of) => {
      const { left, right, top, bottom } = of.getBoundingClientRect();
      return { of, left, right, top, bottom };
    });
  for (const of of texts) {
    const share = (100 * parseFloat(getComputedStyle(of).fontSize)) / innerHeight;
    if (share < 2.199) note(`${share.toFixed(2)} % of the height`, of);
    const box = of.getBoundingClientRect();
    const within = (of.closest(".panel, .left") ?? document.body).getBoundingClientRect();
    const isOut = box.left < within.left - 1 || box.right > within.right + 1 ||
      box.top < within.top - 1 || box.bottom > within.bottom + 1;
    if (isOut) note("cut off", of);
    if (!mayCut && isCut(of)) note("ends in …", of);
  }
  const boxes = [...texts.filter((of) => of.closest("#wall")).map(inked), ...charts];
  boxes.forEach((one, i) => {
    for (const other of boxes.slice(i + 1)) {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      const isOver = across > 1 && down > 1 && !one.of.contains(other.of);
      if (isOver) note(`covered by ${other.of.textContent.slice(0, 20) || "a chart"}`, one.of);
    }
  });
  if (root.scrollHeight > innerHeight || root.scrollWidth > innerWidth) problems.push("scrolls");
  const before = root.dataset.theme;
  for (const theme of ["dark", "light"]) {
    root.dataset.theme = theme;
    for (const of of texts) {
      const isGrey = greys && !of.closest("#offline");
      const both = [numbers(getComputedStyle(of).color), ground(of)];
      const [less, more] = both.map((of) => light(seen(of, isGrey))).sort((a, b) => a - b);
      const contrast = (more + 0.05) / (less + 0.05);
      if (contrast < 7) note(`${theme}, contrast ${contrast.toFixed(2)}`, of);
    }
  }
  root.dataset.theme = before;
  return [problems, texts.length];
}"""


async def problems_of(page: Page, *, may_cut: bool = False) -> list[str]:
    """What is wrong with what a page shows now, in either theme; `may_cut` is for texts that are
    longer than any room, which end in an ellipsis."""
    problems, texts = await page.evaluate(MEASURE, may_cut)
    assert texts > 3, "It shows nothing."
    return list(problems)
