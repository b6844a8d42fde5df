"""When open pages are compared with the database, and what that finds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import pytest
from sqlalchemy import text

from models import Tenant, User
from services.core import clock
from services.database import postgresql_transport
from services.database.runtime import Runtime
from tests.browser.waiting import PATIENCE, eventually
from tests.factories import create_user, sign_in
from ui import live, sweep


@pytest.fixture
async def user(rollcall: Runtime, tenant: Tenant) -> User:
    return await create_user(tenant)


@pytest.fixture
async def comparison(
    rollcall: Runtime, tenant: Tenant, user: User, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[sweep.Comparison]:
    """Of one open session, compared once, with nothing written since."""
    actor = await sign_in(user)
    monkeypatch.setattr(live, "session_ids", lambda: {actor.session_id})
    # Who listens on PostgreSQL sends itself something first, and again after a silence: each time
    # that is a transaction, which counts as a change.
    monkeypatch.setattr(postgresql_transport, "SILENCE_SECONDS", 10 * PATIENCE)
    receiving = asyncio.create_task(rollcall.transport.receive())
    await eventually(lambda: not rollcall.transport.deaf_because)
    comparison = sweep.Comparison()
    async with asyncio.timeout(PATIENCE):
        while await comparison.go_on():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    yield comparison
    receiving.cancel()
    with suppress(asyncio.CancelledError):
        await receiving


async def _eventually_compares(comparison: sweep.Comparison) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await comparison.go_on():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def test_where_nothing_was_committed_no_page_is_compared_and_else_all_are(
    comparison: sweep.Comparison, tenant: Tenant
) -> None:
    assert not await comparison.go_on()
    await create_user(tenant)
    await _eventually_compares(comparison)


async def test_pages_are_compared_when_a_session_is_over_though_nothing_was_committed(
    rollcall: Runtime, comparison: sweep.Comparison
) -> None:
    clock.shift(rollcall.settings.session_idle)
    assert await comparison.go_on()


async def test_pages_are_compared_when_there_are_those_of_another_session(
    comparison: sweep.Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = live.session_ids() | {uuid4()}
    monkeypatch.setattr(live, "session_ids", lambda: ids)
    assert await comparison.go_on()


async def test_what_is_ended_past_the_services_is_found(
    rollcall: Runtime, comparison: sweep.Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[str] = []

    async def note(_pages: object, reason: str) -> None:
        cut.append(reason)

    monkeypatch.setattr(live, "cut", note)
    async with rollcall.database.writer.begin() as past_the_services:
        await past_the_services.execute(
            text("UPDATE login_session SET ended_at = expires_at, end_reason = 'revoked'")
        )
    await _eventually_compares(comparison)
    assert cut == ["revoked"]


async def test_pages_are_left_to_the_event_that_is_on_its_way_which_counts_them(
    rollcall: Runtime, comparison: sweep.Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages, cut = [object()], list[list[object]]()

    async def note(found: list[object], _reason: str) -> None:
        cut.append(found)

    monkeypatch.setattr(live, "pages_of_sessions", lambda _ids: [*pages])
    monkeypatch.setattr(live, "cut", note)
    async with rollcall.database.writer.begin() as past_the_services:
        await past_the_services.execute(
            text("UPDATE login_session SET ended_at = expires_at, end_reason = 'revoked'")
        )
    asyncio.get_running_loop().call_later(sweep.LEFT_TO_EVENT / 5, pages.clear)
    await _eventually_compares(comparison)
    assert cut == [[]]
