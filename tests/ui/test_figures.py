"""The System page's figures: measured only while somebody watches."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from models import Tenant
from services.access.actor import COMMAND_LINE, Actor
from services.core.errors import DatabaseUnavailableError
from services.database.engines import Database
from services.database.runtime import Runtime
from services.operations import system
from services.operations.checks import Check, State
from services.users import accounts
from tests.browser.waiting import PATIENCE
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, sign_in
from ui import figures, live

Told = list[tuple[str, Any]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What is told to those who watch; somebody does, until six things are told."""
    told: Told = []

    async def broadcast(_room: live.Room, event: str, values: Any) -> None:
        told.append((event, values))

    monkeypatch.setattr(live, "broadcast", broadcast)
    monkeypatch.setattr(live, "is_watched", lambda _room: len(told) < 6)
    monkeypatch.setattr(figures, "TICK", 0.01)
    monkeypatch.setattr(figures, "UNWATCHED_SECONDS", 0.05)
    return told


async def _database(names: Sequence[str], actor: Actor) -> Check:
    await figures.current().examine(actor, names)
    return next(check for check in figures.current().checks if check.name == "Database")


@ONE_DATABASE
async def test_who_asks_while_the_database_is_away_sees_that_it_is(
    rollcall: Runtime, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    robin = await sign_in(await create_user(None))
    assert (await _database([], robin)).state is State.OK
    database, away = rollcall.database, Database("postgresql://nobody@127.0.0.1:9/away")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(database, "reader", away.reader)
        for names in (["Version"], []):
            told.clear()
            assert (await _database(names, robin)).state is State.FAILED
            ((_, values),) = told
            assert values["worst"] == "failed"


async def _unwatched(now: figures.Figures) -> None:
    assert now._feeding is not None
    async with asyncio.timeout(PATIENCE):
        await now._feeding


async def test_nothing_is_measured_when_nobody_watches_any_more(
    rollcall: Runtime, told: Told
) -> None:
    now = figures.current()
    now.watch()
    await _unwatched(now)
    measured = len(now.history)
    assert measured >= 4
    assert now.running is not None
    await now.running
    assert {check.name for check in now.checks} >= {"Database", "Version"}
    told.clear()  # somebody does again
    now.watch()
    await _unwatched(now)
    assert len(now.history) > measured


async def test_changes_are_counted_and_pushes_timed(rollcall: Runtime, tenant: Tenant) -> None:
    figures.subscribe(rollcall.bus)
    user = await create_user(tenant)
    for name in ("One", "Two"):
        await accounts.rename(COMMAND_LINE, user.id, "Ada", name)
    await rollcall.bus.drain()
    now = figures.current()
    assert now._rate() > 0
    began = time.perf_counter() - 0.25
    now.pushed(began)
    assert 250 <= now._slowest_push() <= 1000 * (time.perf_counter() - began), "in milliseconds"


@ONE_DATABASE
async def test_figures_go_on_where_the_database_does_not_answer_and_the_checks_say_so(
    rollcall: Runtime, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def silent() -> int:
        asked.append(True)
        raise DatabaseUnavailableError

    monkeypatch.setattr(system, "count_waiting_mails", silent)
    monkeypatch.setattr(figures, "RATE_SECONDS", 10 * PATIENCE)  # not so soon, however slow this is
    now = figures.current()
    now.checked_at = time.monotonic()  # the next round is far off
    now.watch()
    await _unwatched(now)
    assert len(told) >= 6
    assert len(asked) == 1
    assert now.running is not None, "the checks are made at once"
    await now.running
