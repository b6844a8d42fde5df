"""Writes the kept figures as pages of tables and plots: one for each benchmark, and an index."""

from pathlib import Path
from typing import Any

VERDICTS = {True: ": met", False: ": **missed**", None: ""}
INDEX = "figures.md"
# The folder of the benchmarks' own pages, beside the index.
PAGES = "figures"


def write(folder: Path, kept: dict[str, Any]) -> None:
    """Write the pages of what `figures.keep` returned; plots are shown where there are any."""
    (folder / PAGES).mkdir(parents=True, exist_ok=True)
    rows = ["| | measured | aims met | missed |", "| --- | --- | ---: | ---: |"]
    for name, result in kept.items():
        page = f"{PAGES}/{name}.md"
        plots = sorted(path.name for path in folder.glob(f"{name}-*.svg"))
        _write(
            folder / page,
            f"# {result['title']}",
            f"[All figures](../{INDEX}). Durations: p50 / p99 / worst.",
            _machine(result["machine"]),
            _table(result),
            *(f"![{result['title']}, drawn](../{plot})" for plot in plots),
        )
        cells = [
            f"[{result['title']}]({page})",
            result["machine"]["at"],
            *(str(_judged(result, verdict)) for verdict in (True, False)),
        ]
        rows.append(f"| {' | '.join(cells)} |")
    _write(folder / INDEX, "# Figures", "Written by the benchmarks.", "\n".join(rows))


def _write(path: Path, *parts: str) -> None:
    path.write_text("\n\n".join(parts) + "\n", "utf-8")


def _judged(result: dict[str, Any], verdict: bool) -> int:
    return sum(figure["met"] is verdict for figure in result["figures"])


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
