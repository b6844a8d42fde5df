"""What a screen says of troubles: each by its true cause, for as long as it lasts."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import aiosmtplib
import pytest

from models import MailState, MailTemplate, OutgoingMail, Role, Tenant
from services.access.actor import Actor
from services.core import clock
from services.core.errors import SignInFailedError
from services.core.events import stamped
from services.core.settings import Settings
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.mail.troubles import no_connection
from services.operations import backup
from services.screens.reading import find_views
from services.screens.showing import Names, ScreenView
from services.screens.troubles import LATE_MAIL, STORM, Troubles
from services.sessions import replicas
from services.sessions.messages import ReplicaStopped
from services.sessions.sessions import Caller
from services.sign_in import sign_in
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests.deliveries import deliver_next
from tests.factories import CALLER, create_user
from tests.mail_server import MailServer
from tests.services.screens.storms import fail_sign_ins
from tests.services.sessions.test_replicas import announced

REFUSED = str(
    no_connection(
        aiosmtplib.SMTPAuthenticationError(535, "5.7.8 Bad credentials"),
        Settings(_env_file=None, mail_server="mail.example.com", mail_from="a@example.com"),
    )
)


async def _troubles(tenant: Tenant) -> Troubles:
    shown = (await find_views(tenant.id, [ScreenView.TROUBLE], Names.COUNTS))[ScreenView.TROUBLE]
    assert isinstance(shown, Troubles)
    return shown


@pytest.mark.usefixtures("stopped_clock")
async def test_mail_that_waits_and_storms_of_sign_ins_are_trouble_until_they_end(
    rollcall: Runtime, tenant: Tenant
) -> None:
    rollcall.transport.deaf_because = ""
    ada = await create_user(tenant)
    now = clock.now()
    mail = OutgoingMail(
        tenant_id=tenant.id,
        user_id=ada.id,
        template=MailTemplate.INVITATION,
        recipient="ada@example.com",
        message_id="<1@example.com>",
        next_attempt_at=now,
        created_at=now - timedelta(minutes=6),
        last_answer=REFUSED,
    )
    async with transaction() as tx:
        tx.add(mail)
    await fail_sign_ins(ada)
    shown = await _troubles(tenant)
    found = [(trouble.key, trouble.figure) for trouble in shown.troubles]
    assert shown.troubles[0].sentences == [
        "The server refuses our sign-in.",
        "Invitations wait, nothing is lost.",
    ]
    assert found == [("mail", "1"), ("sign-ins", str(STORM))]
    clock.shift(timedelta(minutes=11))
    async with transaction() as tx:
        (await tx.get_one(OutgoingMail, mail.id)).state = MailState.SENT
    shown = await _troubles(tenant)
    assert shown.troubles == []
    assert shown.last_ended == int(clock.now().timestamp())


async def test_mail_that_a_server_refuses_is_trouble_until_it_is_taken(
    rollcall: Runtime, tenant: Tenant, admin: Actor, mail_server: MailServer
) -> None:
    rollcall.transport.deaf_because = ""
    mail_server.refused_sender = "550 5.7.1 You may not send here"
    names = {"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.org"}
    form = InvitationForm(**names, role=Role.SALES_ENGINEER.value)
    await invitations.invite(admin, form)
    assert await deliver_next()
    assert (await _troubles(tenant)).troubles == []  # it may pass by itself
    clock.shift(LATE_MAIL + timedelta(seconds=1))
    (trouble,) = (await _troubles(tenant)).troubles
    assert (trouble.title, trouble.figure, trouble.unit) == (
        "Mail isn’t leaving",
        "1",
        "mail waiting",
    )
    assert trouble.sentences[0] == "The server refuses our sender."
    mail_server.refused_sender = ""
    clock.shift(timedelta(hours=1))
    assert await deliver_next()
    assert (await _troubles(tenant)).troubles == []


async def test_sign_ins_that_fail_by_the_dozen_are_a_storm(
    rollcall: Runtime, tenant: Tenant
) -> None:
    rollcall.transport.deaf_because = ""
    people = [await create_user(tenant) for _ in range(STORM)]
    for number, user in enumerate(people):
        assert (await _troubles(tenant)).troubles == []
        caller = Caller(f"2001:db8:{number:x}::1", CALLER.user_agent)
        with pytest.raises(SignInFailedError):
            await sign_in.sign_in(tenant.slug, user.email, "not their password", caller)
    (storm,) = (await _troubles(tenant)).troubles
    assert f"{storm.title}: {storm.figure} {storm.unit}" == (
        f"Many failed sign-ins: {STORM} failed in 10 minutes"
    )
    assert storm.sentences[0] == f"{STORM} accounts, {STORM} IP addresses."


@pytest.fixture
async def replica(rollcall: Runtime) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Have this process hear of another one that serves."""
    rollcall.transport.deaf_because = ""
    replicas.subscribe(rollcall.bus)

    async def hear(process_id: str) -> None:
        rollcall.bus.publish([stamped(announced(), time.perf_counter(), process_id)])
        await rollcall.bus.drain()

    yield hear
    for process_id in list(replicas._known().others):
        replicas._forget(process_id)


async def test_a_replica_that_falls_silent_is_missed_until_another_takes_its_place(
    rollcall: Runtime, tenant: Tenant, replica: Callable[[str], Awaitable[None]]
) -> None:
    await replica("one")
    assert (await _troubles(tenant)).troubles == []
    replicas._forget("one")
    clock.shift(timedelta(seconds=30))
    (gone,) = (await _troubles(tenant)).troubles
    assert (gone.title, f"{gone.figure} {gone.unit}") == ("A replica is gone", "1 of 2 serve")
    clock.shift(timedelta(seconds=60))
    await replica("two")
    assert (await _troubles(tenant)).troubles == []


async def test_a_replica_that_said_goodbye_is_not_missed(
    rollcall: Runtime, tenant: Tenant, replica: Callable[[str], Awaitable[None]]
) -> None:
    await replica("one")
    await _troubles(tenant)
    rollcall.bus.publish([stamped(ReplicaStopped(), time.perf_counter(), "one")])
    await rollcall.bus.drain()
    assert (await _troubles(tenant)).troubles == []


async def test_a_backup_that_is_too_old_says_how_old(
    rollcall: Runtime, tenant: Tenant, tmp_path: Path
) -> None:
    if not rollcall.settings.is_sqlite:
        pytest.skip("PostgreSQL is backed up by its own means")
    rollcall.transport.deaf_because = ""
    await asyncio.to_thread(backup.back_up, rollcall.settings, tmp_path / "copy.db")
    assert (await _troubles(tenant)).troubles == []
    clock.shift(timedelta(days=3))
    (old,) = (await _troubles(tenant)).troubles
    assert (old.title, f"{old.figure} {old.unit}") == ("The backup is too old", "3 days old")
