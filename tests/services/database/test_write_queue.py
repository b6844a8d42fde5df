"""Who writes next: order, shares, limits, and callers that give up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from services.access.actor import ROLLCALL
from services.core.errors import TooMuchAtOnceError
from services.database.write_queue import (
    FURTHEST_BEHIND,
    MOST_OF_A_SESSION,
    MOST_OF_A_USER,
    PATIENCE,
    PATIENT_AT_ONCE,
    SHARE,
    Turn,
    Who,
    WriteQueue,
)


@dataclass(frozen=True)
class Someone:
    holder_id: UUID = field(default_factory=uuid4)
    session_id: UUID = field(default_factory=uuid4)

    def elsewhere(self) -> "Someone":
        return Someone(self.holder_id)


class Stage:
    """A queue whose clock stands still, and what wrote in it."""

    def __init__(self, slots: int = 1, reserved: int = 0) -> None:
        self.time = 1000.0
        self.queue = WriteQueue(slots, reserved, now=lambda: self.time)
        self.wrote: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def comes(
        self, name: str, who: Who | None = None, turn: Turn = Turn.USUAL
    ) -> asyncio.Task[None]:
        """Somebody wants to write; returns once they stand in the queue."""
        self.tasks[name] = asyncio.create_task(self._write(name, who, turn))
        await asyncio.sleep(0)
        return self.tasks[name]

    async def _write(self, name: str, who: Who | None, turn: Turn) -> None:
        async with self.queue.turn(turn, who):
            self.wrote.append(name)

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Somebody else writes; at the end all who came meanwhile have written."""
        async with self.queue.turn():
            yield
        async with asyncio.timeout(60):
            await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def test_those_of_one_kind_write_in_the_order_in_which_they_came() -> None:
    stage = Stage()
    async with stage.busy():
        for number in range(10):
            await stage.comes(str(number), Someone() if number % 2 else None)
    assert stage.wrote == [str(number) for number in range(10)]


async def test_who_ends_access_goes_before_all_others() -> None:
    stage = Stage()
    async with stage.busy():
        await stage.comes("sign-in", turn=Turn.PATIENT)
        await stage.comes("rename", Someone())
        await stage.comes("deactivate", Someone(), Turn.URGENT)
        await stage.comes("expiry", turn=Turn.URGENT)
    assert stage.wrote == ["deactivate", "expiry", "rename", "sign-in"]


@pytest.mark.parametrize("turn", [Turn.USUAL, Turn.URGENT])
async def test_who_has_just_written_a_lot_comes_after_who_has_not(turn: Turn) -> None:
    stage, flooder = Stage(), Someone()
    async with stage.busy():
        for number in range(5):
            await stage.comes(f"flood {number}", flooder, turn)
        await stage.comes("other", Someone(), turn)
    assert stage.wrote == ["flood 0", "other", *[f"flood {number}" for number in range(1, 5)]]


async def test_a_flood_is_forgiven_with_time() -> None:
    stage, flooder = Stage(), Someone()
    for number in range(1000):
        await stage.comes(f"flood {number}", flooder)
        await stage.tasks.pop(f"flood {number}")
    stage.wrote.clear()
    stage.time += FURTHEST_BEHIND + SHARE
    async with stage.busy():
        await stage.comes("flooder", flooder)
        await stage.comes("other", Someone())
    assert stage.wrote == ["flooder", "other"]


async def test_who_is_patient_waits_for_no_longer_than_that() -> None:
    stage = Stage()
    async with stage.busy():
        await stage.comes("sign-in", turn=Turn.PATIENT)
        stage.time += PATIENCE / 2
        await stage.comes("sooner", Someone())
        stage.time += PATIENCE
        await stage.comes("later", Someone())
    assert stage.wrote == ["sooner", "sign-in", "later"]


async def test_a_session_has_so_many_acts_and_no_more() -> None:
    stage, flooder = Stage(), Someone()
    async with stage.busy():
        for number in range(MOST_OF_A_SESSION):
            await stage.comes(str(number), flooder)
        refused = await stage.comes("one more", flooder)
        assert refused.done()  # at once, without waiting for a turn
        with pytest.raises(TooMuchAtOnceError, match="Wait a moment, then try again"):
            await refused
        await stage.comes("from another browser", flooder.elsewhere())
    assert "one more" not in stage.wrote
    assert "from another browser" in stage.wrote
    await (await stage.comes("afterwards", flooder))


async def test_a_users_sessions_together_have_so_many_and_no_more() -> None:
    stage, flooder = Stage(), Someone()
    async with stage.busy():
        for number in range(MOST_OF_A_USER):
            await stage.comes(str(number), flooder.elsewhere())
        refused = await stage.comes("one more", flooder.elsewhere())
        assert refused.done()
        with pytest.raises(TooMuchAtOnceError):
            await refused
        await stage.comes("somebody else", Someone())
    assert "somebody else" in stage.wrote


async def test_a_queue_is_free_for_who_has_not_just_written_while_nobody_is_here() -> None:
    stage, one, another = Stage(slots=2), Someone(), Someone()
    assert stage.queue.is_free_for(one)
    async with stage.queue.turn(who=one):
        assert not stage.queue.is_free_for(another)
    assert stage.queue.is_free_for(another)
    assert stage.queue.is_free_for(None)
    assert not stage.queue.is_free_for(one.elsewhere())
    stage.time += SHARE
    assert stage.queue.is_free_for(one)


async def test_each_user_has_one_of_several_places() -> None:
    stage, flooder = Stage(slots=3), Someone()
    async with stage.queue.turn(who=flooder):
        same = await stage.comes("same user", flooder)
        await (await stage.comes("another", Someone()))
        await asyncio.sleep(0)
        assert not same.done()
    await same
    assert stage.wrote == ["another", "same user"]


async def test_who_is_patient_takes_only_some_of_the_places() -> None:
    stage = Stage(slots=PATIENT_AT_ONCE + 2)
    async with stage.busy(), AsyncExitStack() as others:
        for _ in range(PATIENT_AT_ONCE):
            await others.enter_async_context(stage.queue.turn(Turn.PATIENT))
        await stage.comes("sign-in", turn=Turn.PATIENT)
        stage.time += PATIENCE
        await stage.comes("rename", Someone())
        await asyncio.wait_for(stage.tasks["rename"], 60)
        assert stage.wrote == ["rename"]
    assert stage.wrote == ["rename", "sign-in"]


@pytest.mark.parametrize("background", [ROLLCALL, Someone()])
async def test_sign_ins_and_work_in_the_background_don_t_wait_for_one_another(
    background: Who,
) -> None:
    stage = Stage(slots=2 * PATIENT_AT_ONCE + 2)
    async with AsyncExitStack() as others:
        for who in [background, *[ROLLCALL] * (PATIENT_AT_ONCE - 1)]:
            await others.enter_async_context(stage.queue.turn(Turn.PATIENT, who))
        for number in range(PATIENT_AT_ONCE):
            await stage.comes(f"sign-in {number}", turn=Turn.PATIENT)
        assert stage.wrote == [f"sign-in {number}" for number in range(PATIENT_AT_ONCE)]
    stage.wrote.clear()
    async with AsyncExitStack() as others:
        for _ in range(PATIENT_AT_ONCE):
            await others.enter_async_context(stage.queue.turn(Turn.PATIENT))
        await stage.comes("background", background, Turn.PATIENT)
        assert stage.wrote == ["background"]


async def test_urgent_acts_have_places_that_nobody_else_takes() -> None:
    stage = Stage(slots=1, reserved=1)
    async with stage.queue.turn(), asyncio.timeout(60):
        usual = await stage.comes("usual", Someone())
        await (await stage.comes("urgent", Someone(), Turn.URGENT))
        assert not usual.done()
    await usual


async def test_who_goes_away_while_waiting_holds_nobody_up() -> None:
    stage = Stage()
    async with stage.busy():
        gone = await stage.comes("gone", Someone())
        await stage.comes("next", Someone())
        gone.cancel()
    assert stage.wrote == ["next"]


async def test_who_goes_away_at_the_moment_of_being_called_holds_nobody_up() -> None:
    stage = Stage()
    async with stage.queue.turn():
        gone = await stage.comes("gone", Someone())
        following = await stage.comes("next", Someone())
    gone.cancel()  # called, and not yet run
    async with asyncio.timeout(60):
        await following
    assert stage.wrote == ["next"]


async def test_an_act_that_fails_leaves_its_turn_and_its_users_count() -> None:
    stage, somebody = Stage(), Someone()
    for _ in range(2 * MOST_OF_A_USER):
        with pytest.raises(ZeroDivisionError):
            async with stage.queue.turn(who=somebody):
                raise ZeroDivisionError
    await (await stage.comes("afterwards", somebody))
    assert stage.wrote == ["afterwards"]


async def test_what_can_wait_goes_on_once_no_act_is_here_or_its_patience_is_over() -> None:
    stage = Stage()
    await stage.queue.calm(60)  # nobody is here
    async with stage.busy():
        waits = asyncio.create_task(stage.queue.calm(60))
        await stage.comes("act")
        await stage.queue.calm(0.01)
        assert not waits.done()
    await waits
    assert stage.wrote == ["act"]
