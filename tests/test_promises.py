"""Every promise is the name of a test, and every test that a document names exists."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "SECURITY.md", "docs/asvs.md", "docs/benchmarks.md")
NUMBERED = re.compile(r"^\d+\. \*\*(.+?)\*\*", re.MULTILINE)
PLACE = re.compile(r"`(tests/[\w/]+\.py)`$", re.MULTILINE)
NAMED = re.compile(r"`((?:tests/)?[\w/]+\.py)::(test_\w+)`")
STATES = {"met", "partly", "not met", "not applicable"}
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| ([\w ]+) \| (.+) \|$", re.MULTILINE)


@cache
def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def _tests_of(name: str) -> frozenset[str]:
    path = ROOT / name
    found = re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    return frozenset(found)


def _name_of(promise: str) -> str:
    """The name of the test that holds a promise: its words, without the article it begins with."""
    words = re.sub(r"[^a-z0-9 ]", "", promise.lower().replace("-", " ")).split()
    return "_".join(words)


def _promises() -> list[tuple[str, str]]:
    """Each promise, with the file of its test: the last word of its paragraph."""
    section = _text("SECURITY.md").partition("## What is promised")[2].partition("\n\nHow ")[0]
    promises = re.split(r"^(?=\d+\. )", section, flags=re.MULTILINE)[1:]
    return [
        (NUMBERED.findall(promise)[0], PLACE.findall(promise.strip())[0]) for promise in promises
    ]


@pytest.mark.parametrize(("promise", "place"), _promises())
def test_a_promise_is_the_name_of_a_test(promise: str, place: str) -> None:
    name = _name_of(promise)
    wanted = {f"test_{name}", "test_" + re.sub("^(a|an|the)_", "", name)}
    assert wanted & _tests_of(place), f"{place} has no test of the name"


def test_every_promise_has_its_test_named() -> None:
    numbered = NUMBERED.findall(_text("SECURITY.md"))
    assert len(numbered) >= 20
    assert [promise for promise, _ in _promises()] == numbered


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_test_that_a_document_names_exists(document: str) -> None:
    missing = [
        f"{place}::{test}"
        for place, test in NAMED.findall(_text(document))
        if test not in _tests_of(place if place.startswith("tests/") else f"tests/{place}")
    ]
    assert missing == []


def test_the_standards_table_says_of_each_requirement_how_it_stands() -> None:
    rows = ROW.findall(_text("docs/asvs.md"))
    lines = [line for line in _text("docs/asvs.md").splitlines() if re.match(r"\| \d", line)]
    assert len(rows) == len(lines) > 200
    assert {state for _, _, state, _ in rows} <= STATES
    numbers = [tuple(map(int, number.split("."))) for number, *_ in rows]
    assert numbers == sorted(set(numbers))
    # What is said to be met or partly met says by what: a test, or a file.
    unproven = [
        number
        for number, _, state, proof in rows
        if state in {"met", "partly"} and "`" not in proof
    ]
    assert unproven == []


def test_the_standards_summary_counts_its_rows() -> None:
    text = _text("docs/asvs.md")
    states = [state for _, _, state, _ in ROW.findall(text)]
    counted = dict(re.findall(r"^\| ([a-z ]+) \| (\d+) \|$", text, re.MULTILINE))
    assert counted == {state: str(states.count(state)) for state in sorted(STATES)}
