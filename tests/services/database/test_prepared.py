"""Prepared statements answer as SQLAlchemy's own do."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import bindparam, insert
from sqlmodel import col, select, update

from models import NotedHead, Role, Tenant, User
from models.base import new_id
from services.core import clock
from services.database.looking import LookingSession, WouldWriteError
from services.database.prepared import Prepared, Whole
from services.database.runtime import Runtime
from services.database.transaction import Transaction, reading, transaction
from tests.factories import create_user, create_users

_AMONG = col(User.id).in_(bindparam("ids", expanding=True))
_CREATED = (
    select(User.id, User.role, User.created_at, User.last_sign_in_at)
    .where(_AMONG, col(User.created_at) < bindparam("before"))
    .order_by(col(User.id))
)
_NAMED = Prepared(select(User.id).where(User.first_name == bindparam("name")))
_SEEN = Prepared(select(User.id).where(User.first_name == bindparam("name")), sees_changes=True)
_RENAME = Prepared(update(User).where(_AMONG).values(first_name=bindparam("name")))

_WHOLE_USER, _WHOLE_TENANT = Whole(User), Whole(Tenant)
_WITH_TENANT = Prepared(
    sqlalchemy.select(*_WHOLE_USER.columns, *_WHOLE_TENANT.columns, col(User.id))
    .select_from(User)
    .join(Tenant, col(Tenant.id) == col(User.tenant_id), isouter=True)
    .where(_AMONG)
)


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_its_rows_are_those_of_the_same_statement(tenant: Tenant, count: int) -> None:
    users = await create_users(4, tenant)
    wanted = [user.id for user in users[:count]]
    asked: dict[str, Any] = {"ids": wanted, "before": clock.now() + timedelta(days=1)}
    async with reading() as tx:
        rows = await Prepared(_CREATED).rows(tx, **asked)
        assert [*rows] == [*await tx.exec(_CREATED, params=asked)]
        assert [row.id for row in rows] == sorted(wanted)


async def test_of_one_column_it_gives_the_values(tenant: Tenant) -> None:
    user = await create_user(tenant)
    async with reading() as tx:
        assert [*await _NAMED.rows(tx, name=user.first_name)] == [user.id]


async def test_it_writes_and_a_rollback_takes_that_back(tenant: Tenant) -> None:
    user = await create_user(tenant)
    with suppress(LookupError):
        async with transaction() as tx:
            await _RENAME.rows(tx, ids=[user.id], name="Undone")
            assert [*await _NAMED.rows(tx, name="Undone")] == [user.id]
            raise LookupError
    async with transaction() as tx:
        assert not await _NAMED.rows(tx, name="Undone")
        await _RENAME.rows(tx, ids=[user.id], name="Done")
    async with reading() as tx:
        assert [*await _NAMED.rows(tx, name="Done")] == [user.id]


async def test_what_it_writes_after_a_savepoint_is_undone_to_it(tenant: Tenant) -> None:
    user = await create_user(tenant)
    async with transaction() as tx:
        await _RENAME.rows(tx, ids=[user.id], name="Before")
        with suppress(LookupError):
            async with tx.begin_nested():
                await _RENAME.rows(tx, ids=[user.id], name="After")
                raise LookupError
    async with reading() as tx:
        assert [*await _NAMED.rows(tx, name="Before")] == [user.id]


async def test_it_inserts_several_rows(rollcall: Runtime) -> None:
    now = clock.now()
    rows = [{"chain_id": new_id(), "number": number, "at": now} for number in (1, 2)]
    async with transaction() as tx:
        await Prepared(insert(NotedHead)).each(tx, rows)
    async with reading() as tx:
        noted = [await tx.get_one(NotedHead, row["chain_id"]) for row in rows]
    assert [(head.number, head.at) for head in noted] == [(1, now), (2, now)]


async def test_it_sees_what_is_not_written_yet_only_if_it_says_so(tenant: Tenant) -> None:
    user = await create_user(tenant)
    async with transaction() as tx:
        (await tx.get_one(User, user.id)).first_name = "Later"
        assert not await _NAMED.rows(tx, name="Later")
        assert [*await _SEEN.rows(tx, name="Later")] == [user.id]


async def test_a_whole_row_is_a_model_that_the_transaction_writes(tenant: Tenant) -> None:
    user = await create_user(tenant)
    async with transaction() as tx:
        (row,) = await _WITH_TENANT.rows(tx, ids=[user.id])
        values = iter(row)
        read, own = _WHOLE_USER.take(tx, values), _WHOLE_TENANT.take(tx, values)
        assert next(values) == user.id
        assert read is not None
        assert not tx.dirty
        assert await tx.get(User, user.id) is read
        assert (read.model_dump(), own) == (user.model_dump(), tenant)
        read.first_name = "Augusta"
    async with reading() as tx:
        assert [*await _NAMED.rows(tx, name="Augusta")] == [user.id]


async def test_a_whole_row_that_is_known_becomes_what_was_read(tenant: Tenant) -> None:
    user = await create_user(tenant)
    async with transaction() as tx:
        known = await tx.get_one(User, user.id)
        await _RENAME.rows(tx, ids=[user.id], name="Augusta")
        (row,) = await _WITH_TENANT.rows(tx, ids=[user.id])
        assert _WHOLE_USER.take(tx, iter(row)) is known
        assert known.first_name == "Augusta"
        assert not tx.dirty


async def test_a_whole_row_that_an_outer_join_did_not_find_is_none(rollcall: Runtime) -> None:
    user = await create_user(None, role=Role.PLATFORM_ADMIN)
    async with reading() as tx:
        (row,) = await _WITH_TENANT.rows(tx, ids=[user.id])
        values = iter(row)
        assert _WHOLE_USER.take(tx, values) is not None
        assert _WHOLE_TENANT.take(tx, values) is None


async def test_a_look_runs_none_that_writes(rollcall: Runtime) -> None:
    async with Transaction(rollcall.database.reader, LookingSession) as tx:
        with pytest.raises(WouldWriteError):
            await _RENAME.rows(tx, ids=[], name="Never")
