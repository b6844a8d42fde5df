"""A mail server that is down, slow, rude or set up wrongly: nobody waits for it, the state that is
shown is the true one, and the words tell what to do."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import SecretStr

from models import MailState, User
from services.access.actor import Actor
from services.core import clock
from services.database.engines import Database
from services.database.runtime import Runtime
from services.mail import queue
from services.mail import smtp as conversation
from services.mail.delivery import _next
from services.mail.lanes import Lanes
from services.mail.queue import PAUSES
from services.mail.smtp import SEE_ITS_LOG, Patience
from services.operations.workers import working
from services.users import invitations, listing
from services.users.invitation_form import InvitationForm
from tests import books
from tests.browser.waiting import PATIENCE, eventually
from tests.conftest import ONE_DATABASE
from tests.deliveries import deliver, deliver_next
from tests.mail_server import MailServer
from ui.words import next_step

EMAIL = "grace@example.org"
AWAY = Database("postgresql://nobody@127.0.0.1:9/away")
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
WAITS = "The delivery of a mail waits for the database"


async def _invite(admin: Actor, email: str = EMAIL) -> User:
    form = InvitationForm(first_name="Grace", last_name="H", email=email, role="sales_engineer")
    return await books.user_of((await invitations.invite(admin, form)).user_id)


async def _tried(admin: Actor, user: User) -> tuple[MailState, str]:
    """Try to deliver; returns what the user's page shows then."""
    assert await deliver_next()
    (mail,) = (await listing.get_details(admin, user.id)).mails
    assert (await listing.find_row(user.id)).mail is mail.state
    return mail.state, mail.last_answer


def _pass(by: timedelta) -> None:
    clock.shift(clock._shift + by + timedelta(seconds=1))


async def test_a_server_that_is_down_holds_nobody_up_and_is_tried_for_hours(
    admin: Actor, mail_server: MailServer, rollcall: Runtime
) -> None:
    rollcall.settings.mail_port = 9  # nobody listens there
    async with asyncio.timeout(PATIENCE):
        users = [await _invite(admin, f"user{number}@example.org") for number in range(3)]
    state, words = await _tried(admin, users[0])
    assert state is MailState.WAITING
    assert "127.0.0.1, port 9" in words
    assert "can't be reached: Connection refused. If" in words
    assert "ROLLCALL_MAIL_SERVER and ROLLCALL_MAIL_PORT" in words
    for pause in PAUSES:
        _pass(pause)
        while await deliver_next():
            pass
    (mail,) = await books.mails_of(users[0].id)
    assert (mail.state, mail.attempts) == (MailState.FAILED, len(PAUSES) + 1)
    assert "resend the invitation" in next_step(mail)
    await invitations.resend(admin, users[0].id)
    rollcall.settings.mail_port = mail_server.port
    assert await deliver_next()
    assert len(mail_server.to(users[0].email)) == 1


def test_a_mail_waits_for_some_ten_hours_as_the_docs_say() -> None:
    assert timedelta(hours=10) < sum(PAUSES, timedelta()) < timedelta(hours=11)


async def test_a_slow_server_is_given_up_for_now_and_the_page_never_waits(
    admin: Actor, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "PATIENCE", Patience(final_dot=1))
    mail_server.delay = 60
    user = await _invite(admin)
    async with working():
        await eventually(lambda: mail_server.attempts)
        async with asyncio.timeout(PATIENCE):  # it is waiting for the mail server now
            other = await _invite(admin, "other@example.org")
        await eventually(lambda: mail_server.attempts >= 2)
        mail_server.delay = 0
        monkeypatch.setattr(conversation, "PATIENCE", Patience())
        _pass(PAUSES[0])
        await eventually(lambda: len(mail_server.received) == 2)
    for email in (user.email, other.email):
        assert len(mail_server.to(email)) == 1


@ONE_DATABASE
async def test_a_slow_server_is_told(
    admin: Actor, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "PATIENCE", Patience(final_dot=1))
    mail_server.delay = 60
    state, words = await _tried(admin, await _invite(admin))
    assert (state, words) == (
        MailState.WAITING,
        f"The mail server took longer than 1 seconds. {SEE_ITS_LOG}",
    )


async def test_a_server_that_hangs_up_in_the_middle_is_told_and_tried_again(
    admin: Actor, mail_server: MailServer
) -> None:
    mail_server.drop = True
    user = await _invite(admin)
    assert await _tried(admin, user) == (
        MailState.WAITING,
        f"The mail server hung up in the middle. {SEE_ITS_LOG}",
    )
    (mail,) = await books.mails_of(user.id)
    assert next_step(mail) == "It is tried again by itself."


@pytest.mark.parametrize(
    ("answer", "state"),
    [("250 OK", MailState.SENT), ("554 Not here", MailState.FAILED)],
)
async def test_a_server_that_hangs_up_after_its_answer_has_answered(
    admin: Actor, mail_server: MailServer, answer: str, state: MailState
) -> None:
    mail_server.rude, mail_server.answer = True, answer
    user = await _invite(admin)
    assert (await _tried(admin, user))[0] is state
    assert not await deliver_next()


async def test_a_mail_that_was_sent_while_the_database_was_away_is_recorded_and_not_sent_again(
    admin: Actor, mail_server: MailServer, rollcall: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    user, database = await _invite(admin), rollcall.database
    mail_server.may_answer.clear()
    delivery = asyncio.create_task(deliver_next())
    await eventually(lambda: mail_server.attempts)
    writer, database.writer = database.writer, AWAY.writer
    mail_server.may_answer.set()
    await eventually(lambda: WAITS in caplog.text)
    database.writer = writer
    assert await delivery
    assert [mail.state for mail in await books.mails_of(user.id)] == [MailState.SENT]
    assert not await deliver_next()
    assert len(mail_server.to(user.email)) == 1


@ONE_DATABASE
async def test_an_outbox_that_can_not_be_read_again_and_again_is_told_once(
    mail_server: MailServer, rollcall: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    database = rollcall.database
    reader, writer = database.reader, database.writer
    database.reader, database.writer = AWAY.reader, AWAY.writer
    try:
        for _ in range(3):
            assert await _next(Lanes()) is None
    finally:
        database.reader, database.writer = reader, writer
    assert caplog.text.count("The outbox can't be read now") == 1


async def test_a_mail_that_can_not_be_read_while_the_database_is_away_is_sent_once_it_answers(
    admin: Actor, mail_server: MailServer, rollcall: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    user, database = await _invite(admin), rollcall.database
    lease = await queue.take()
    assert lease is not None
    reader, database.reader = database.reader, AWAY.reader
    delivery = asyncio.create_task(deliver(lease))
    await eventually(lambda: WAITS in caplog.text)
    database.reader = reader
    await delivery
    assert [mail.state for mail in await books.mails_of(user.id)] == [MailState.SENT]
    assert len(mail_server.to(user.email)) == 1


async def test_one_bad_recipient_among_good_ones_fails_alone(
    admin: Actor, mail_server: MailServer
) -> None:
    mail_server.refused[EMAIL] = "550 No such person here"
    users = [await _invite(admin, e) for e in ("a@example.org", EMAIL, "b@example.org")]
    while await deliver_next():
        pass
    states = [(await books.mails_of(user.id))[0].state for user in users]
    assert states == [MailState.SENT, MailState.FAILED, MailState.SENT]
    (mail,) = await books.mails_of(users[1].id)
    assert mail.last_answer == "550 No such person here"
    assert "deactivate this user and invite the right email" in next_step(mail)


@ONE_DATABASE
async def test_a_wrong_password_is_told_with_its_settings(
    admin: Actor, mail_server: MailServer, rollcall: Runtime
) -> None:
    rollcall.settings.mail_username = "rollcall"
    rollcall.settings.mail_password = SecretStr("not the one")
    state, words = await _tried(admin, await _invite(admin))
    assert state is MailState.WAITING
    assert "ROLLCALL_MAIL_" in words


@ONE_DATABASE
@pytest.mark.parametrize("from_the_start", [True, False])
async def test_tls_that_the_server_does_not_speak_is_told_with_its_settings(
    admin: Actor, mail_server: MailServer, rollcall: Runtime, from_the_start: bool
) -> None:
    rollcall.settings.mail_ssl_tls = from_the_start
    rollcall.settings.mail_starttls = not from_the_start
    state, words = await _tried(admin, await _invite(admin))
    assert state is MailState.WAITING
    assert "TLS with 127.0.0.1" in words
    assert "ROLLCALL_MAIL_STARTTLS or ROLLCALL_MAIL_SSL_TLS" in words
    assert mail_server.attempts == 0, "nothing is sent in clear instead"


@ONE_DATABASE
async def test_a_certificate_that_is_not_trusted_is_told(
    admin: Actor, mail_server: MailServer, rollcall: Runtime, tmp_path: Path
) -> None:
    mail_server.certificate = _self_signed(tmp_path)
    rollcall.settings.mail_starttls = True
    state, words = await _tried(admin, await _invite(admin))
    assert state is MailState.WAITING
    assert "isn't trusted" in words
    assert "SSL_CERT_FILE name a file with it and the public authorities" in words
    assert "ROLLCALL_MAIL_SERVER" in words
    assert mail_server.attempts == 0


@ONE_DATABASE
@pytest.mark.parametrize(
    ("made", "told"),
    [
        ((-1, "127.0.0.1"), "certificate has expired. Renew it on the server"),
        ((1, "127.0.0.9"), "Give ROLLCALL_MAIL_SERVER the name that is in it."),
        ((1, "127.0.0.1", CLIENT), "certificate purpose. Renew it on the server"),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_told_with_what_mends_it(
    admin: Actor,
    mail_server: MailServer,
    rollcall: Runtime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: tuple[Any, ...],
    told: str,
) -> None:
    mail_server.certificate = _self_signed(tmp_path, *made)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "mail.pem"))
    rollcall.settings.mail_starttls = True
    _state, words = await _tried(admin, await _invite(admin))
    assert told in words


def _self_signed(
    folder: Path,
    days: int = 1,
    address: str = "127.0.0.1",
    purpose: x509.ObjectIdentifier = SERVER,
) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))]), critical=False
        )
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "mail.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_a_worker_amid_a_conversation_stops_when_it_is_told(
    admin: Actor, mail_server: MailServer
) -> None:
    mail_server.delay = 60
    await _invite(admin)
    async with asyncio.timeout(PATIENCE):
        async with working():
            await eventually(lambda: mail_server.attempts)
