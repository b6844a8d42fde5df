"""Sessions of those who are no users: customers' people, and screens."""

import sqlite3
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError

from models import EndReason, LoginSession, Screen, SignInMethod, Tenant
from services.access.outsiders import CUSTOMER_LASTS, CustomerActor, ScreenActor
from services.access.permissions import CUSTOMER_PERMISSIONS, SCREEN_PERMISSIONS, Permission
from services.audit.acting import acting, viewing
from services.core import clock
from services.core.errors import NotAllowedError, NotFoundError, SessionEndedError
from services.core.events import Event
from services.database.migrations import _config
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from services.sessions import ended_sessions, sessions
from services.sessions.events import SessionsEnded
from services.sessions.outside import recognise_customer
from services.tenants.closing import close_tenant
from tests.factories import CALLER, create_customer, create_user, open_customer_session, sign_in


async def _screen(tenant: Tenant) -> tuple[Screen, ScreenActor, str]:
    screen = Screen(tenant_id=tenant.id, name="Hall", created_at=clock.now())
    async with transaction() as tx:
        tx.add(screen)
        await tx.flush()
        session, token = sessions.begin(tx, screen, CALLER, SignInMethod.LINK)
    return screen, ScreenActor(session.id, screen.id, tenant.id, screen.name), token


async def _row(session_id: object) -> LoginSession:
    async with reading() as tx:
        return await tx.get_one(LoginSession, session_id)


async def test_the_database_takes_a_session_of_one_holder_alone(tenant: Tenant) -> None:
    user, person = await create_user(tenant), await create_customer(tenant)
    neither: dict[str, Any] = {}
    for holders in (neither, {"user_id": user.id, "customer_id": person.id}):
        now = clock.now()
        with pytest.raises(IntegrityError):
            async with transaction() as tx:
                tx.add(
                    LoginSession(
                        **holders,
                        token_hash=b"x",
                        created_at=now,
                        last_seen_at=now,
                        expires_at=now,
                        authenticated_at=now,
                    )
                )


async def test_each_cookie_lets_its_own_kind_in(tenant: Tenant, other_tenant: Tenant) -> None:
    person = await create_customer(tenant)
    actor, token = await open_customer_session(person)
    _, of_screen, screen_token = await _screen(tenant)
    assert (await recognise_customer(token, tenant.slug, CALLER)).actor == actor
    assert await sessions.find_session_id(token) == actor.session_id
    assert await sessions.find_session_id(screen_token) == of_screen.session_id
    with pytest.raises(SessionEndedError):
        await recognise_customer(screen_token, tenant.slug, CALLER)
    with pytest.raises(SessionEndedError):
        await sessions.recognise(token, tenant.slug, CALLER)
    with pytest.raises(NotFoundError):
        await recognise_customer(token, other_tenant.slug, CALLER)


async def test_outsiders_may_do_what_stands_in_their_own_table_alone(tenant: Tenant) -> None:
    actor, _ = await open_customer_session(await create_customer(tenant))
    _, screen, _ = await _screen(tenant)
    principals: list[tuple[CustomerActor | ScreenActor, frozenset[Permission]]] = [
        (actor, CUSTOMER_PERMISSIONS),
        (screen, SCREEN_PERMISSIONS),
    ]
    for principal, allowed in principals:
        may = set()
        for permission in Permission:
            with suppress(NotAllowedError):
                async with viewing(principal, permission):
                    may.add(permission)
        assert may == allowed


async def test_a_screen_changes_nothing(tenant: Tenant) -> None:
    _, screen, _ = await _screen(tenant)
    with pytest.raises(NotAllowedError):
        async with acting(screen, Permission.VIEW_AS_SCREEN):
            pass


async def test_a_session_of_a_customer_lasts_30_days_however_often_they_come(
    tenant: Tenant,
) -> None:
    actor, token = await open_customer_session(await create_customer(tenant))
    began = clock.now()
    clock.shift(timedelta(days=29))
    await sessions.touch(actor)
    assert (await _row(actor.session_id)).expires_at <= began + CUSTOMER_LASTS
    clock.shift(timedelta(days=30, minutes=1))
    with pytest.raises(SessionEndedError):
        await recognise_customer(token, tenant.slug, CALLER)


async def test_whoever_is_shut_out_is_so_from_the_commit_on(
    rollcall: Runtime, tenant: Tenant, events: list[Event]
) -> None:
    person = await create_customer(tenant)
    actor, token = await open_customer_session(person)
    async with transaction() as tx:
        row = await tx.get_one(type(person), person.id)
        row.switch(False, clock.now(), None)
        await sessions.end(tx, row, EndReason.DEACTIVATED, cause=row.id)
    await rollcall.bus.drain()
    (ended,) = [event for event in events if isinstance(event, SessionsEnded)]
    assert (ended.user_id, ended.session_ids) == (person.id, (actor.session_id,))
    assert await sessions.find_session_id(token) is None
    assert await ended_sessions.find([actor.session_id]) == {
        actor.session_id: EndReason.DEACTIVATED
    }
    with pytest.raises(SessionEndedError):
        async with viewing(actor, Permission.VIEW_SHARED_POC):
            pass


async def test_who_is_inactive_is_let_in_by_no_session_that_was_forgotten(tenant: Tenant) -> None:
    person = await create_customer(tenant, active=False)
    actor, token = await open_customer_session(person)
    assert await sessions.find_session_id(token) is None
    assert actor.session_id in await ended_sessions.find([actor.session_id])
    with pytest.raises(SessionEndedError):
        await recognise_customer(token, tenant.slug, CALLER)


async def test_closing_the_organisation_ends_them_too(tenant: Tenant) -> None:
    actor, _ = await open_customer_session(await create_customer(tenant))
    _, screen, _ = await _screen(tenant)
    assert await close_tenant(await sign_in(await create_user(None)), tenant.id, tenant.name) == 2
    for principal in (actor, screen):
        assert (await _row(principal.session_id)).end_reason is EndReason.TENANT_CLOSED


def test_what_refers_to_sessions_and_comments_is_there_after_the_upgrade(tmp_path: Path) -> None:
    """SQLite copies these tables, and drops the old ones."""
    file, config = tmp_path / "old.db", _config()
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0015")
    engine.dispose()
    tenant, user, session = "1" * 32, "2" * 32, "3" * 32
    with closing(sqlite3.connect(file)) as database:
        rows: list[tuple[str, dict[str, Any]]] = [
            ("tenant", {"id": tenant, "slug": "acme"}),
            ("user_account", {"id": user, "tenant_id": tenant, "role": "sales_engineer"}),
            ("login_session", {"id": session, "user_id": user, "token_hash": b"t"}),
            ("sso_session", {"session_id": session, "tenant_id": tenant}),
        ]
        for table, values in rows:
            insert_row(database, table, values)
        database.commit()
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.commit()
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "0016")
    engine.dispose()
    with closing(sqlite3.connect(file)) as database:
        found = database.execute(
            "SELECT user_id FROM login_session JOIN sso_session ON session_id = login_session.id"
        ).fetchall()
        assert found == [(user,)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def insert_row(database: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    """A row with these values, and something in each other column that must have a value."""
    for _, name, kind, must, default, _ in database.execute(f"PRAGMA table_info({table})"):
        if must and default is None and name not in values:
            values[name] = "2026-01-01 00:00:00" if kind == "DATETIME" else 1
    marks = ", ".join("?" * len(values))
    database.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})",  # noqa: S608 - our names
        list(values.values()),
    )
