"""What the doctor reads whole isn't read again each minute while the System page is watched."""

import asyncio

import pytest
from sqlalchemy import text

from models import Tenant
from services.access.actor import COMMAND_LINE
from services.audit.heads import note_heads
from services.database.runtime import Runtime
from services.operations import doctor
from services.operations.checks import Check, State
from services.operations.hourly import Hourly
from services.users import accounts
from tests import factories


@pytest.fixture
async def entries(tenant: Tenant) -> None:
    user = await factories.create_user(tenant)
    await accounts.rename(COMMAND_LINE, user.id, "Re", "Named")
    await note_heads()


async def _look(name: str = "Audit log", *, anew: bool) -> Check:
    (found,) = await doctor.examine([name], anew=anew)
    return found


async def _write(rollcall: Runtime, address: str) -> None:
    """Past the log's own rules."""
    async with rollcall.database.writer.begin() as connection:
        change = text("UPDATE audit_event SET address = :address WHERE address IN ('', 'changed')")
        await connection.execute(change, {"address": address})


async def test_a_broken_log_is_read_again_once_an_hour_or_when_somebody_asks(
    rollcall: Runtime, entries: None
) -> None:
    await _write(rollcall, "changed")
    broken = await _look(anew=False)
    assert broken.state is State.FAILED
    await _write(rollcall, "")
    assert await _look(anew=False) == broken
    assert (await _look(anew=True)).state is State.OK
    assert (await _look(anew=False)).state is State.OK


class _Slow:
    """What is read for as long as the test wants it."""

    def __init__(self) -> None:
        self.begun, self.end, self.times = asyncio.Event(), asyncio.Event(), 0

    async def read(self) -> int:
        self.times += 1
        self.begun.set()
        await self.end.wait()
        return self.times


async def test_who_is_cut_off_after_waiting_for_another_s_reading_leaves_its_result() -> None:
    hourly, first, second = Hourly[int](), _Slow(), _Slow()
    minutely = asyncio.create_task(hourly.read(first.read, anew=False))
    await first.begun.wait()
    pressed = asyncio.create_task(hourly.read(second.read, anew=True))
    await asyncio.sleep(0)  # it waits now
    first.end.set()
    await second.begun.wait()
    pressed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pressed
    assert await minutely == 1
    assert await hourly.read(second.read, anew=False) == 1


async def test_two_who_ask_while_a_reading_runs_share_the_next_one() -> None:
    hourly, first, second = Hourly[int](), _Slow(), _Slow()
    minutely = asyncio.create_task(hourly.read(first.read, anew=False))
    await first.begun.wait()
    pressed = [asyncio.create_task(hourly.read(second.read, anew=True)) for _ in range(2)]
    await asyncio.sleep(0)  # both wait now
    first.end.set()
    second.end.set()
    assert await asyncio.gather(minutely, *pressed) == [1, 1, 1]
    assert second.times == 1


async def test_a_result_that_can_t_be_read_again_in_time_counts_no_more() -> None:
    hourly, short, endless = Hourly[int](), _Slow(), _Slow()
    short.end.set()
    assert await hourly.read(short.read, anew=False) == 1
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await hourly.read(endless.read, anew=True)
    assert await hourly.read(short.read, anew=False) is None


async def test_what_takes_too_long_to_be_read_is_not_begun_again_each_minute() -> None:
    hourly = Hourly[int]()

    async def endless() -> int:
        await asyncio.Event().wait()
        return 0

    async def short() -> int:
        return 7

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await hourly.read(endless, anew=False)
    assert await hourly.read(short, anew=False) is None
    assert await hourly.read(short, anew=True) == 7
    assert await hourly.read(endless, anew=False) == 7
