"""Guessing is slowed down by growing pauses that end, and never locks the owner out."""

from datetime import timedelta

import pytest

from models import AttemptCounter, Tenant, User
from services.core import clock
from services.core.errors import SignInFailedError, TooManyAttemptsError
from services.sessions.sessions import Caller
from services.sign_in import password_change, throttle
from services.sign_in.sign_in import SignedIn, sign_in
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import FIREFOX, PASSWORD, create_user

EMAIL = "ada@example.com"
OFFICE = "192.0.2.1"

pytestmark = pytest.mark.usefixtures("stopped_clock")


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    """A Sales Engineer."""
    return await create_user(tenant, email=EMAIL)


class Clock:
    """Moves the clock forward only."""

    def __init__(self) -> None:
        self.passed = timedelta(0)

    def pass_(self, seconds: float) -> None:
        self.passed += timedelta(seconds=seconds)
        clock.shift(self.passed)


async def guess(number: int = 0, email: str = EMAIL, ip: str | None = None) -> None:
    caller = Caller(ip or f"198.51.100.{number % 200}", FIREFOX)
    with pytest.raises(SignInFailedError):
        await sign_in("acme", email, f"guess {number}", caller)


async def attempt(ip: str = OFFICE, device: str = "") -> SignedIn:
    return await sign_in("acme", EMAIL, PASSWORD, Caller(ip, FIREFOX, device))


async def test_some_failures_are_free(ada: User) -> None:
    for number in range(throttle.FREE_FAILURES["account"]):
        await guess(number)
    assert (await attempt()).token


async def test_pauses_of_an_account_grow_to_a_limit_whatever_the_ip(ada: User) -> None:
    passing = Clock()
    for number in range(throttle.FREE_FAILURES["account"]):
        await guess(number)
    pauses = []
    for number in range(12):
        await guess(number)
        with pytest.raises(TooManyAttemptsError) as caught:
            await attempt(f"203.0.113.{number}")
        pauses.append(caught.value.retry_after)
        passing.pass_(caught.value.retry_after)
    # What is left is told in whole seconds, and one more.
    assert pauses == pytest.approx([2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300], abs=1)


async def test_owner_signs_in_once_the_pause_is_over(ada: User) -> None:
    passing = Clock()
    for number in range(30):
        try:
            await guess(number)
        except TooManyAttemptsError as error:
            passing.pass_(error.retry_after)
    passing.pass_(throttle.LONGEST_PAUSE.total_seconds())
    assert (await attempt()).token


async def test_attempts_during_a_pause_make_it_no_longer(ada: User) -> None:
    for number in range(throttle.FREE_FAILURES["account"] + 1):
        await guess(number)
    for _ in range(20):
        with pytest.raises(TooManyAttemptsError) as caught:
            await attempt()
        assert caught.value.retry_after <= 3
    clock.shift(timedelta(seconds=3))
    assert (await attempt()).token


async def test_owner_on_a_browser_that_they_used_before_never_waits(ada: User) -> None:
    device = (await attempt()).device
    for number in range(throttle.FREE_FAILURES["account"] + 3):
        try:
            await guess(number)
        except TooManyAttemptsError:
            break
    with pytest.raises(TooManyAttemptsError):
        await attempt("203.0.113.9")
    assert (await attempt("203.0.113.9", device)).token


async def test_browser_of_one_user_is_a_stranger_to_another(tenant: Tenant, ada: User) -> None:
    await create_user(tenant, email="eve@example.com")
    eve = await sign_in("acme", "eve@example.com", PASSWORD, Caller(OFFICE))
    for number in range(throttle.FREE_FAILURES["account"] + 1):
        await guess(number)
    with pytest.raises(TooManyAttemptsError):
        await attempt("203.0.113.9", eve.device)


@ONE_DATABASE
async def test_known_browser_is_slowed_down_by_its_own_failures(ada: User) -> None:
    device = (await attempt()).device
    with pytest.raises(TooManyAttemptsError):  # noqa: PT012 - some of them are free
        for number in range(throttle.FREE_FAILURES["device"] + 2):
            with pytest.raises(SignInFailedError):
                await sign_in("acme", EMAIL, f"guess {number}", Caller(OFFICE, "", device))
    assert (await attempt("203.0.113.9")).token


async def test_unknown_account_is_paused_like_any_other(tenant: Tenant) -> None:
    for number in range(throttle.FREE_FAILURES["account"] + 1):
        await guess(number, "nobody@example.com")
    with pytest.raises(TooManyAttemptsError):
        await sign_in("acme", "nobody@example.com", PASSWORD, Caller(OFFICE))


async def test_another_account_waits_for_nobody(tenant: Tenant, ada: User) -> None:
    for number in range(throttle.FREE_FAILURES["account"] + 1):
        await guess(number)
    await create_user(tenant, email="eve@example.com")
    assert (await sign_in("acme", "eve@example.com", PASSWORD, Caller(OFFICE))).token


async def test_ip_that_guesses_at_many_accounts_is_paused(tenant: Tenant, ada: User) -> None:
    for number in range(throttle.FREE_FAILURES["ip"] + 1):
        await guess(number, f"user{number}@example.com", OFFICE)
    with pytest.raises(TooManyAttemptsError):
        await attempt(OFFICE)
    assert (await attempt("203.0.113.1")).token


async def test_success_forgets_the_accounts_failures_and_not_those_of_the_ip(ada: User) -> None:
    for number in range(throttle.FREE_FAILURES["account"]):
        await guess(number, ip=OFFICE)
    await attempt(OFFICE)
    for number in range(throttle.FREE_FAILURES["account"]):
        await guess(number, ip=OFFICE)
    await attempt(OFFICE)
    assert await books.count(AttemptCounter) == 1


async def test_failures_are_forgotten_after_an_hour(ada: User) -> None:
    for number in range(throttle.FREE_FAILURES["account"] + 1):
        await guess(number)
    clock.shift(throttle.FORGET + timedelta(minutes=1))
    for number in range(throttle.FREE_FAILURES["account"]):
        await guess(number)
    assert (await attempt()).token


async def test_counters_name_no_account(ada: User) -> None:
    counters = throttle.keys(EMAIL, OFFICE)
    # The whole email: "ada" alone can stand in a hash by chance.
    assert EMAIL not in counters["account"]
    assert counters == throttle.keys(EMAIL, OFFICE)
    assert counters["account"] != throttle.keys("eve@example.com", OFFICE)["account"]


@ONE_DATABASE
async def test_pause_is_told_in_words(ada: User) -> None:
    assert str(TooManyAttemptsError(5)) == "Too many attempts. Wait 5 seconds, then try again."
    assert "Wait 5 minutes" in str(TooManyAttemptsError(300))


@ONE_DATABASE
async def test_asking_for_resets_is_slowed_down_for_any_email(
    tenant: Tenant, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_change, "REQUEST_SECONDS", 0)
    for email in (EMAIL, "nobody@example.com"):
        with pytest.raises(TooManyAttemptsError):  # noqa: PT012 - some of them are free
            for _ in range(throttle.FREE_FAILURES["account"] + 2):
                await password_change.request_reset("acme", email, Caller(OFFICE))
    assert (await attempt(OFFICE)).token  # asking is no guessing
