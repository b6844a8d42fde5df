"""docs/architecture.md says what there is: packages, tables, decisions, modules."""

import re
from pathlib import Path

from sqlmodel import SQLModel

import models
from tests.robustness.test_routes import OUTSIDE, PAGES, PUBLIC, UPLOADS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def _section(heading: str) -> str:
    return TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_every_table_is_described() -> None:
    assert models.__all__
    described = set(re.findall(r"`(\w+)`", _section("The rows behind it")))
    assert set(SQLModel.metadata.tables) <= described


def test_every_address_is_named_and_no_other() -> None:
    served = {_plain(path) for path in [*PAGES, *UPLOADS, *PUBLIC, *OUTSIDE, "/wall/socket"]}
    text = re.sub(r"`(services/|names\.)[\w/.]+`", "", _section("Addresses"))
    named = {_plain(span) for span in re.findall(r"`([^`]+)`", text)} - {"static/…", "_nicegui/…"}
    parts = tuple(span.removesuffix("…") for span in named if span.endswith("…"))
    assert {path for path in served - named if not path.startswith(parts)} == set()
    assert {span for span in named - served if not span.endswith("…")} == set()
    assert [part for part in parts if not any(path.startswith(part) for path in served)] == []


def _plain(path: str) -> str:
    """A path without what it is under, and without the names of its parts."""
    for home in ("/t/{slug}", "/t/<slug>", "/platform"):
        path = path.removeprefix(home)
    return re.sub(r"[{<]\w+[}>]", "<>", path.strip("/"))


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
