"""docs/architecture.md says what there is: packages, tables, decisions, modules."""

import re
from pathlib import Path

from sqlmodel import SQLModel

import models

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def _section(heading: str) -> str:
    return TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_every_table_is_described() -> None:
    assert models.__all__
    described = set(re.findall(r"`(\w+)`", _section("The rows behind it")))
    assert set(SQLModel.metadata.tables) <= described


def test_every_decision_is_linked_in_order() -> None:
    decisions = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert re.findall(r"\(decisions/([\w-]+\.md)\)", _section("Why it is so")) == decisions


def test_every_package_of_the_services_has_its_floor() -> None:
    packages = {path.parent.name for path in (ROOT / "services").glob("*/__init__.py")}
    floors = _section("Where things are").partition("| floor | package |")[2]
    named = set(re.findall(r"^\|[ 0-9]*\| `(\w+)/` \|", floors, re.MULTILINE))
    assert named == packages


def test_every_module_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:models|services|ui|tests)/[\w/]+\.py)`", TEXT))
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []


def test_every_file_of_the_recipes_exists() -> None:
    recipes = (ROOT / "docs" / "changing.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:models|services|ui|tests)/[\w/.]+)`", recipes))
    # The recipe of a list is told with a made-up noun.
    real = sorted(name for name in named if "project" not in name)
    assert len(real) > 15
    assert [name for name in real if not (ROOT / name).exists()] == []
