"""A server that serves tells the audit heads by itself, and holds nobody up for that."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from services.access.actor import COMMAND_LINE
from services.audit.heads import Head, read_heads
from services.core.errors import OperatorError
from services.core.settings import Settings
from services.database.startup import started
from services.users import accounts
from tests import factories
from tests.browser.server import PATIENCE, Server, serving
from tests.browser.waiting import eventually
from tests.hanging import hanging, threads_of
from tests.robustness.conftest import copy_into
from tests.test_command_line import run

# An hour, as the product waits between two rounds, is too long for a test.
EMAIL = "ada@example.com"
OFTEN = "from services.operations import workers\nworkers.HEADS_SECONDS = 0.2"
HASTY = f"{OFTEN}\nfrom services.audit import telling\ntelling.WRITE_SECONDS = 0.2"
REFUSED = "The audit heads can't be written to "
ROUNDS = 8


def _kept(folder: Path) -> list[Head]:
    try:
        return [head for file in folder.glob("*.txt") for head in read_heads(file.read_text())]
    except OperatorError:  # nothing yet
        return []


def _logged(server: Server) -> list[Head]:
    try:
        return read_heads(server.log())
    except OperatorError:
        return []


def _newest(heads: list[Head]) -> int:
    return max((head.number for head in heads if head.name == "acme"), default=0)


async def _threads_after_a_round(server: Server) -> int:
    """How many threads it has when it has said once more that the folder can't be written to."""
    before = server.log().count(REFUSED)
    await eventually(lambda: server.log().count(REFUSED) > before)
    return threads_of(server.process.pid)


@pytest.fixture
async def data(tmp_path: Path, sqlite_template: Path) -> Path:
    """The data folder of an organisation whose log has an entry."""
    copy_into(tmp_path / "data", sqlite_template)
    async with started(Settings(_env_file=None, data_dir=tmp_path / "data")):
        tenant = await factories.create_tenant("Acme", "acme")
        user = await factories.create_user(tenant, email=EMAIL)
        await accounts.set_active(COMMAND_LINE, user.id, active=False)
    return tmp_path / "data"


async def test_heads_are_told_at_a_start_and_kept_for_the_command(
    data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "heads"
    async with serving(data, settings={"ROLLCALL_AUDIT_HEADS_DIR": str(folder)}) as server:
        await eventually(lambda: _newest(_kept(folder)))
        await eventually(lambda: _newest(_logged(server)))
        assert _newest(_kept(folder)) == _newest(_logged(server))
    (file,) = folder.iterdir()
    done = await asyncio.to_thread(run, data, "verify-audit", "--expect", str(file))
    assert "All expected heads lie on the chains" in done.stdout, done.stdout + done.stderr


async def test_heads_that_moved_since_are_told_in_the_next_round(
    data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "heads"
    own = {"ROLLCALL_AUDIT_HEADS_DIR": str(folder)}
    async with serving(data, settings=own, before=OFTEN) as server:
        await eventually(lambda: _newest(_kept(folder)))
        before = _newest(_kept(folder))
        done = await asyncio.to_thread(run, data, "activate", EMAIL)
        assert done.returncode == 0, done.stderr
        await eventually(lambda: _newest(_kept(folder)) > before)
        await eventually(lambda: _newest(_logged(server)) > before)


async def test_a_folder_for_audit_heads_that_hangs_holds_up_neither_pages_nor_the_end(
    data: Path, tmp_path: Path
) -> None:
    with hanging(tmp_path / "share") as share:
        own = {"ROLLCALL_AUDIT_HEADS_DIR": str(share / "heads")}
        async with serving(data, settings=own, before=HASTY) as server:
            # What begins late has begun after the first rounds; from then on the number stays.
            counts = [await _threads_after_a_round(server) for _ in range(2 * ROUNDS)]
            assert counts[-1] - counts[ROUNDS] < ROUNDS / 2, "none is left behind each time"
            assert "ROLLCALL_AUDIT_HEADS_DIR" in server.log()
            assert _newest(_logged(server)), "the log has them"
            async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE) as http:
                assert (await http.get("/platform/login")).status_code == 200
                assert (await http.get("/readyz")).status_code == 200
            assert await server.stop(signal.SIGTERM) == 0
            assert "Traceback" not in server.log()


async def test_the_doctor_says_that_a_share_hangs_and_ends(tmp_path: Path) -> None:
    before = "from services.operations import aside\naside.FOLDER_SECONDS = 2"
    with hanging(tmp_path / "share") as share:
        done = run(tmp_path / "data", "doctor", AUDIT_HEADS_DIR=str(share / "heads"), before=before)
    assert f"{share}/heads doesn't answer" in done.stdout
    assert "ROLLCALL_AUDIT_HEADS_DIR" in done.stdout
    assert "Traceback" not in done.stderr
