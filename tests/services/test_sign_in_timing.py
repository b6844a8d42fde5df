"""How long an answer takes tells nobody whether an account exists."""

import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator

import argon2
import pytest

from models import Tenant
from services import password_change, passwords, throttle
from services.errors import SignInFailedError
from services.runtime import Runtime
from services.sessions import Caller
from services.sign_in import sign_in
from tests import factories
from tests.factories import PASSWORD, create_user

TRIES = 200
# Medians of one run, the kinds of failure taking turns: noise hits them all alike.
CLOSE = 1.15

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With hashes this cheap, whatever else differs between the kinds of failure shows."""
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
    monkeypatch.setattr(passwords, "_NOBODY", cheap.hash("nobody's password"))
    factories.password_hash.cache_clear()
    yield
    factories.password_hash.cache_clear()


async def _medians(attempts: dict[str, Callable[[Caller], Awaitable[object]]]) -> dict[str, float]:
    durations: dict[str, list[float]] = defaultdict(list)
    for number in range(TRIES):
        # A new address for each round, and an account is tried too seldom to be slowed down.
        caller = Caller(f"192.0.2.{number}")
        for kind, attempt in attempts.items():
            began = time.perf_counter()
            await attempt(caller)
            durations[kind].append(time.perf_counter() - began)
    return {kind: statistics.median(sample) for kind, sample in durations.items()}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_every_failed_sign_in_takes_as_long(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(throttle.FREE_FAILURES, "account", TRIES * 2)
    await create_user(tenant, email="wrong@example.com")
    await create_user(tenant, email="inactive@example.com", active=False)
    await create_user(other_tenant, email="elsewhere@example.com")

    def failing(email: str, password: str) -> Callable[[Caller], Awaitable[object]]:
        async def attempt(caller: Caller) -> None:
            with pytest.raises(SignInFailedError):
                await sign_in(tenant.slug, email, password, caller)

        return attempt

    medians = await _medians(
        {
            "unknown": failing("unknown@example.com", PASSWORD),
            "wrong password": failing("wrong@example.com", "another password altogether"),
            "inactive": failing("inactive@example.com", PASSWORD),
            "another tenant's": failing("elsewhere@example.com", PASSWORD),
        }
    )
    assert max(medians.values()) / min(medians.values()) < CLOSE, medians


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_every_request_for_a_new_password_takes_as_long(
    rollcall: Runtime, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(throttle.FREE_FAILURES, "account", TRIES * 2)
    # What the test is about is that this is longer than the work; a tenth of it is, too.
    monkeypatch.setattr(password_change, "REQUEST_SECONDS", 0.03)
    await create_user(tenant, email="known@example.com")

    def asking(email: str) -> Callable[[Caller], Awaitable[object]]:
        return lambda caller: password_change.request_reset(tenant.slug, email, caller)

    medians = await _medians(
        {"known": asking("known@example.com"), "unknown": asking("unknown@example.com")}
    )
    assert max(medians.values()) / min(medians.values()) < CLOSE, medians
