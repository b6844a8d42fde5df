"""How long an answer takes tells nobody whether an account exists.

`make test` tries each kind 60 times, and `make soak` 200 times. Where that doesn't show that they
are alike, it looks once or twice more, and judges all that it has seen: the load of other programs
evens out in the end, and a difference in our code doesn't. Kinds that work without a pause are
measured in processor time, which doesn't depend on other programs; kinds that wait, by the clock.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable

import pytest

from models import Tenant
from services.core.errors import SignInFailedError
from services.database.runtime import Runtime
from services.sessions.sessions import Caller
from services.sign_in import password_change, throttle
from services.sign_in.sign_in import sign_in
from tests.conftest import ONE_DATABASE
from tests.factories import PASSWORD, create_user
from tests.sizes import size

TRIES = size(60, 200)
LOOKS = 6  # at most: the second is taken where the first could be noise
# Quartiles of one run, the kinds taking turns in an order that changes: noise hits them all alike.
# The last one has all that a busy machine does in between, and may differ more.
CLOSE = {"first quartile": 1.15, "median": 1.15, "third quartile": 1.3}

Attempt = Callable[[Caller], Awaitable[object]]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.stress,
    ONE_DATABASE,
]


async def _durations(
    attempts: dict[str, Attempt], look: int, at_once: int
) -> dict[str, list[float]]:
    """How long each kind took, as a fraction of its round's mean, so that a slow moment doesn't
    matter."""
    chance = random.Random(1)  # noqa: S311 - an order, the same in each run
    rounds: list[dict[str, float]] = [{} for _ in range(TRIES)]
    turns = [
        (kind, number)
        for number in range(TRIES)
        for kind in chance.sample(sorted(attempts), len(attempts))
    ]

    now = time.process_time if at_once == 1 else time.perf_counter

    async def take_turns() -> None:
        while turns:
            kind, number = turns.pop()
            caller = Caller(f"192.0.{look}.{number}")  # a new ip for each round
            began = now()
            await attempts[kind](caller)
            rounds[number][kind] = now() - began

    await asyncio.gather(*(take_turns() for _ in range(at_once)))
    return {
        kind: [durations[kind] / statistics.fmean(durations.values()) for durations in rounds]
        for kind in attempts
    }


async def _assert_alike(attempts: dict[str, Attempt], at_once: int = 1) -> None:
    """The kinds' durations are distributed alike: none of their quartiles tells them apart."""
    samples: dict[str, list[float]] = {kind: [] for kind in attempts}
    seen = []
    for look in range(LOOKS):
        for kind, durations in (await _durations(attempts, look, at_once)).items():
            samples[kind] += durations
        quartiles = {kind: statistics.quantiles(sample) for kind, sample in samples.items()}
        ratios = {
            name: max(of_kinds) / min(of_kinds)
            for name, of_kinds in zip(CLOSE, zip(*quartiles.values(), strict=True), strict=True)
        }
        if all(ratios[name] < limit for name, limit in CLOSE.items()):
            return
        seen.append((ratios, quartiles))
    pytest.fail(f"they differ: {seen}")


@pytest.fixture
async def accounts(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """One account of each kind: its email. None is asked for often enough to be slowed down."""
    monkeypatch.setitem(throttle.FREE_FAILURES, "account", TRIES * LOOKS * 2)
    kinds = ("active", "inactive", "invited", "elsewhere", "unknown")
    emails = {kind: f"{kind}@example.com" for kind in kinds}
    await create_user(tenant, email=emails["active"])
    await create_user(tenant, email=emails["inactive"], active=False)
    await create_user(tenant, email=emails["invited"], invited=True)
    await create_user(other_tenant, email=emails["elsewhere"])
    return emails


async def test_every_failed_sign_in_takes_as_long(tenant: Tenant, accounts: dict[str, str]) -> None:
    def failing(email: str) -> Attempt:
        known = email in {accounts["active"], accounts["elsewhere"]}
        password = "another one" if known else PASSWORD

        async def attempt(caller: Caller) -> None:
            with pytest.raises(SignInFailedError):
                await sign_in(tenant.slug, email, password, caller)

        return attempt

    await _assert_alike({kind: failing(email) for kind, email in accounts.items()})


async def test_every_request_for_a_new_password_takes_as_long(
    tenant: Tenant, accounts: dict[str, str]
) -> None:
    def asking(email: str) -> Attempt:
        return lambda caller: password_change.request_reset(tenant.slug, email, caller)

    # They mostly wait, and so can do it together.
    await _assert_alike({kind: asking(email) for kind, email in accounts.items()}, at_once=8)
