"""The benchmarks still run. What they find is for `make bench`, on a machine that is at rest."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks import machine, pages
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.figures import Figure, Result, keep
from benchmarks.plot import draw
from benchmarks.statistics import Spread
from tests import sizes

ROOT = Path(__file__).parent.parent
MARKS = {
    "users_page_postgresql": [pytest.mark.postgresql],
    "flood_postgresql": [pytest.mark.postgresql],
    "first_row": [pytest.mark.browser],
    "replicas": [pytest.mark.postgresql, pytest.mark.slow],
    "storm": [pytest.mark.slow],
    "screens_soak": [pytest.mark.browser, pytest.mark.slow],
    "soak": [pytest.mark.slow],
}


# Sockets, a page of a server, and a browser are what the benchmarks share; `make soak` tries them
# all, some 20 s each, of which half is to load what they measure.
USUAL = ("cut", "users_page", "first_row")
SMALLEST = ["--smallest"]
# Ten minutes, whose end is judged too.
FULL = {"screens_soak": ["--soak", "600"]}
RUNS = [(name,) for name in BENCHMARKS] if sizes.soak else [USUAL]
TRIED = [
    pytest.param(names, marks=[mark for name in names for mark in MARKS.get(name, ())])
    for names in RUNS
]


@pytest.mark.stress
@pytest.mark.parametrize("names", TRIED, ids=[", ".join(names) for names in RUNS])
def test_each_benchmark_runs_and_keeps_its_figures(names: tuple[str, ...], tmp_path: Path) -> None:
    how = FULL.get(names[0], SMALLEST)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *names, *how, "--out", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "without completing response" not in done.stderr, "the server logs unlike the product"
    kept = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert list(kept) == list(names)
    page = (tmp_path / "figures.md").read_text(encoding="utf-8")
    for name in names:
        assert kept[name]["machine"]["cores"] >= 1
        assert all(figure["ours"] for figure in kept[name]["figures"])
        if name in FULL:
            assert [figure for figure in kept[name]["figures"] if figure["met"] is False] == []
        assert f"[{kept[name]['title']}](figures/{name}.md)" in page
        own = (tmp_path / "figures" / f"{name}.md").read_text(encoding="utf-8")
        assert all(f"| {figure['what']} |" in own for figure in kept[name]["figures"])


def test_an_unknown_benchmark_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "nonsense"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "there is no benchmark nonsense" in capsys.readouterr().err


def test_each_benchmark_has_a_page_of_its_own_that_shows_its_plots(tmp_path: Path) -> None:
    results = [
        Result(name, f"The {name}", "sizes", [Figure("a line", 1, "ms", (2.0,), (1.0,), met=met)])
        for name, met in (("first", True), ("second", False))
    ]
    (tmp_path / "first-ms.svg").touch()
    pages.write(tmp_path, keep(tmp_path, machine.describe(), results))
    index = (tmp_path / "figures.md").read_text(encoding="utf-8")
    first, second = (
        (tmp_path / "figures" / f"{name}.md").read_text(encoding="utf-8")
        for name in ("first", "second")
    )
    assert "[The first](figures/first.md)" in index
    assert "[The second](figures/second.md)" in index
    assert "](../first-ms.svg)" in first
    assert "missed" not in first
    assert "**missed**" in second
    assert "first-ms.svg" not in second


def test_a_plot_has_a_line_for_each_figure_and_its_floor(tmp_path: Path) -> None:
    figures = [
        Figure("a <b> & c", size, "ms", (size * 2.0, size * 3.0), (size * 1.0, 1.5))
        for size in (1, 100, 1000)
    ]
    (path,) = draw(tmp_path, Result("made_up", "Made up", "sizes", figures))
    drawn = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - we have just written it
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a <b> & c", "a <b> & c: floor", "1,000"} <= set(texts)


def test_what_99_of_100_stay_under_is_not_the_worst() -> None:
    sample = Spread([1.0] * 199 + [50.0])
    assert sample.numbers == (1.0, 1.0, 50.0)
    assert Spread([3.0]).numbers == (3.0, 3.0, 3.0)
