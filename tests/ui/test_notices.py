"""How committed facts are told to open pages, and what that costs if nobody watches."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from models import Tenant, User
from services.access.actor import Actor
from services.audit.events import AuditWritten
from services.audit.reading import find_entry
from services.core.events import Event
from services.database.runtime import Runtime
from services.users import accounts
from services.users.events import UserEdited
from services.users.listing import find_row
from tests.factories import create_user
from ui import live, notices
from ui.tables import feed

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


@pytest.fixture
async def user(rollcall: Runtime, tenant: Tenant) -> AsyncIterator[User]:
    """Somebody whose changes are told from here on."""
    user = await create_user(tenant)
    await rollcall.bus.drain()
    notices.subscribe(rollcall.bus)
    yield user
    await rollcall.bus.drain()


async def test_a_fact_that_nobody_watches_here_asks_the_database_nothing(
    rollcall: Runtime, admin: Actor, user: User
) -> None:
    asked: list[str] = []

    def note(*call: Any) -> None:
        asked.append(call[2])

    for engine in {rollcall.database.reader, rollcall.database.writer}:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    rollcall.bus.publish(_facts_about(user))
    await rollcall.bus.drain()
    assert asked == []
    await accounts.rename(admin, user.id, "Augusta", "King")
    assert asked, "this would be seen"


def _facts_about(user: User) -> list[Event]:
    """What an act on a user publishes."""
    assert user.tenant_id is not None
    return [
        AuditWritten(chain_id=user.tenant_id, entry_id=uuid4(), subject_id=user.id),
        UserEdited(tenant_id=user.tenant_id, user_id=user.id, old_search_key=user.search_key),
    ]


async def test_pages_ask_for_what_could_not_be_read_for_them(
    rollcall: Runtime, tenant: Tenant, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[live.Room | None] = []

    async def tell_missed(room: live.Room | None = None) -> None:
        assert room is not None
        assert not feed.turn(room).locked(), "others wait for their turn meanwhile"
        asked.append(room)

    monkeypatch.setattr(live, "tell_missed", tell_missed)
    monkeypatch.setattr(live, "is_watched", lambda _room: True)
    monkeypatch.setattr(rollcall.database, "reader", create_async_engine(NOWHERE))
    rollcall.bus.publish(_facts_about(user))
    await rollcall.bus.drain()
    assert notices.users_room(tenant.id) in asked
    assert notices.audit_room(tenant.id) in asked


async def test_a_room_hears_facts_in_the_order_of_their_commits(
    rollcall: Runtime, admin: Actor, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "is_watched", lambda _room: True)
    told: list[list[str]] = []
    numbers: list[int] = []

    async def broadcast(_room: live.Room, event: str, data: Any) -> None:
        if event == "rollcall_user":
            told.append(list(data["was"]))
        elif event == "rollcall_audit":
            numbers.append(data["entry"]["number"])

    async def slow(wanted: Any) -> Any:
        await asyncio.sleep(0.05 if not told and not numbers else 0)
        return await (find_row if wanted == user.id else find_entry)(wanted)

    monkeypatch.setattr(notices, "find_row", slow)
    monkeypatch.setattr(notices, "find_entry", slow)
    monkeypatch.setattr(live, "broadcast", broadcast)
    await accounts.rename(admin, user.id, "Augusta", "King")  # is read
    await accounts.set_active(admin, user.id, active=False)  # comes along
    await rollcall.bus.drain()
    assert told == [["key"], ["active"]]
    assert sorted(numbers) == numbers
