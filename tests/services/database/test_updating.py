"""What an act changed in rows is written as SQLAlchemy's own flush would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import bindparam, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import col, delete, select

from models import Tenant, User
from models.base import new_id
from services.database.prepared import Prepared
from services.database.runtime import Runtime
from services.database.transaction import Transaction, transaction
from tests import books
from tests.factories import create_user

_KNOWN = Prepared(select(User.id).where(User.id == bindparam("id")))
_GONE = Prepared(delete(User).where(col(User.id) == bindparam("id")))


@asynccontextmanager
async def _changing(user: User) -> AsyncIterator[tuple[Transaction, User]]:
    """A transaction that has asked by a prepared statement, as every act has, and a row of it."""
    async with transaction() as tx:
        assert await _KNOWN.rows(tx, id=user.id)
        yield tx, await tx.get_one(User, user.id)


async def test_only_what_changed_is_written(rollcall: Runtime, tenant: Tenant) -> None:
    user, written = await create_user(tenant), []

    def note(*call: object) -> None:
        written.append(str(call[2]))

    async with _changing(user) as (tx, row):
        event.listen(rollcall.database.writer.sync_engine, "before_cursor_execute", note)
        row.first_name, row.last_name = "Augusta", row.last_name
        await tx.flush()
        await tx.flush()
        assert not tx.dirty
        row.version += 1
    event.remove(rollcall.database.writer.sync_engine, "before_cursor_execute", note)
    updates = [sql for sql in written if sql.startswith("UPDATE user_account")]
    assert ["first_name" in sql for sql in updates] == [True, False]
    assert not [sql for sql in updates if "last_name" in sql]
    now = await books.user_of(user.id)
    assert (now.first_name, now.version) == ("Augusta", user.version + 1)


async def test_a_change_that_is_rolled_back_is_forgotten(tenant: Tenant) -> None:
    user = await create_user(tenant)
    async with transaction() as tx:
        assert await _KNOWN.rows(tx, id=user.id)
        row = await tx.get_one(User, user.id)
        row.first_name = "Before"
        await tx.flush()
        with suppress(LookupError):
            async with tx.begin_nested():
                row.first_name = "After"
                await tx.flush()
                raise LookupError
    assert (await books.user_of(user.id)).first_name == "Before"


async def test_a_value_that_another_row_has_is_refused(tenant: Tenant) -> None:
    user, other = await create_user(tenant), await create_user(tenant)
    with pytest.raises(IntegrityError, match="email"):
        async with _changing(user) as (_, row):
            row.email_key = other.email_key
    assert (await books.user_of(user.id)).email_key == user.email_key


async def test_a_row_that_is_gone_is_no_success(tenant: Tenant) -> None:
    user = await create_user(tenant)
    with pytest.raises(StaleDataError):
        await _change_what_is_gone(user)
    assert (await books.user_of(user.id)).first_name == user.first_name


async def _change_what_is_gone(user: User) -> None:
    async with _changing(user) as (tx, row):
        await _GONE.rows(tx, id=user.id)
        row.first_name = "Augusta"


async def test_a_row_may_get_another_key(tenant: Tenant) -> None:
    user, key = await create_user(tenant), new_id()
    async with _changing(user) as (_, row):
        row.id = key
    assert (await books.user_of(key)).email == user.email
