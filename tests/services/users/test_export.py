"""The users as a file."""

import csv
import io
from uuid import uuid4

import pytest
from sqlmodel import select

from models import AuditEvent, Role, Tenant
from services.access.actor import Actor
from services.core.errors import SessionEndedError
from services.database.transaction import reading
from services.lists import export
from services.lists.query import ListQuery, from_url
from services.sessions import sessions
from services.users.actions import UserAction
from services.users.list import USERS
from services.users.listing import export_users
from tests.factories import create_user


async def _lines(actor: Actor, query: ListQuery, *columns: str) -> list[list[str]]:
    text = "".join([piece async for piece in await export_users(actor, query, columns)])
    assert text.startswith("\ufeff")
    *lines, end = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    # Without it, a file that was cut off would look whole.
    assert (end[:2], "".join(end[2:])) == (["rows", str(len(lines) - 1)], "")
    return lines


async def test_everybody_who_matches_is_in_it_once_and_in_order(
    admin: Actor, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 3)
    for number in range(10):
        await create_user(tenant, last_name=f"L{number}", active=number % 4 != 0)
    await create_user(tenant, first_name="=cmd()", last_name="X", invited=True)
    await create_user(other_tenant)
    lines = await _lines(admin, from_url(USERS, {"sort": "status"}))
    assert lines[0] == ["Name", "Email", "Role", "Status", "Last active"]
    assert [line[3] for line in lines[1:]] == ["Active"] * 8 + ["Invited"] + ["Inactive"] * 3
    assert len({line[1] for line in lines[1:]}) == 12
    assert lines[9][0] == "'=cmd() X"
    down = await _lines(admin, from_url(USERS, {"sort": "status", "dir": "desc"}), "name", "role")
    assert down[0] == ["Name", "Role"]
    assert [line[0] for line in down[1:]] == [line[0] for line in lines[:0:-1]]


async def test_those_who_were_selected_by_hand_are_in_it_alone(
    admin: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    chosen = [await create_user(tenant, first_name=name) for name in ("One", "Two")]
    await create_user(tenant, first_name="Three")
    stranger = await create_user(other_tenant)
    ids = " ".join(user.id.hex for user in [*chosen, stranger])
    lines = await _lines(admin, from_url(USERS, {"ids": ids}), "name")
    assert lines == [["Name"], ["One Lovelace"], ["Two Lovelace"]]
    assert await _lines(admin, from_url(USERS, {"ids": "nonsense"}), "name") == [["Name"]]
    assert await _lines(admin, from_url(USERS, {"ids": uuid4().hex}), "name") == [["Name"]]


async def test_the_log_says_who_took_what(admin: Actor, tenant: Tenant) -> None:
    await _lines(admin, from_url(USERS, {"role": Role.ADMINISTRATOR.value, "q": "ada"}))
    async with reading() as tx:
        found = await tx.exec(
            select(AuditEvent).where(AuditEvent.action == UserAction.EXPORTED.value)
        )
        entry = found.one()
    assert entry.details == {"filters": "Role: Administrator; text: ada"}
    assert entry.actor_id == admin.user_id


async def test_an_export_ends_with_the_session(
    admin: Actor, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 1)
    for _ in range(3):
        await create_user(tenant)
    pieces = await export_users(admin, ListQuery())
    assert await anext(pieces)
    assert await anext(pieces)
    await sessions.sign_out(admin)
    with pytest.raises(SessionEndedError):
        await anext(pieces)
