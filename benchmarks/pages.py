"""Writes the kept figures as a page of tables and plots."""

from pathlib import Path
from typing import Any

VERDICTS = {True: ": met", False: ": **missed**", None: ""}


def write(folder: Path, kept: dict[str, Any]) -> None:
    """Write `figures.md` from what `figures.keep` returned; plots are shown where there are any."""
    parts = ["# Figures", "Written by the benchmarks. Durations: p50 / p99 / worst."]
    for name, result in kept.items():
        parts += [f"## {result['title']}", _machine(result["machine"]), _table(result)]
        plots = sorted(path.name for path in folder.glob(f"{name}-*.svg"))
        parts += [f"![{result['title']}, drawn]({plot})" for plot in plots]
    (folder / "figures.md").write_text("\n\n".join(parts) + "\n", "utf-8")


def _machine(machine: dict[str, Any]) -> str:
    return (
        f"{machine['at']}; {machine['processor']}, {machine['cores']} cores, load {machine['load']}"
        f" at the end; Python {machine['python']}, SQLite {machine['sqlite']}, "
        f"NiceGUI {machine['nicegui']}."
    )


def _table(result: dict[str, Any]) -> str:
    rows = [
        f"| | {result['sized_by']} | Rollcall | floor | ratio | aim |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for figure in result["figures"]:
        ours, floor = figure["ours"], figure["floor"]
        ratios = [ours[at] / floor[at] for at in range(min(2, len(floor))) if floor[at]]
        cells = [
            figure["what"],
            f"{figure['size']:,}",
            _numbers(ours, figure["unit"]),
            _numbers(floor, figure["unit"]),
            " / ".join(f"{ratio:.2f}" for ratio in ratios),
            figure["aim"] + VERDICTS[figure["met"]],
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _numbers(numbers: list[float], unit: str) -> str:
    texts = (f"{number:,.1f}".removesuffix(".0") for number in numbers)
    return f"{' / '.join(texts)} {unit}".strip() if numbers else ""
