"""When open pages are compared with the database, and what that finds."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from models import Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.bus import Bus
from services.database import postgresql_transport
from services.database.runtime import Runtime
from services.database.transport import Listening
from services.sessions import ended_sessions, sessions
from tests.browser.waiting import PATIENCE, eventually
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, sign_in
from ui import live, sweep
from ui.live.pages import _Opened


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
    # However slow a machine is, only a test says when it is time to compare all.
    monkeypatch.setattr(sweep, "ALL_SECONDS", 10 * PATIENCE)
    comparison = rollcall.part(sweep.Comparison)
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


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[set[UUID]]:
    """The sessions about which the database is asked, look by look."""
    asked: list[set[UUID]] = []
    compare = ended_sessions.compare

    async def note(session_ids: Collection[UUID]) -> object:
        asked.append(set(session_ids))
        return await compare(session_ids)

    monkeypatch.setattr(ended_sessions, "compare", note)
    return asked


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Why pages were cut."""
    cut: list[str] = []

    async def note(_pages: object, reason: str) -> None:
        cut.append(reason)

    monkeypatch.setattr(live, "cut", note)
    return cut


async def _past_the_services(rollcall: Runtime, statement: str, **values: object) -> None:
    async with rollcall.database.writer.begin() as connection:
        await connection.execute(text(statement), values)


async def test_where_nothing_was_committed_nothing_is_compared(
    comparison: sweep.Comparison,
) -> None:
    assert not await comparison.go_on()


async def test_after_a_commit_the_database_is_asked_about_no_session_that_it_doesn_t_touch(
    comparison: sweep.Comparison, tenant: Tenant, asked: list[set[UUID]]
) -> None:
    await create_user(tenant)
    await _eventually_compares(comparison)
    assert asked == [set()]


async def test_after_a_while_with_commits_all_are_compared(
    rollcall: Runtime,
    comparison: sweep.Comparison,
    user: User,
    asked: list[set[UUID]],
    cut: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweep, "ALL_SECONDS", 0.0)
    await _past_the_services(
        rollcall, "UPDATE user_account SET active = false WHERE email = :email", email=user.email
    )
    await _eventually_compares(comparison)
    assert asked == [live.session_ids()]
    assert cut == ["deactivated"]


async def test_all_are_compared_while_this_process_doesn_t_hear_the_others(
    rollcall: Runtime, comparison: sweep.Comparison, tenant: Tenant, asked: list[set[UUID]]
) -> None:
    rollcall.transport.deaf_because = "the connection broke"
    await create_user(tenant)
    await _eventually_compares(comparison)
    assert asked == [live.session_ids()]


async def test_all_are_compared_once_this_process_hears_the_others_again(
    rollcall: Runtime, comparison: sweep.Comparison, asked: list[set[UUID]]
) -> None:
    bus = Bus()
    sweep.subscribe(bus)
    bus.publish([Listening(again=True)])
    await _eventually_compares(comparison)
    assert asked == [live.session_ids()]


async def test_a_session_is_compared_when_it_is_over_though_nothing_was_committed(
    rollcall: Runtime, comparison: sweep.Comparison, cut: list[str]
) -> None:
    clock.shift(rollcall.settings.session_idle)
    assert await comparison.go_on()
    assert cut == ["expired"]


async def test_when_a_page_of_another_session_is_open_that_session_is_compared(
    comparison: sweep.Comparison, asked: list[set[UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    another = uuid4()
    ids = live.session_ids() | {another}
    monkeypatch.setattr(live, "session_ids", lambda: ids)
    assert await comparison.go_on()
    assert asked == [{another}]


@pytest.mark.usefixtures("stopped_clock")
async def test_a_process_whose_clock_is_behind_ends_sessions_for_all(
    rollcall: Runtime, comparison: sweep.Comparison, cut: list[str], user: User
) -> None:
    (one,) = live.session_ids()
    actor = Actor(one, user.id, user.tenant_id, "")
    clock.shift(-clock.APART)
    await sessions.sign_out(actor)
    clock.shift(timedelta(0))
    await _eventually_compares(comparison)
    assert cut == ["signed_out"]


@ONE_DATABASE  # PostgreSQL tells nobody of commits: there it looks again and again
async def test_it_rests_until_a_commit(comparison: sweep.Comparison, tenant: Tenant) -> None:
    news = asyncio.create_task(comparison.until_news())
    await _at_rest(news)
    await create_user(tenant)
    async with asyncio.timeout(PATIENCE):
        await news


@ONE_DATABASE
async def test_it_rests_until_a_page_opens(rollcall: Runtime, comparison: sweep.Comparison) -> None:
    news = asyncio.create_task(comparison.until_news())
    await _at_rest(news)
    rollcall.part(_Opened).tell()
    async with asyncio.timeout(PATIENCE):
        await news


@ONE_DATABASE
async def test_it_rests_until_the_first_session_is_over(
    rollcall: Runtime, comparison: sweep.Comparison
) -> None:
    clock.shift(rollcall.settings.session_idle - timedelta(seconds=sweep.LOOK_SECONDS + 0.2))
    async with asyncio.timeout(PATIENCE):
        while not await comparison.go_on():
            await comparison.until_news()
            await asyncio.sleep(sweep.LOOK_SECONDS)


async def _at_rest(news: asyncio.Task[None]) -> None:
    for _ in range(5):  # turns of the event loop: it has looked twice, and waits
        await asyncio.sleep(0)
    assert not news.done()


async def test_what_is_ended_past_the_services_is_found(
    rollcall: Runtime, comparison: sweep.Comparison, cut: list[str]
) -> None:
    ended = "UPDATE login_session SET ended_at = expires_at, end_reason = 'revoked'"
    await _past_the_services(rollcall, ended)
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
    ended = "UPDATE login_session SET ended_at = expires_at, end_reason = 'revoked'"
    await _past_the_services(rollcall, ended)
    asyncio.get_running_loop().call_later(sweep.LEFT_TO_EVENT / 5, pages.clear)
    await _eventually_compares(comparison)
    assert cut == [[]]
