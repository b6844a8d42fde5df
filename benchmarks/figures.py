"""What a benchmark found: figures beside their floors, as text, as JSON and as plots."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.statistics import Spread


@dataclass(frozen=True)
class Figure:
    """One line of a result: Rollcall beside its floor at one size.

    The three numbers are p50, p99 and the maximum, or one number alone. `aim` is the goal, `met`
    says whether it was reached.
    """

    what: str
    size: int
    unit: str
    ours: tuple[float, ...]
    floor: tuple[float, ...] = ()
    aim: str = ""
    met: bool | None = None

    @property
    def ratios(self) -> list[float]:
        """Rollcall's numbers as multiples of the floor's."""
        pairs = zip(self.ours[:2], self.floor[:2], strict=bool(self.floor))
        return [ours / floor for ours, floor in pairs if floor]


def spread(what: str, size: int, ours: Spread, floor: Spread, times: float | None = None) -> Figure:
    """Durations in milliseconds; the aim is a p99 of at most `times` the floor's."""
    return Figure(
        what,
        size,
        "ms",
        ours.numbers,
        floor.numbers,
        f"p99 at most {times:g} × the floor's" if times else "",
        ours.p99 <= times * floor.p99 if times else None,
    )


@dataclass(frozen=True)
class Result:
    """What one benchmark found."""

    name: str
    title: str
    sized_by: str
    figures: Sequence[Figure]

    def lines(self) -> list[str]:
        """The figures as a table to read on a screen."""
        lines = [f"{self.title}", ""]
        width = max((len(figure.what) for figure in self.figures), default=0)
        for figure in self.figures:
            ratios = " ".join(f"{ratio:.2f}" for ratio in figure.ratios)
            verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
            lines.append(
                f"  {figure.what:{width}} {figure.size:>9,} {_numbers(figure.ours)} {figure.unit:5}"
                f" | floor {_numbers(figure.floor)} | × {ratios or '-':11} {figure.aim} {verdict}"
            )
        return [line.rstrip() for line in lines]


def keep(folder: Path, machine: dict[str, Any], results: Sequence[Result]) -> dict[str, Any]:
    """Write the results to `figures.json`, each beside the machine that it was measured on; those
    of other benchmarks stay. Returns all that are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "figures.json"
    kept: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for result in results:
        kept[result.name] = {"machine": machine, **asdict(result)}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return kept


def _numbers(numbers: Sequence[float]) -> str:
    return " ".join(
        f"{number:9,.2f}" for number in (*numbers, None, None, None)[:3] if number is not None
    ).ljust(29)
