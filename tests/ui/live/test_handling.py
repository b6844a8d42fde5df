"""Whose event is handled next."""

import asyncio
from uuid import uuid4

import pytest
from nicegui import background_tasks, core
from nicegui import events as theirs

from services.database.runtime import Runtime
from tests.conftest import ONE_DATABASE
from ui.live import budget, handling
from ui.live.budget import Account, Budget
from ui.live.handling import Handling

ONE, OTHER = uuid4(), uuid4()


@pytest.fixture
def events(rollcall: Runtime, monkeypatch: pytest.MonkeyPatch) -> Handling:
    monkeypatch.setattr(handling, "SLOTS", 1)
    monkeypatch.setattr(handling, "SLOTS_ON_POSTGRESQL", 1)
    monkeypatch.setattr(handling, "SLOT", 3600)
    return rollcall.part(Handling)


def in_time() -> Account:
    """Of somebody who keeps the pace."""
    return Account(Budget(), Budget())


def too_fast() -> Account:
    """Of somebody who has sent more events than are handled at once."""
    account = in_time()
    for _ in range(int(budget.AT_ONCE) + 1):
        account.delay()
    assert account.is_ahead
    return account


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@ONE_DATABASE
async def test_an_event_begins_when_all_has_ended_that_the_handlers_of_the_one_before_do(
    events: Handling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    monkeypatch.setattr(theirs, "background_tasks", background_tasks)  # and as it was, later
    handling.install()
    goes_on = asyncio.Event()
    with await events.slot(ONE, in_time()):
        theirs.handle_event(goes_on.wait, theirs.EventArguments(), expect_args=False)
    second = asyncio.create_task(events.slot(ONE, in_time()))
    await _turns()
    assert not second.done()
    goes_on.set()
    await _turns()
    assert second.done()


async def test_people_have_their_events_handled_in_turn_however_many_somebody_sends(
    events: Handling,
) -> None:
    order = list[str]()

    async def handle(who: str) -> None:
        with await events.slot(ONE if who == "one" else OTHER, in_time()):
            order.append(who)

    with await events.slot(ONE, in_time()):
        sent = [asyncio.create_task(handle("one")) for _ in range(3)]
        await _turns()
        sent.append(asyncio.create_task(handle("other")))
        await _turns()
    await asyncio.gather(*sent)
    assert order == ["one", "other", "one", "one"]


@ONE_DATABASE
async def test_an_event_that_takes_long_lets_the_next_one_begin(
    events: Handling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handling, "SLOT", 0)
    slow = await events.slot(ONE, in_time())
    with slow:
        async with asyncio.timeout(60):
            (await events.slot(ONE, in_time())).leave()
    slow.leave()
    monkeypatch.setattr(handling, "SLOT", 3600)
    first = await events.slot(ONE, in_time())  # it was given back once
    second = asyncio.create_task(events.slot(ONE, in_time()))
    await _turns()
    assert not second.done()
    first.leave()
    (await second).leave()


@ONE_DATABASE
async def test_who_leaves_while_they_wait_keep_nobody_else_waiting(events: Handling) -> None:
    first = await events.slot(ONE, in_time())
    waiting = [asyncio.create_task(events.slot(who, in_time())) for who in (ONE, OTHER, ONE)]
    await _turns()
    waiting[0].cancel()
    await _turns()
    first.leave()
    waiting[1].cancel()  # at the moment at which it is called
    async with asyncio.timeout(60):
        (await waiting[2]).leave()
    (await events.slot(OTHER, in_time())).leave()


@ONE_DATABASE
async def test_so_many_events_of_one_person_may_wait(
    events: Handling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handling, "MOST_WAITING", 2)
    first = await events.slot(ONE, in_time())
    waiting = [asyncio.create_task(events.slot(ONE, in_time())) for _ in range(2)]
    await _turns()
    assert events.is_full_for(ONE)
    assert not events.is_full_for(OTHER)
    first.leave()
    await _turns()
    assert not events.is_full_for(ONE)
    for one in waiting:
        (await one).leave()


@ONE_DATABASE
async def test_those_who_send_too_fast_wait_after_an_event_in_which_others_have_their_turn(
    events: Handling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "PER_SECOND", 1e-6)  # they are too fast for as long as it takes
    monkeypatch.setattr(handling, "REST", 1e9)
    first = await events.slot(ONE, too_fast())
    waiting = asyncio.create_task(events.slot(ONE, too_fast()))
    await asyncio.sleep(0.001)  # for as long as this, a thousand million times
    first.leave()
    await _turns()
    assert not waiting.done()
    async with asyncio.timeout(60):
        (await events.slot(OTHER, in_time())).leave()
    assert not waiting.done()
    waiting.cancel()


@ONE_DATABASE
async def test_they_wait_in_proportion_to_what_the_event_took(
    events: Handling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "PER_SECOND", 1e-6)
    monkeypatch.setattr(handling, "REST", 0.5)
    loop = asyncio.get_running_loop()
    begun, first = loop.time(), await events.slot(ONE, too_fast())
    waiting = asyncio.create_task(events.slot(ONE, too_fast()))
    await asyncio.sleep(0.02)
    took = loop.time() - begun  # at least
    first.leave()
    async with asyncio.timeout(60):
        (await waiting).leave()
    assert loop.time() - begun >= took * 1.4


@ONE_DATABASE
async def test_after_an_event_of_somebody_in_time_there_is_no_such_rest(
    events: Handling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "PER_SECOND", 1e-6)
    monkeypatch.setattr(handling, "REST", 1e9)
    first = await events.slot(OTHER, in_time())
    await asyncio.sleep(0.001)
    first.leave()
    async with asyncio.timeout(60):
        (await events.slot(ONE, too_fast())).leave()
