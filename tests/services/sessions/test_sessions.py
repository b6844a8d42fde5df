"""Sessions: how long they live, who sees them, and every way they end."""

from datetime import timedelta
from uuid import uuid4

import pytest

from models import EndReason, SignInMethod, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import NotFoundError, SessionEndedError
from services.core.events import Event
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.sessions import ended_sessions, sessions
from services.sessions.events import SessionsEnded
from services.sessions.sessions import Caller
from tests import books
from tests.factories import CALLER, create_user, open_session, sign_in

IDLE = timedelta(hours=12)


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    """A Sales Engineer."""
    return await create_user(tenant)


async def test_session_ends_after_twelve_idle_hours(tenant: Tenant, ada: User) -> None:
    _, token = await open_session(ada)
    clock.shift(IDLE - timedelta(minutes=1))
    assert (await sessions.recognise(token, tenant.slug, CALLER)).user_id == ada.id
    clock.shift(IDLE)
    with pytest.raises(SessionEndedError) as caught:
        await sessions.recognise(token, tenant.slug, CALLER)
    assert caught.value.reason is EndReason.EXPIRED
    assert await sessions.find_session_id(token) is None
    assert await sessions.home_of(token) is None


async def test_signs_of_life_keep_a_session_for_fourteen_days_at_most(ada: User) -> None:
    actor, token = await open_session(ada)
    passed = timedelta(0)
    while passed + timedelta(hours=11) < timedelta(days=14):
        passed += timedelta(hours=11)
        clock.shift(passed)
        assert await sessions.find_session_id(token) == actor.session_id
        await sessions.touch(actor)
    clock.shift(timedelta(days=14))
    assert await sessions.find_session_id(token) is None


async def test_signs_of_life_are_written_once_a_minute(ada: User) -> None:
    actor, _ = await open_session(ada)
    (begun,) = await books.sessions_of(ada.id)
    clock.shift(timedelta(seconds=50))
    await sessions.touch(actor)
    assert (await books.sessions_of(ada.id))[0].last_seen_at == begun.last_seen_at
    clock.shift(timedelta(seconds=70))
    await sessions.touch(actor)
    assert (await books.sessions_of(ada.id))[0].last_seen_at > begun.last_seen_at


@pytest.mark.parametrize("ending", ["signed out", "expired"])
async def test_sign_of_life_revives_nothing(ada: User, ending: str) -> None:
    actor, token = await open_session(ada)
    if ending == "signed out":
        await sessions.sign_out(actor)
        clock.shift(timedelta(minutes=5))
    else:
        clock.shift(IDLE)
    await sessions.touch(actor)
    await sessions.touch(Actor(uuid4(), ada.id, ada.tenant_id))
    assert await sessions.find_session_id(token) is None


async def test_idle_time_and_the_most_are_settings(rollcall: Runtime, ada: User) -> None:
    rollcall.settings.session_idle_hours = 1
    _, short = await open_session(ada)
    rollcall.settings.session_idle_hours = 24
    rollcall.settings.session_max_days = 0.5
    _, capped = await open_session(ada)
    lifetimes = [row.expires_at - row.created_at for row in await books.sessions_of(ada.id)]
    assert lifetimes == [timedelta(hours=1), timedelta(hours=12)]
    assert short != capped


@pytest.mark.parametrize("cut", [0, 10, 42])
async def test_cookie_cut_short_is_nobodys(tenant: Tenant, ada: User, cut: int) -> None:
    _, token = await open_session(ada)
    assert await sessions.find_session_id(token[:cut]) is None
    with pytest.raises(SessionEndedError) as caught:
        await sessions.recognise(token[:cut], tenant.slug, CALLER)
    assert caught.value.reason is None


@pytest.mark.parametrize("token", [None, "", "x" * 100_000, "\0", "\ud800", "é"])
async def test_forged_cookie_is_nobodys(tenant: Tenant, ada: User, token: str | None) -> None:
    await open_session(ada)
    assert await sessions.find_session_id(token) is None
    assert await sessions.home_of(token) is None
    with pytest.raises(SessionEndedError):
        await sessions.recognise(token, tenant.slug, CALLER)


async def test_session_opens_no_other_tenants_pages(
    tenant: Tenant, other_tenant: Tenant, ada: User
) -> None:
    _, token = await open_session(ada)
    refusals = []
    for slug in (other_tenant.slug, "nowhere", "../..", None):
        with pytest.raises(NotFoundError) as caught:
            await sessions.recognise(token, slug, CALLER)
        refusals.append(str(caught.value))
    assert len(set(refusals)) == 1
    assert await sessions.home_of(token) == (ada.role, tenant.slug)


async def test_sign_out_ends_this_session_alone(
    rollcall: Runtime, tenant: Tenant, ada: User, events: list[Event]
) -> None:
    here, token = await open_session(ada)
    _, elsewhere = await open_session(ada)
    await sessions.sign_out(here)
    assert await sessions.find_session_id(token) is None
    assert await sessions.find_session_id(elsewhere) is not None
    with pytest.raises(SessionEndedError):
        await sessions.sign_out(here)
    assert await books.actions_of(tenant) == ["session.signed_out"]
    await rollcall.bus.drain()
    (ended,) = [event for event in events if isinstance(event, SessionsEnded)]
    assert (ended.session_ids, ended.reason) == ((here.session_id,), EndReason.SIGNED_OUT)


async def test_sign_out_everywhere_else_keeps_the_session_in_use(tenant: Tenant, ada: User) -> None:
    here, _ = await open_session(ada)
    for _ in range(3):
        await open_session(ada)
    assert await sessions.revoke(here, ada.id) == 3
    (left,) = await books.live_sessions_of(ada.id)
    assert left.id == here.session_id
    assert await books.actions_of(tenant) == ["session.revoked"]


async def test_one_of_ones_own_sessions_is_ended(ada: User) -> None:
    here, _ = await open_session(ada)
    there, token = await open_session(ada)
    assert await sessions.revoke(here, ada.id, there.session_id) == 1
    with pytest.raises(SessionEndedError) as caught:
        await sessions.recognise(token, None, CALLER)
    assert caught.value.reason is EndReason.REVOKED
    with pytest.raises(NotFoundError):
        await sessions.revoke(here, ada.id, uuid4())


async def test_admin_signs_a_user_out_everywhere(
    rollcall: Runtime, tenant: Tenant, admin: Actor, ada: User, events: list[Event]
) -> None:
    begun = [(await open_session(ada))[0].session_id for _ in range(2)]
    assert await sessions.revoke(admin, ada.id) == 2
    assert await books.live_sessions_of(ada.id) == []
    (entry,) = await books.audit_of(tenant)
    assert (entry.action, entry.actor_name, entry.subject_id) == (
        "session.revoked",
        "Grace Hopper",
        ada.id,
    )
    await rollcall.bus.drain()
    (ended,) = [event for event in events if isinstance(event, SessionsEnded)]
    assert set(ended.session_ids) == set(begun)
    assert ended.cause == entry.id


async def test_open_sessions_are_listed_latest_first_with_the_one_in_use(ada: User) -> None:
    first = await sign_in(ada)
    clock.shift(timedelta(minutes=1))
    over = await sign_in(ada)
    await sessions.sign_out(over)
    last = await sign_in(ada)
    listed = await sessions.list_open(first, ada.id)
    assert [(row.id, row.current) for row in listed] == [
        (last.session_id, False),
        (first.session_id, True),
    ]
    assert (listed[0].device, listed[0].ip) == ("Firefox on Linux", CALLER.ip)


async def test_of_many_open_sessions_the_latest_are_listed_and_the_one_in_use(ada: User) -> None:
    first = await sign_in(ada)
    clock.shift(timedelta(minutes=1))
    later = [(await sign_in(ada)).session_id for _ in range(sessions.MOST_LISTED)]
    listed = [row.id for row in await sessions.list_open(first, ada.id)]
    assert len(listed) == sessions.MOST_LISTED
    assert listed[-1] == first.session_id
    assert set(listed[:-1]) < set(later)


async def test_admin_sees_the_open_sessions_of_a_user(admin: Actor, ada: User) -> None:
    await open_session(ada)
    (row,) = await sessions.list_open(admin, ada.id)
    assert not row.current


async def test_what_push_may_have_missed_is_found(tenant: Tenant, admin: Actor, ada: User) -> None:
    alive, out, expired, unknown = [uuid4() for _ in range(4)]
    first = await sign_in(ada)
    await sessions.sign_out(first)
    out, expired = first.session_id, (await sign_in(ada)).session_id
    clock.shift(IDLE)
    alive = (await sign_in(ada)).session_id
    assert await ended_sessions.find([alive, out, expired, unknown]) == {
        out: EndReason.SIGNED_OUT,
        expired: EndReason.EXPIRED,
        unknown: EndReason.REVOKED,
    }
    assert await ended_sessions.find([]) == {}


async def test_sessions_that_were_ended_since_a_moment_are_found(ada: User) -> None:
    earlier, lately = await sign_in(ada), await sign_in(ada)
    await sign_in(ada)  # and stays
    await sessions.sign_out(earlier)
    clock.shift(timedelta(minutes=1))
    moment = clock.now()
    await sessions.sign_out(lately)
    assert await ended_sessions.find_since(moment) == {lately.session_id}


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("", "Unknown device"),
        ("x" * 100_000, "Unknown device"),
        ("\0\r\n<b>", "Unknown device"),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
                "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            "Mobile Safari on iOS",
        ),
    ],
)
async def test_device_is_told_in_words(
    rollcall: Runtime, ada: User, user_agent: str, device: str
) -> None:
    async with transaction() as tx:
        sessions.begin(tx, ada, Caller("a" * 200, user_agent), SignInMethod.PASSWORD)
    (row,) = await books.sessions_of(ada.id)
    assert row.device == device
    assert len(row.ip) == 64
