"""What a session and a user may say, over all their sockets."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from services.core.errors import FloodedError
from services.database import runtime
from services.database.startup import assemble
from tests.conftest import make_settings
from ui.live.budget import (
    AT_ONCE,
    BURST,
    BURST_OF_A_PAGE,
    PER_SECOND,
    SESSIONS,
    Account,
    Budget,
    account_of,
)
from ui.live.flood import keep_pace
from ui.page import EXPORT


@pytest.fixture(autouse=True)
def running(tmp_path: Path) -> Iterator[None]:
    """A Rollcall that is connected to nothing: budgets belong to it."""
    runtime.use(assemble(make_settings(tmp_path), b""))
    yield
    runtime.use(None)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still for the budgets: a twentieth of a second, after which one frame more is
    heard, may go by on a busy machine."""
    monkeypatch.setattr("ui.live.budget.Budget", partial(Budget, now=Clock()))


@pytest.fixture
async def no_timers(no_time: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does for the event loop, too: who waits for a time waits on."""
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", partial(float, loop.time()))


def _heard(budget: Budget, frames: int) -> int:
    return sum(budget.spend() for _ in range(frames))


def test_so_much_may_come_at_once_and_so_much_in_the_long_run() -> None:
    clock = Clock()
    budget = Budget(now=clock)
    assert _heard(budget, int(BURST)) == BURST
    assert not budget.spend()
    clock.time += 2
    assert _heard(budget, 100) == int(2 * PER_SECOND) - 1


def test_a_page_brings_its_own_and_takes_it_along() -> None:
    clock = Clock()
    budget = Budget(now=clock)
    budget.pages += 1
    assert _heard(budget, 1000) == BURST + BURST_OF_A_PAGE
    for _ in range(100):  # to close it and open another brings nothing
        budget.pages -= 1
        budget.pages += 1
    assert not budget.spend()


def test_somebody_who_types_is_never_delayed() -> None:
    clock = Clock()
    budget = Budget(now=clock)
    delays = []
    for _ in range(1000):
        delays.append(budget.delay())
        clock.time += 1 / PER_SECOND
    assert max(delays) == 0


def test_events_of_a_burst_are_acted_upon_one_after_the_other() -> None:
    budget = Budget(now=Clock())
    delays = [budget.delay() for _ in range(int(AT_ONCE) + 20)]
    assert delays[: int(AT_ONCE)] == [0.0] * int(AT_ONCE)
    assert delays == sorted(delays)
    assert abs(delays[-1] - 20 / PER_SECOND) < 1e-6


@pytest.mark.usefixtures("no_time")
def test_a_users_sessions_share_what_the_user_has() -> None:
    user_id = uuid4()
    accounts = [account_of(uuid4(), user_id) for _ in range(5)]
    heard = [sum(account.spend() for _ in range(int(BURST))) for account in accounts]
    assert heard[0] == BURST
    assert sum(heard) == BURST * SESSIONS
    assert account_of(uuid4(), uuid4()).spend()


def test_two_pages_of_a_session_spend_from_the_same() -> None:
    session_id, user_id = uuid4(), uuid4()
    one: Account = account_of(session_id, user_id)
    other: Account = account_of(session_id, user_id)
    assert one.session is other.session
    assert one.user is other.user


@pytest.mark.usefixtures("no_timers")
async def test_files_that_are_asked_for_at_once_are_answered_at_the_pace_of_a_pages_frames() -> (
    None
):
    session_id, user_id = uuid4(), uuid4()
    asked = [asyncio.create_task(keep_pace(session_id, user_id)) for _ in range(int(BURST) + 5)]
    for _ in range(3):  # those that needn't wait end after a turn of the loop
        await asyncio.sleep(0)
    done = [one for one in asked if one.done()]
    refused = [one for one in done if isinstance(one.exception(), FloodedError)]
    assert len(refused) == 5
    assert len(done) - len(refused) == AT_ONCE
    for one in asked:
        one.cancel()
    await asyncio.gather(*asked, return_exceptions=True)


@pytest.mark.usefixtures("no_timers")
async def test_an_export_counts_as_several_frames_and_a_single_one_never_waits() -> None:
    session_id, user_id = uuid4(), uuid4()
    exports = [asyncio.create_task(keep_pace(session_id, user_id, frames=EXPORT)) for _ in range(3)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert [one.done() for one in exports] == [True, False, False]
    for one in exports:
        one.cancel()
    await asyncio.gather(*exports, return_exceptions=True)
