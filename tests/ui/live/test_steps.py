"""The time of the steps that something runs in the event loop, without its waits."""

import asyncio
from contextlib import suppress

import pytest

from ui.live.steps import Steps


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_steps_are_counted_and_waits_are_not() -> None:
    clock = _Clock()
    steps, came = Steps(clock), asyncio.Event()

    async def work() -> str:
        clock.now += 1
        await came.wait()
        clock.now += 2
        return "done"

    doing = asyncio.create_task(steps.of(work()))
    await asyncio.sleep(0)
    clock.now += 100
    came.set()
    assert await doing == "done"
    assert steps.took == 3


@pytest.mark.parametrize("ends", ["fails", "is cancelled"])
async def test_what_ends_early_ends_as_without_counting(ends: str) -> None:
    clock, told = _Clock(), list[str]()
    steps, never = Steps(clock), asyncio.Event()

    async def work() -> None:
        try:
            await never.wait()
        except asyncio.CancelledError:
            told.append("is cancelled")
            clock.now += 1
            raise

    async def fail() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            raise ValueError

    doing = asyncio.create_task(steps.of(fail() if ends == "fails" else work()))
    await asyncio.sleep(0)
    if ends == "is cancelled":
        doing.cancel()
        with suppress(asyncio.CancelledError):
            await doing
        assert doing.cancelled()
        assert steps.took == 1
    else:
        with pytest.raises(ExceptionGroup):
            await doing
        assert not told or told == ["is cancelled"]
