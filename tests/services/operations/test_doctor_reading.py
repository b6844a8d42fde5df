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
