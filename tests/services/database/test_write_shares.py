"""A user who is being deactivated can't delay their own deactivation."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from models import Role, Tenant, User
from services.access.actor import COMMAND_LINE, Actor, lock_users
from services.core.errors import DatabaseUnavailableError, SessionEndedError, TooMuchAtOnceError
from services.database.engines import READERS, ROW_LOCK_TIMEOUT, URGENT_WRITERS, WRITERS
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from services.database.write_queue import MOST_OF_A_SESSION
from services.sessions import sessions
from services.users import accounts
from tests.factories import create_user, create_users, sign_in

on_postgresql = pytest.mark.parametrize(
    "settings", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


async def _rename(actor: Actor, user: User, number: int) -> None:
    await accounts.rename(actor, user.id, "Renamed", f"Number {number}")


async def test_a_deactivation_waits_for_none_of_its_targets_acts(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    floods = await sign_in(await create_user(tenant, role=Role.TENANT_ADMIN))
    target = await create_user(tenant)
    done: list[str] = []

    async def noted(name: str, number: int) -> None:
        try:
            await _rename(floods, target, number)
        except SessionEndedError:
            done.append("shut out")
        else:
            done.append(name)

    async with transaction() as tx:
        await lock_users(tx, [floods.user_id])
        flood = [asyncio.create_task(noted("renamed", n)) for n in range(MOST_OF_A_SESSION)]
        await _are_here(rollcall, 1 + MOST_OF_A_SESSION)
        shut_out = asyncio.create_task(accounts.set_active(admin, floods.user_id, False))
        await _are_here(rollcall, 2 + MOST_OF_A_SESSION)
    async with asyncio.timeout(60):
        await shut_out
        # On PostgreSQL one of theirs was running, and another may be faster to lock the row.
        assert len(done) <= (0 if rollcall.database.is_sqlite else 2)
        await asyncio.gather(*flood)
    assert done.count("shut out") >= MOST_OF_A_SESSION - 2


async def _are_here(rollcall: Runtime, count: int) -> None:
    async with asyncio.timeout(60):
        while rollcall.database.queue.present < count:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


async def test_a_session_that_does_too_much_at_once_is_told_so(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    people = await create_users(MOST_OF_A_SESSION + 5, tenant)
    outcomes = await asyncio.gather(
        *(_rename(admin, user, number) for number, user in enumerate(people)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert {type(outcome) for outcome in refused} <= {TooMuchAtOnceError}
    assert len(refused) <= 5
    await _rename(admin, people[0], 99)


@on_postgresql
async def test_who_shuts_out_has_connections_that_nobody_else_takes(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    target = await create_user(tenant)
    async with AsyncExitStack() as stack, asyncio.timeout(60):
        for _ in range(READERS + WRITERS):
            tx = await stack.enter_async_context(reading())
            await tx.exec(text("SELECT 1"))  # type: ignore[call-overload]  # SQLModel has no type for it
        assert (await accounts.set_active(admin, target.id, False)).changed
        await sessions.revoke(COMMAND_LINE, admin.user_id)


@on_postgresql
async def test_who_shuts_out_has_turns_that_nobody_else_takes(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    target, leave = await create_user(tenant), asyncio.Event()

    async def write() -> None:
        async with rollcall.database.queue.turn():
            await leave.wait()

    others = [asyncio.create_task(write()) for _ in range(WRITERS + URGENT_WRITERS)]
    await _are_here(rollcall, len(others))
    async with asyncio.timeout(60):
        assert (await accounts.set_active(admin, target.id, False)).changed
    leave.set()
    await asyncio.gather(*others)


@on_postgresql
async def test_a_user_takes_one_connection_to_write_whatever_they_do(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    target = await sign_in(await create_user(tenant))
    people = await create_users(MOST_OF_A_SESSION, tenant)
    pool = rollcall.database.writer.pool
    async with transaction() as tx:
        await lock_users(tx, [admin.user_id])
        flood = [asyncio.create_task(_rename(admin, user, n)) for n, user in enumerate(people)]
        await _are_here(rollcall, 1 + MOST_OF_A_SESSION)
        assert pool.checkedout() == 2, "ours and one of theirs"  # type: ignore[attr-defined]  # a QueuePool's
        await sessions.sign_out(target)
    await asyncio.gather(*flood)


@on_postgresql
async def test_who_waits_for_a_row_gives_up_in_the_end(rollcall: Runtime, tenant: Tenant) -> None:
    user = await create_user(tenant)

    async def wait_for_it() -> None:
        async with transaction() as tx:
            shown = await tx.exec(text("SHOW lock_timeout"))  # type: ignore[call-overload]  # SQLModel has no type for it
            assert shown.one()[0] == f"{ROW_LOCK_TIMEOUT}s"
            await tx.exec(text("SET LOCAL lock_timeout = '50ms'"))  # type: ignore[call-overload]  # SQLModel has no type for it
            await lock_users(tx, [user.id])

    async with transaction() as tx:
        await lock_users(tx, [user.id])
        with pytest.raises(DatabaseUnavailableError, match="Nothing was changed"):
            await wait_for_it()
