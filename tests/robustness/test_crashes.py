"""What was acknowledged is there after a crash, and the data is consistent.

`make test` kills Rollcall 20 times on SQLite and 6 times on PostgreSQL, whose own crashes these
aren't, and a whole server twice; `make soak` does it 100, 25 and 5 times.
"""

import asyncio
import random
import signal
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlmodel import select

from models import MailState, Role, Tenant, User
from services.access.actor import Operator
from services.audit.check import verify
from services.core import clock
from services.core.settings import Settings
from services.database.startup import started
from services.database.transaction import reading
from services.mail import queue
from services.sessions import sessions
from services.users import accounts as users
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.browser.server import PATIENCE, ROOT, cookie_name, serving
from tests.conftest import make_settings
from tests.deliveries import deliver_next
from tests.factories import CALLER, PASSWORD
from tests.mail_server import MailServer, receiving_mail
from tests.robustness.crashing import Task
from tests.sizes import size

pytestmark = [pytest.mark.slow, pytest.mark.stress]

# How often Rollcall is killed: on SQLite, and on PostgreSQL.
KILLS = {True: size(20, 100), False: size(6, 25)}
SERVERS_KILLED = size(2, 5)


async def test_nothing_that_was_acknowledged_is_lost_by_kill_9(settings: Settings) -> None:
    async with receiving_mail() as mail_server:
        async with started(settings):
            tenant = await factories.create_tenant("Acme", "acme")
            members = await factories.create_users(100, tenant)
            toggled = await factories.create_users(4, tenant)
            await factories.sign_in_all(toggled)
        url = settings.database_url
        task = Task(
            data_dir=settings.data_dir,
            database_url=url.get_secret_value() if url else None,
            mail_port=mail_server.port,
            tenant_id=tenant.id,
            slug=tenant.slug,
            members=[user.email for user in members],
            toggled=[user.id for user in toggled],
            password=PASSWORD,
            kills=KILLS[settings.is_sqlite],
        )
        said = await _killed_over_and_over(task)
        _send_to(settings, mail_server)
        async with started(settings):
            await _deliver_the_rest()
            await _every_invitation_made_one_account_and_one_mail(said, mail_server)
            await _every_switch_is_as_it_was_left(said)
            await _every_session_lives(said)
            await _the_log_and_the_counters_are_right(said, tenant)


async def _killed_over_and_over(task: Task) -> list[list[str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.robustness.crashing",
        task.model_dump_json(),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    said = [line.split() for line in out.decode().splitlines()]
    for word in ("invited", "switched", "entered"):
        assert sum(line[0] == word for line in said) > 5, f"too little was {word}"
    return said


def _send_to(settings: Settings, mail_server: MailServer) -> None:
    settings.mail_server = "127.0.0.1"
    settings.mail_port = mail_server.port
    settings.mail_from = "rollcall@example.com"
    settings.mail_starttls = False


async def _deliver_the_rest() -> None:
    # After the leases of interrupted deliveries have expired.
    clock.shift(queue.LEASE + timedelta(seconds=1))
    while await deliver_next():
        pass
    clock.shift(timedelta(0))


async def _every_invitation_made_one_account_and_one_mail(
    said: list[list[str]], mail_server: MailServer
) -> None:
    begun = {line[1] for line in said if line[0] == "inviting"}
    acknowledged = {line[1] for line in said if line[0] == "invited"}
    ids: dict[str, set[str]] = defaultdict(set)
    for received in mail_server.received:
        (recipient,) = received.recipients
        ids[recipient].add(str(received.message["Message-ID"]))
    async with reading() as tx:
        found = await tx.exec(select(User).where(User.role == Role.ADMINISTRATOR))
        accounts = {user.email: user for user in found}
    assert acknowledged <= accounts.keys() <= begun
    for email, account in accounts.items():
        (mail,) = await books.mails_of(account.id)
        assert mail.state is MailState.SENT
        assert ids[email] == {mail.message_id}, "one Message-ID, however often it was sent"
        assert len(await books.live_links_of(account.id)) == 1


async def _every_switch_is_as_it_was_left(said: list[list[str]]) -> None:
    left: dict[str, set[str]] = {}
    for line in said:
        if line[0] == "switched":
            left[line[1]] = {line[2]}
        elif line[0] == "switching":
            left.setdefault(line[1], {"True"}).add(line[2])
    assert left
    for user_id, possible in left.items():
        user = await books.user_of(UUID(user_id))
        assert str(user.active) in possible
        if not user.active:
            assert await books.ways_in([user.id]) == []


async def _every_session_lives(said: list[list[str]]) -> None:
    for _, email, token in [line for line in said if line[0] == "entered"]:
        assert (await sessions.recognise(token, "acme", CALLER)).email == email


async def _the_log_and_the_counters_are_right(said: list[list[str]], tenant: Tenant) -> None:
    assert (await verify())[1] is None
    actions = await books.actions_of(tenant)
    for word, action in (("invited", "user.invited"), ("entered", "session.signed_in")):
        assert actions.count(action) >= sum(line[0] == word for line in said)
    assert actions.count("user.invited") == sum(
        user.role is Role.ADMINISTRATOR for user in await books.active_users()
    )


async def test_a_server_killed_under_load_lost_nothing(tmp_path: Path) -> None:
    chance = random.Random(9)  # noqa: S311 - moments of death
    folder = tmp_path / "data"
    async with receiving_mail() as mail_server:
        beside = make_settings(folder)
        _send_to(beside, mail_server)
        async with started(beside):
            tenant = await factories.create_tenant("Acme", "acme")
            ada = await factories.create_user(tenant, email="ada@example.com")
            entered: list[str] = []
            for life in range(SERVERS_KILLED):
                mail = {
                    "ROLLCALL_MAIL_SERVER": "127.0.0.1",
                    "ROLLCALL_MAIL_PORT": str(mail_server.port),
                    "ROLLCALL_MAIL_FROM": "rollcall@example.com",
                    "ROLLCALL_MAIL_STARTTLS": "false",
                }
                async with serving(folder, settings=mail) as server:
                    works = asyncio.Event()
                    work = [
                        asyncio.create_task(_sign_in_over_and_over(server.url, entered, works)),
                        asyncio.create_task(_sign_in_over_and_over(server.url, entered, works)),
                        asyncio.create_task(_invite_over_and_over(tenant, life)),
                    ]
                    await _until_it_works(works, work)
                    await asyncio.sleep(chance.uniform(0.01, 0.5))
                    assert await server.stop(signal.SIGKILL) == -signal.SIGKILL
                    work[2].cancel()
                    ended = await asyncio.gather(*work, return_exceptions=True)
                    assert ended[:2] == [None, None]
                    assert isinstance(ended[2], asyncio.CancelledError)
                assert "Traceback" not in server.log()
            for token in entered:
                assert (await sessions.recognise(token, "acme", CALLER)).user_id == ada.id
            await _deliver_the_rest()
            for user in await books.active_users():
                for mail_row in await books.mails_of(user.id):
                    assert mail_row.state is MailState.SENT
                    ids = {m.message["Message-ID"] for m in mail_server.to(user.email)}
                    assert ids == {mail_row.message_id}
            assert (await verify())[1] is None


async def _until_it_works(works: asyncio.Event, work: list[asyncio.Task[None]]) -> None:
    waiting = asyncio.create_task(works.wait())
    done, _ = await asyncio.wait(
        [waiting, *work], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED
    )
    for task in done:
        task.result()  # what ended early says why
    assert works.is_set()


async def _sign_in_over_and_over(url: str, entered: list[str], works: asyncio.Event) -> None:
    form = {"email": "ada@example.com", "password": PASSWORD}
    async with httpx.AsyncClient(base_url=url, headers={"Origin": url}, timeout=60) as http:
        while True:
            http.cookies.clear()
            try:
                answer = await http.post("/t/acme/login", data=form)
            except httpx.TransportError:
                return
            assert answer.status_code == 303, answer.text
            entered.append(answer.cookies[cookie_name(url)])
            works.set()


async def _invite_over_and_over(tenant: Tenant, life: int) -> None:
    by = Operator("Test", tenant.id)
    for number in range(10_000):
        form = InvitationForm(
            first_name="A",
            last_name="B",
            email=f"u{life}.{number}@example.com",
            role="sales_engineer",
        )
        invited = await invitations.invite(by, form)
        if number % 3 == 0:
            await users.set_active(by, invited.user_id, active=False)
        # SQLite's lock isn't a queue: a process that asks again at once leaves no turn to others.
        await asyncio.sleep(0.01)
