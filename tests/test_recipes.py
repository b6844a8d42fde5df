"""What docs/changing.md promises that an addition takes, and that its recipes work."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from models import LoginSession, Tenant, User
from services.access.actor import Actor
from services.audit.actions import AuditAction
from services.audit.list import ENTRIES
from services.audit.reading import list_entries
from services.audit.writing import record
from services.core.events import Event, from_message, to_message
from services.database.runtime import Runtime
from services.database.transaction import Transaction, transaction
from services.lists.declaration import Column, LiveList, by
from services.lists.events import RowChanged
from services.lists.query import from_url
from services.sessions.actions import SessionAction
from tests import recipe_of_projects as recipe
from tests.factories import open_session
from tests.recipe_of_projects import Steps
from ui import live
from ui.tables import feed
from ui.tables.config import config_of

ROOT = Path(__file__).parents[1]
VERSIONS = ROOT / "models" / "migrations" / "versions"
RECIPES = (ROOT / "docs" / "changing.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([\w ]+) \| (\d) \| (.+) \|$", re.MULTILINE)
PROMISED = {
    "a column": 1,
    "an event with its screen": 2,
    "a page with a live table": 3,
    "an entity with everything": 7,
}


def test_each_recipe_takes_as_many_files_as_it_promises() -> None:
    assert {what: int(count) for what, count, _ in ROW.findall(RECIPES)} == PROMISED
    files = {what: re.findall(r"`[^`]+`", which) for what, _, which in ROW.findall(RECIPES)}
    of_a_page = files["a page with a live table"]
    files["an entity with everything"] += of_a_page  # "those three"
    assert {what: len(set(named)) for what, named in files.items()} == PROMISED


def _follow(tree: Path, new: Mapping[str, str], lines: Mapping[str, Steps]) -> set[str]:
    """Do these steps in a tree; returns the files that they touch."""
    for name, content in new.items():
        (tree / name).write_text(content.lstrip(), encoding="utf-8")
    for name, steps in lines.items():
        path = tree / name
        text = path.read_text(encoding="utf-8")
        for there, written in steps:
            assert text.count(there) == 1, f"{name} has {there!r} {text.count(there)} times"
            text = text.replace(there, written.replace("<as it was>", there))
        path.write_text(text, encoding="utf-8")
    return {*new, *lines}


@pytest.mark.slow
def test_who_follows_the_recipes_has_an_entity_with_everything(tmp_path: Path) -> None:
    """Form, list, column, setting, permission, event, page and entity: in a tree of their own,
    with as many files as promised."""
    tree, newest = tmp_path / "tree", max(VERSIONS.glob("0*.py")).name[:4]
    for name in ("models", "services", "ui"):
        shutil.copytree(ROOT / name, tree / name)  # what is compiled, too
    new = {name: text.replace("<newest>", newest) for name, text in recipe.ENTITY_FILES.items()}
    touched = _follow(tree, new, recipe.ENTITY_LINES)
    assert len(touched) == PROMISED["an entity with everything"]
    assert touched == set(_files_of("an entity with everything"))
    assert _follow(tree, {}, recipe.COLUMN) == set(_files_of("a column"))
    assert _follow(tree, {}, recipe.EVENT) == set(_files_of("an event with its screen"))
    _follow(tree, {}, recipe.SETTING)
    done = subprocess.run(
        [sys.executable, "-m", "tests.recipe_followed", str(tmp_path / "data")],
        env=os.environ
        | {"PYTHONPATH": f"{tree}{os.pathsep}{ROOT}", "ROLLCALL_MOST_PROJECTS": "many"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == recipe.WHAT_COMES_OF_IT


def _files_of(what: str) -> list[str]:
    named = {found: re.findall(r"`([^`]+)`", which) for found, _, which in ROW.findall(RECIPES)}
    more = named["a page with a live table"] if what == "an entity with everything" else []
    return [*named[what], *more]


@dataclass(frozen=True, kw_only=True)
class RecipeFollowed(Event):
    """Somebody has followed a recipe."""

    user_id: UUID


def test_an_event_travels_by_being_declared() -> None:
    told = RecipeFollowed(user_id=uuid4())
    assert from_message(to_message(told), 0) == told


class RecipeAction(AuditAction):
    """What is done to recipes."""

    FOLLOWED = "recipe.followed", "Recipe followed"


async def test_the_log_knows_an_action_by_its_being_declared(admin: Actor, tenant: Tenant) -> None:
    async with transaction() as tx:
        await record(tx, RecipeAction.FOLLOWED, actor=admin, tenant_id=tenant.id, files=7)
        await record(tx, SessionAction.SIGNED_IN, actor=admin, tenant_id=tenant.id)
    asked = from_url(ENTRIES, {"action": "recipe.followed"})
    (entry,) = (await list_entries(admin, asked)).entries
    assert (entry.action_label, entry.summary) == ("Recipe followed", "7")
    offered = json.loads(config_of(ENTRIES, {}))["filters"][0]["options"]
    assert "Recipe followed" in {option["label"] for option in offered}


@dataclass(frozen=True)
class SessionRow:
    """What the list of the recipe shows of a session."""

    id: UUID
    version: int
    device: str


async def _rows(_tx: Transaction, sessions: Any) -> list[SessionRow]:
    return [SessionRow(session.id, 1, session.device) for session in sessions]


SESSIONS = LiveList[SessionRow](
    noun="test_session",
    plural="test sessions",
    model=LoginSession,
    columns=(Column("device", "Device", sort=by(LoginSession.device)),),
    rows=_rows,
)


async def test_a_row_is_told_to_the_pages_of_its_list_by_one_event(
    rollcall: Runtime, tenant: Tenant, admin_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[live.Room, str, Any]] = []

    async def broadcast(room: live.Room, event: str, values: Any) -> None:
        told.append((room, event, values))

    monkeypatch.setattr(live, "is_watched", lambda _room: True)
    monkeypatch.setattr(live, "broadcast", broadcast)
    feed.subscribe(rollcall.bus)
    actor, _ = await open_session(admin_user)
    async with transaction() as tx:
        tx.publish(RowChanged(noun=SESSIONS.noun, tenant_id=tenant.id, row_id=actor.session_id))
    await rollcall.bus.drain()
    ((room, event, patch),) = told
    assert (room, event) == (feed.list_room(SESSIONS.noun, tenant.id), "rollcall_test_session")
    assert (patch["was"], patch["now"]["id"]) == (None, str(actor.session_id))
