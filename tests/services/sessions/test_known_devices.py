"""Browsers that a user has signed in from: only by tokens of ours, each for one user."""

from collections.abc import Awaitable, Callable

import pytest

from models import KnownDevice, LinkPurpose, Tenant, User
from services.access.actor import Actor
from services.core.errors import SignInFailedError, TooManyAttemptsError
from services.database.transaction import reading
from services.sessions import known_devices, sessions
from services.sessions.known_devices import MOST_PEOPLE, SEPARATOR, TOKEN_LENGTH
from services.sessions.sessions import Caller
from services.sign_in import password_change, throttle
from services.sign_in.second_factors import totp
from services.sign_in.sign_in import sign_in
from tests import books, factories
from tests.factories import CALLER, PASSWORD, create_user, token_of

OFFICE = "192.0.2.1"


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    return await create_user(tenant, email="ada@example.com")


@pytest.fixture
async def eve(tenant: Tenant) -> User:
    return await create_user(tenant, email="eve@example.com")


async def _sign_in(user: User, cookie: str = "") -> str:
    """Sign in from the browser with this cookie; returns the one that it has then."""
    return (await sign_in("acme", user.email, PASSWORD, Caller(OFFICE, "", cookie))).device


async def _knows(user: User, cookie: str) -> bool:
    async with reading() as tx:
        return bool(await known_devices.find(tx, user, cookie))


@pytest.mark.parametrize("planted", ["x" * TOKEN_LENGTH, "x" * 200, "x", "." * 50, "ä" * 43])
async def test_a_token_that_is_not_ours_is_never_adopted(ada: User, planted: str) -> None:
    cookie = await _sign_in(ada, planted)
    assert await _knows(ada, cookie)
    assert not await _knows(ada, planted)
    assert await books.count(KnownDevice) == 1


async def test_a_token_of_another_user_is_never_adopted(ada: User, eve: User) -> None:
    planted = await _sign_in(eve)
    cookie = await _sign_in(ada, planted)
    assert await _knows(ada, cookie)
    assert not await _knows(ada, planted)


async def test_a_browser_that_several_people_use_knows_each_of_them(ada: User, eve: User) -> None:
    cookie = await _sign_in(eve, await _sign_in(ada))
    assert await _knows(ada, cookie)
    assert await _knows(eve, cookie)
    assert await _sign_in(eve, cookie) == cookie
    assert await books.count(KnownDevice) == 2


async def test_a_browser_keeps_the_tokens_of_the_latest_people(tenant: Tenant, ada: User) -> None:
    cookie = await _sign_in(ada)
    for user in await factories.create_users(MOST_PEOPLE, tenant):
        cookie = await _sign_in(user, cookie)
    assert len(cookie.split(SEPARATOR)) == MOST_PEOPLE
    assert not await _knows(ada, cookie)


@pytest.mark.usefixtures("stopped_clock")
async def test_guessing_between_own_sign_ins_from_a_browser_of_two_people_is_paused(
    ada: User, eve: User
) -> None:
    cookie = await _sign_in(eve, await _sign_in(ada))
    guessed = 0
    with pytest.raises(TooManyAttemptsError):  # noqa: PT012 - some of them are free
        for _ in range(throttle.FREE_FAILURES["device"] * 3):
            with pytest.raises(SignInFailedError):
                await sign_in("acme", ada.email, "a guess", Caller(OFFICE, "", cookie))
            guessed += 1
            cookie = await _sign_in(eve, cookie)
    assert guessed == throttle.FREE_FAILURES["device"] + 1


async def _reset_password(ada: User, tenant: Tenant, admin: Actor) -> None:
    await password_change.request_reset(tenant.slug, ada.email, CALLER)
    link = await token_of(ada, LinkPurpose.RESET)
    await password_change.reset(tenant.slug, link, "an entirely different sentence", CALLER)


async def _reset_second_factor(ada: User, tenant: Tenant, admin: Actor) -> None:
    await factories.enrol_app(await factories.sign_in(ada))
    await totp.reset(admin, ada.id)


async def _sign_out_everywhere(ada: User, tenant: Tenant, admin: Actor) -> None:
    await sessions.revoke(admin, ada.id)


async def _sign_out_everywhere_else(ada: User, tenant: Tenant, admin: Actor) -> None:
    await sessions.revoke(await factories.sign_in(ada), ada.id)


@pytest.mark.parametrize(
    "act",
    [_reset_password, _reset_second_factor, _sign_out_everywhere, _sign_out_everywhere_else],
)
async def test_after_a_reset_all_browsers_of_the_user_are_strangers(
    ada: User,
    eve: User,
    tenant: Tenant,
    admin: Actor,
    act: Callable[[User, Tenant, Actor], Awaitable[None]],
) -> None:
    first, second = await _sign_in(ada), await _sign_in(ada)
    others = await _sign_in(eve)
    await act(ada, tenant, admin)
    assert not await _knows(ada, first)
    assert not await _knows(ada, second)
    assert await _knows(eve, others)


async def test_ending_one_session_leaves_the_browsers_known(ada: User, admin: Actor) -> None:
    cookie = await _sign_in(ada)
    (session,) = await books.live_sessions_of(ada.id)
    await sessions.revoke(admin, ada.id, session.id)
    assert await _knows(ada, cookie)
