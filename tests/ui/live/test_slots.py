"""What an answer keeps of the slots, and what counts as spent on it."""

import asyncio
import time

import pytest
from starlette.types import Message, Receive, Scope, Send

from services.database.runtime import Runtime
from tests.ui.live.asked import person_of, scope_of
from ui.live import asking
from ui.live.asking import InTurn


@pytest.fixture
def slots(rollcall: Runtime, monkeypatch: pytest.MonkeyPatch) -> asyncio.Semaphore:
    monkeypatch.setattr(asking, "SLOTS", 2)
    monkeypatch.setattr(asking, "SLOTS_ON_POSTGRESQL", 2)
    monkeypatch.setattr(asking, "SLOT", 3600)
    return rollcall.part(asking._Slots)


async def test_of_two_tasks_of_one_answer_that_wait_for_a_slot_one_keeps_it(
    slots: asyncio.Semaphore,
) -> None:
    await slots.acquire()
    await slots.acquire()
    slot = asking._Slot(is_needed=True)
    both = [asyncio.create_task(slot.take()) for _ in range(2)]
    await asyncio.sleep(0)
    slots.release()
    slots.release()
    await asyncio.gather(*both)
    slot.leave()
    await slots.acquire()
    assert not slots.locked()


async def test_who_is_told_that_the_browser_hung_up_waits_for_no_slot(
    slots: asyncio.Semaphore,
) -> None:
    async def listen(_scope: Scope, receive: Receive, _send: Send) -> None:
        assert (await receive())["type"] == "http.disconnect"

    async def hung_up() -> Message:
        await slots.acquire()
        await slots.acquire()
        return {"type": "http.disconnect"}

    person_of("a session")
    async with asyncio.timeout(60):
        await InTurn(listen)(scope_of("/", "a session"), hung_up, _hears)


async def test_what_is_answered_after_its_body_was_awaited_counts_as_well(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "STRANGERS_PART", 1e-9)  # the passing clock is nothing beside it
    monkeypatch.setattr(asking, "SLOT", 0)
    took = 0.0

    async def refuse(_scope: Scope, receive: Receive, _send: Send) -> None:
        nonlocal took
        await receive()
        for _ in range(3):
            await asyncio.sleep(0)  # the slot is left meanwhile
        begun = time.thread_time()
        sum(range(300_000))
        took = time.thread_time() - begun

    async def comes() -> Message:
        return {"type": "http.request"}

    begun = asyncio.get_running_loop().time()
    await InTurn(refuse)(scope_of("/login", method="POST"), comes, _hears)
    assert rollcall.part(asking._Used)["192.0.2.1", False] - begun >= took / 1e-9


async def _hears(_message: Message) -> None:
    pass
