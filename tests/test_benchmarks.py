"""The benchmarks still run. What they find is for `make bench`, on a machine that is at rest."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.figures import Figure, Result
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
# all, some 20 s each.
USUAL = ("cut", "users_page", "first_row")
SMALLEST = ["--smallest"]
# Ten minutes, whose end is judged too.
FULL = {"screens_soak": ["--soak", "600"]}
TRIED = [name for name in BENCHMARKS if sizes.soak or name in USUAL]


@pytest.mark.stress
@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in TRIED])
def test_each_benchmark_runs_and_keeps_its_figures(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, *FULL.get(name, SMALLEST), "--out", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    kept = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert list(kept) == [name]
    assert kept[name]["machine"]["cores"] >= 1
    assert all(figure["ours"] for figure in kept[name]["figures"])
    if name in FULL:
        assert [figure for figure in kept[name]["figures"] if figure["met"] is False] == []
    assert kept[name]["title"] in (tmp_path / "figures.md").read_text(encoding="utf-8")


def test_an_unknown_benchmark_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "there is no benchmark nonsense" in done.stderr


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
