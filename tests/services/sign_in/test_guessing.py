"""How many guesses an attacker has, and that the owner still gets in; `benchmarks.guessing` does
the same at a larger scale."""

import pytest

from benchmarks import guessing
from benchmarks.guessing import Attack, owner_resets, owner_signs_in
from models import AttemptCounter, Tenant, User
from services.sessions.sessions import Caller
from services.sign_in import confirmation, password_change, passwords, throttle
from services.sign_in.sign_in import sign_in
from tests import books
from tests.factories import PASSWORD, create_user
from tests.factories import sign_in as sign_in_as

FREE = throttle.FREE_FAILURES["account"]
ADDRESSES = 20


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    """The owner of the account."""
    return await create_user(tenant, email=guessing.EMAIL)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that is compared from here on."""
    seen: list[str] = []
    verify = passwords._verify

    def spy(password: str, stored: str | None) -> bool:
        seen.append(password)
        return verify(password, stored)

    monkeypatch.setattr(passwords, "_verify", spy)
    return seen


@pytest.mark.usefixtures("stopped_clock")
async def test_of_a_hundred_guesses_at_once_only_the_free_ones_are_compared(
    ada: User, compared: list[str]
) -> None:
    attack = Attack(ips=100)
    await attack.all_at_once(100)
    # The last one is the guess that begins the first pause.
    assert len(compared) == attack.compared == FREE + 1


@pytest.mark.long
@pytest.mark.usefixtures("stopped_clock")
async def test_guessing_as_fast_as_it_may_gets_no_further_than_the_pauses_let_it(
    ada: User, compared: list[str]
) -> None:
    attack = Attack(ADDRESSES)
    await attack.as_told(ADDRESSES * 16)
    # The free guesses, those while the pauses grew, and one for each of the longest pauses.
    growing = 2 + 4 + 8 + 16 + 32 + 64 + 128 + 256
    longest = (attack.passed.total_seconds() - growing) / throttle.LONGEST_PAUSE.total_seconds()
    assert len(compared) == attack.compared <= FREE + 1 + 8 + longest + 1
    assert attack.compared < attack.sent / 10


@pytest.mark.long
async def test_the_owner_of_an_attacked_account_is_never_locked_out(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_change, "REQUEST_SECONDS", 0)
    device = (await sign_in(guessing.SLUG, guessing.EMAIL, PASSWORD, Caller(guessing.OWNER))).device
    attack = Attack(ADDRESSES)
    await attack.as_told(ADDRESSES * 16)
    # On a device that they used before: at once, as often as they like.
    assert [await owner_signs_in(device) for _ in range(3)] == [0, 0, 0]
    # On another one: after the longest pause at the latest...
    await attack.until_paused()
    wait = await owner_signs_in()
    assert 0 < wait <= throttle.LONGEST_PAUSE.total_seconds()
    attack.wait(wait)
    assert await owner_signs_in() == 0
    # ... or, if the attackers are always faster, by a link for a new password.
    await attack.until_paused()
    await owner_resets(ada)


@pytest.mark.usefixtures("stopped_clock")
async def test_who_is_paused_has_no_password_compared(ada: User, compared: list[str]) -> None:
    attack = Attack(ips=100)
    await attack.until_paused()
    compared.clear()
    await attack.all_at_once(100)
    assert await owner_signs_in() > 0
    assert compared == []


async def test_an_attempt_that_succeeds_counts_as_no_failure(ada: User) -> None:
    for _ in range(throttle.FREE_FAILURES["ip"] * 2):
        assert await owner_signs_in() == 0
    assert await books.count(AttemptCounter) == 0


@pytest.mark.usefixtures("stopped_clock")
async def test_strangers_do_not_keep_who_is_signed_in_from_proving_who_they_are(ada: User) -> None:
    here = await sign_in_as(ada)
    await Attack(ADDRESSES).until_paused()
    assert await owner_signs_in() > 0
    await confirmation.confirm_password(here, PASSWORD)
    await password_change.change_password(here, PASSWORD, "another sentence, just as long")
