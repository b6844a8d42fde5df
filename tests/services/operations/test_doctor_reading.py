"""What the doctor reads whole isn't read again each minute while the System page is watched."""

import pytest
from sqlalchemy import text

from models import Tenant
from services.access.actor import COMMAND_LINE
from services.audit.heads import note_heads
from services.database.runtime import Runtime
from services.operations import doctor
from services.operations.checks import Check, State
from services.users import accounts
from tests import factories


@pytest.fixture(autouse=True)
async def _entries(tenant: Tenant) -> None:
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
    rollcall: Runtime,
) -> None:
    await _write(rollcall, "changed")
    broken = await _look(anew=False)
    assert broken.state is State.FAILED
    await _write(rollcall, "")
    assert await _look(anew=False) == broken
    assert (await _look(anew=True)).state is State.OK
    assert (await _look(anew=False)).state is State.OK


@pytest.mark.parametrize("name", ["Audit log", "Names"])
async def test_what_takes_too_long_to_be_read_is_not_begun_again_each_minute(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(doctor, "AUDIT_SECONDS", 0)
        patch.setattr(doctor, "NAMES_SECONDS", 0)
        assert "No answer within" in (await _look(name, anew=False)).words
    assert "read" in (await _look(name, anew=False)).words
    assert (await _look(name, anew=True)).state is State.OK
