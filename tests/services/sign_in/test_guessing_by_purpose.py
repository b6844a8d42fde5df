"""What is guessed after a first proof: each purpose is counted apart, and clears itself alone."""

from collections.abc import Awaitable, Callable

import pyotp
import pytest

from models import Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import (
    InvalidInputError,
    PasskeyRefusedError,
    SecondStepNeededError,
    TooManyAttemptsError,
)
from services.sessions.sessions import Caller
from services.sign_in import confirmation, password_change, throttle
from services.sign_in.second_factors import second_step
from services.sign_in.sign_in import SignedIn, sign_in
from tests import books, factories
from tests.factories import PASSWORD

FREE = throttle.FREE_FAILURES["person"]
NEW = "an entirely different sentence"

pytestmark = pytest.mark.usefixtures("stopped_clock")


class Owner:
    """A Tenant Admin with an authenticator app and recovery codes, at a browser that knows them."""

    def __init__(self, user: User, actor: Actor, secret: str, codes: tuple[str, ...]) -> None:
        self.user = user
        self.actor = actor
        self.secret = secret
        self.codes = list(codes)
        self.browser = Caller("192.0.2.1")

    async def first_step(self) -> str:
        with pytest.raises(SecondStepNeededError) as needed:
            await sign_in("acme", self.user.email, PASSWORD, self.browser)
        return needed.value.ticket

    async def second_step(self, code: str) -> SignedIn:
        signed_in = await second_step.finish("acme", await self.first_step(), code, self.browser)
        self.browser = Caller("192.0.2.1", "", signed_in.device)
        return signed_in

    async def passkey(self, answer: str = "{}") -> None:
        ticket = await self.first_step()
        await second_step.finish_with_passkey("acme", ticket, answer, self.browser)

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(clock.now())


@pytest.fixture
async def owner(tenant: Tenant, admin_user: User, admin: Actor) -> Owner:
    secret, codes = await factories.enrol_app(admin)
    owner = Owner(admin_user, admin, secret, codes)
    await owner.second_step(owner.codes.pop())
    return owner


async def _app_code(owner: Owner) -> None:
    await owner.second_step(factories.wrong_code(owner.secret))


async def _recovery_code(owner: Owner) -> None:
    await owner.second_step("aaaaa-aaaaa")


async def _passkey(owner: Owner) -> None:
    await owner.passkey()


async def _confirmation(owner: Owner) -> None:
    await confirmation.confirm_password(owner.actor, "a guess")


async def _password_change(owner: Owner) -> None:
    await password_change.change_password(owner.actor, "a guess", NEW)


GUESSES = [_app_code, _recovery_code, _passkey, _confirmation, _password_change]
Guess = Callable[[Owner], Awaitable[None]]
each_guess = pytest.mark.parametrize("guess", GUESSES, ids=lambda guess: guess.__name__)


async def _succeed_otherwise(owner: Owner, guess: Guess) -> None:
    """Everything that succeeds meanwhile, except for the purpose that is guessed."""
    await owner.first_step()
    if guess is not _confirmation:
        await confirmation.confirm_password(owner.actor, PASSWORD)
    if guess is not _recovery_code and owner.codes:
        await owner.second_step(owner.codes.pop())


@each_guess
async def test_a_success_of_another_kind_buys_no_guess(owner: Owner, guess: Guess) -> None:
    for _ in range(FREE + 1):
        with pytest.raises((InvalidInputError, PasskeyRefusedError)):
            await guess(owner)
        await _succeed_otherwise(owner, guess)
    with pytest.raises(TooManyAttemptsError):
        await guess(owner)


@each_guess
async def test_who_guesses_one_thing_may_do_the_others(owner: Owner, guess: Guess) -> None:
    with pytest.raises(TooManyAttemptsError):  # noqa: PT012 - some of them are free
        for _ in range(FREE + 2):
            with pytest.raises((InvalidInputError, PasskeyRefusedError)):
                await guess(owner)
    await _succeed_otherwise(owner, guess)
    if guess is not _app_code:
        assert (await owner.second_step(owner.code())).token


async def test_who_guesses_codes_in_another_browser_slows_the_owners_down_in_none_that_is_known(
    owner: Owner,
) -> None:
    known, owner.browser = owner.browser, Caller("192.0.2.9")
    with pytest.raises(TooManyAttemptsError):  # noqa: PT012 - some of them are free
        for _ in range(FREE + 2):
            with pytest.raises(InvalidInputError):
                await _app_code(owner)
    owner.browser = known
    assert (await owner.second_step(owner.code())).token


async def test_a_right_code_clears_the_wrong_ones(owner: Owner) -> None:
    for _ in range(FREE):
        with pytest.raises(InvalidInputError):
            await _app_code(owner)
    await owner.second_step(owner.code())
    for _ in range(FREE):
        with pytest.raises(InvalidInputError):
            await _app_code(owner)


async def test_an_unfit_new_password_is_no_guess_at_the_current_one(owner: Owner) -> None:
    for _ in range(FREE + 2):
        with pytest.raises(InvalidInputError, match="15"):
            await password_change.change_password(owner.actor, PASSWORD, "short")
    await password_change.change_password(owner.actor, PASSWORD, NEW)
    assert await books.live_sessions_of(owner.user.id)
