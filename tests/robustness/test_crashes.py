"""What was acknowledged is there after a crash, and the books balance."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import pytest

from models import MailState
from services.audit_log import verify
from services.settings import Settings
from services.startup import started
from tests import books
from tests.browser.server import ROOT

# Crashes in one run; many more by hand: ROLLCALL_CRASHES=100.
ROUNDS = int(os.environ.get("ROLLCALL_CRASHES", "8"))

# Invites, toggles, and says what was committed only after it was.
WORK = """
import asyncio, sys
from pathlib import Path
from services import invitations, users
from services.actor import Operator
from services.invitations import InvitationForm
from services.settings import Settings
from services.startup import started
from services.tenants import create_tenant
from services.actor import COMMAND_LINE

async def main(folder, first):
    settings = Settings(_env_file=None, data_dir=Path(folder), mail_server="127.0.0.1",
                        mail_port=9, mail_from="rollcall@example.com")
    async with started(settings):
        tenant = await create_tenant(COMMAND_LINE, f"Acme {first}")
        by = Operator("Test", tenant.id)
        for number in range(10_000):
            email = f"user{first + number}@example.com"
            form = InvitationForm(first_name="A", last_name="B", email=email, role="administrator")
            print("begun", email, flush=True)
            invited = await invitations.invite(by, form)
            print("invited", invited.user_id, email, flush=True)
            if number % 2:
                await users.set_active(by, invited.user_id, active=False)
                print("deactivated", invited.user_id, flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def _work_until_killed(folder: Path, first: int, after: float) -> list[list[str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WORK,
        str(folder),
        str(first),
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    said = [await process.stdout.readline()]  # it works by now
    await asyncio.sleep(after)
    process.send_signal(signal.SIGKILL)
    said += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    return [line.decode().split() for line in said if line.endswith(b"\n")]


@pytest.mark.slow
async def test_nothing_that_was_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    chance = random.Random(9)  # noqa: S311 - moments of death, the same in each run
    folder = tmp_path / "data"
    said: list[list[str]] = []
    for number in range(ROUNDS):
        said += await _work_until_killed(folder, number * 100_000, chance.uniform(0.05, 0.5))
    begun = {line[1] for line in said if line[0] == "begun"}
    invited = {line[2] for line in said if line[0] == "invited"}
    deactivated = {line[1] for line in said if line[0] == "deactivated"}
    assert invited
    settings = Settings(_env_file=None, data_dir=folder)
    async with started(settings):
        assert (await verify())[1] is None
        for email in begun:
            accounts = await books.users_with(email)
            assert len(accounts) == 1 if email in invited else len(accounts) <= 1
            for account in accounts:
                (mail,) = await books.mails_of(account.id)
                assert mail.message_id
                assert str(account.id) not in deactivated or not account.active
                if not account.active:
                    assert mail.state is MailState.CANCELLED
                    assert await books.live_links_of(account.id) == []
                else:
                    assert mail.state is MailState.WAITING
                    assert len(await books.live_links_of(account.id)) == 1
