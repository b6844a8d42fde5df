"""Draws how figures grow, as SVG: legible on light and dark, made of text alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.figures import Result

WIDTH, HEIGHT = 720, 360
# Figures in one plot, each with its floor.
MOST = 5
LEFT, RIGHT, TOP, BOTTOM = 70, 230, 46, 46
COLOURS = ("#2f6fde", "#d9480f", "#0a8754", "#9c36b5", "#b8860b", "#0b7285", "#c2255c", "#5c6370")
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-size: 14px; font-weight: 600; }
.back { fill: #ffffff; } .grid { stroke: #d8dee4; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .back { fill: #0d1117; } .grid { stroke: #30363d; }
}
"""


@dataclass(frozen=True)
class Line:
    """A named line through points; a floor's is dashed."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: str
    dashed: bool


def draw(folder: Path, result: Result) -> list[Path]:
    """Write plots for each unit of a result that was measured at two sizes or more."""
    paths = []
    for unit in dict.fromkeys(figure.unit for figure in result.figures):
        names = list(dict.fromkeys(f.what for f in result.figures if f.unit == unit))
        for first in range(0, len(names), MOST):
            lines = _lines(result, unit, names[first : first + MOST])
            if lines:
                name = "".join(letter for letter in unit if letter.isalnum()) or "ratio"
                number = f"-{first // MOST + 1}" if len(names) > MOST else ""
                path = folder / f"{result.name}-{name}{number}.svg"
                path.write_text(_svg(f"{result.title} ({unit})", result.sized_by, lines), "utf-8")
                paths.append(path)
    return paths


def _lines(result: Result, unit: str, names: Sequence[str]) -> list[Line]:
    lines = []
    for number, what in enumerate(names):
        figures = [f for f in result.figures if (f.what, f.unit) == (what, unit)]
        colour = COLOURS[number % len(COLOURS)]
        for suffix, numbers, dashed in (("", "ours", False), (": floor", "floor", True)):
            # Of three numbers, the p99 is what is aimed at.
            points = [
                (figure.size, getattr(figure, numbers)[:2][-1])
                for figure in figures
                if getattr(figure, numbers) and getattr(figure, numbers)[:2][-1] > 0
            ]
            if len(points) > 1:
                lines.append(Line(what + suffix, points, colour, dashed))
    return lines


def _svg(title: str, sized_by: str, lines: Sequence[Line]) -> str:
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    high = max(high, low + 1)
    left, right = _place(min(xs)), _place(max(xs))

    def across(x: float) -> float:
        share = (_place(x) - left) / (right - left) if right > left else 0.5
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def down(y: float) -> float:
        share = (math.log10(y) - low) / (high - low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    tall = max(HEIGHT, TOP + 18 * len(lines))  # the names of many lines go on below
    box = f'viewBox="0 0 {WIDTH} {tall}" role="img" aria-label="{escape(title)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}><style>{STYLE}</style>',
        f'<rect class="back" width="{WIDTH}" height="{tall}"/>',
        f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 10}">{escape(sized_by)}</text>',
    ]
    for power in range(low, high + 1):
        y = down(10.0**power)
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g}</text>')
    for x in sorted(set(xs)):
        y = HEIGHT - BOTTOM + 18
        parts.append(f'<text x="{across(x)}" y="{y}" text-anchor="middle">{x:,.0f}</text>')
    for number, line in enumerate(lines):
        path = "L".join(f"{across(x)} {down(y)}" for x, y in line.points)
        dash = ' stroke-dasharray="5 4"' if line.dashed else ""
        stroke = f'fill="none" stroke="{line.colour}" stroke-width="2"{dash}'
        y = TOP + 6 + number * 18
        parts.append(f'<path d="M{path}" {stroke}/>')
        parts.append(f'<path d="M{WIDTH - RIGHT + 14} {y}h24" {stroke}/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 44}" y="{y + 4}">{escape(line.name[:32])}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _place(x: float) -> float:
    return math.log10(max(x, 1))  # none at all stands where one would
