"""Whatever is wrong between Rollcall and its mail server is told with the setting to mend, and
fails no mail at once: it waits for the setting to be right."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import aiosmtplib
import pytest
from aiosmtplib.response import SMTPResponse
from pydantic import SecretStr, ValidationError

from models import MailState
from services.access.actor import Actor
from services.core.settings import Settings
from services.database.runtime import Runtime
from services.mail import smtp as conversation
from services.mail.check import check_mail, send_test
from services.mail.smtp import SEE_ITS_LOG, own_name
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests import books
from tests.conftest import ONE_DATABASE
from tests.deliveries import deliver_next
from tests.mail_server import MailServer, receiving_mail

EMAIL = "grace@example.org"


async def _tried(admin: Actor, email: str = EMAIL) -> tuple[MailState, str]:
    form = InvitationForm(first_name="G", last_name="H", email=email, role="sales_engineer")
    invited = await invitations.invite(admin, form)
    assert await deliver_next()
    (mail,) = await books.mails_of(invited.user_id)
    return mail.state, mail.last_answer


def _shortly(monkeypatch: pytest.MonkeyPatch, **seconds: Any) -> None:
    patience = replace(conversation.PATIENCE, **seconds)
    monkeypatch.setattr(conversation, "PATIENCE", patience)


@asynccontextmanager
async def _silent() -> AsyncIterator[int]:
    """A server that takes connections and waits, as one does that wants TLS from the start."""

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(wait, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_refused_name_is_told_with_its_setting_and_tried_again(
    admin: Actor, mail_server: MailServer
) -> None:
    mail_server.refused_hello = "550 5.7.1 Invalid HELO name"
    state, words = await _tried(admin)
    assert state is MailState.WAITING
    assert "550 5.7.1 Invalid HELO name" in words
    assert "ROLLCALL_MAIL_HOSTNAME" in words


@ONE_DATABASE
@pytest.mark.parametrize(
    ("answer", "setting"),
    [
        ("504 5.5.2 <b4f2>: Helo command rejected: need fully-qualified hostname", "HOSTNAME"),
        ("553 5.7.1 <rollcall@example.com>: Sender address rejected: not owned", "FROM"),
        ("554 5.7.1 <grace@example.org>: Relay access denied", "USERNAME"),
    ],
)
async def test_what_postfix_says_of_the_settings_only_at_rcpt_is_not_the_recipients_fault(
    admin: Actor, mail_server: MailServer, answer: str, setting: str
) -> None:
    mail_server.refused[EMAIL] = answer
    state, words = await _tried(admin)
    assert state is MailState.WAITING
    assert answer in words
    assert f"ROLLCALL_MAIL_{setting}" in words


@ONE_DATABASE
@pytest.mark.parametrize(
    ("answer", "setting"),
    [
        ("550 5.7.60 Client does not have permissions to send as this sender", "FROM"),
        ("530 5.7.0 Authentication required", "USERNAME"),
        ("530 5.7.0 Must issue a STARTTLS command first", "STARTTLS"),
    ],
)
async def test_a_refused_sender_is_told_with_its_setting_and_tried_again(
    admin: Actor, mail_server: MailServer, answer: str, setting: str
) -> None:
    mail_server.refused_sender = answer
    state, words = await _tried(admin)
    assert state is MailState.WAITING
    assert answer in words
    assert f"ROLLCALL_MAIL_{setting}" in words


@ONE_DATABASE
async def test_a_server_that_says_nothing_is_told_soon_and_with_its_settings(
    admin: Actor, mail_server: MailServer, rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert conversation.PATIENCE.open <= 30
    _shortly(monkeypatch, open=1)
    async with _silent() as port:
        rollcall.settings.mail_port = port
        state, words = await _tried(admin)
    assert state is MailState.WAITING
    assert "says nothing" in words
    assert "ROLLCALL_MAIL_SSL_TLS=true" in words
    assert "ROLLCALL_MAIL_PORT" in words


@ONE_DATABASE
async def test_a_name_that_is_not_found_is_told_with_its_setting(
    admin: Actor, mail_server: MailServer, rollcall: Runtime
) -> None:
    rollcall.settings.mail_server = "mail.invalid"
    state, words = await _tried(admin)
    assert state is MailState.WAITING
    assert "mail.invalid can't be found" in words
    assert "ROLLCALL_MAIL_SERVER" in words


@ONE_DATABASE
async def test_a_wrong_password_is_told_with_its_settings(admin: Actor, rollcall: Runtime) -> None:
    async with receiving_mail(password="right") as server:
        _send_to(rollcall.settings, server)
        rollcall.settings.mail_username = "rollcall"
        rollcall.settings.mail_password = SecretStr("wrong")
        state, words = await _tried(admin)
        assert state is MailState.WAITING
        assert "ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD" in words
        assert "wrong" not in words
        report = await check_mail()
        assert not report.works
        assert "ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD" in report.words
        rollcall.settings.mail_password = SecretStr("right")
        report = await check_mail()
        assert report.works
        assert "signed in as rollcall" in report.words


@ONE_DATABASE
@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ("EHLO", "ROLLCALL_MAIL_SERVER and ROLLCALL_MAIL_PORT"),
        ("STARTTLS", "ROLLCALL_MAIL_STARTTLS and ROLLCALL_MAIL_PORT"),
        ("AUTH", "ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD"),
    ],
)
async def test_a_server_that_stalls_before_any_mail_is_told_with_the_command_and_its_settings(
    admin: Actor, rollcall: Runtime, monkeypatch: pytest.MonkeyPatch, command: str, hint: str
) -> None:
    own = "starttls" if command == "STARTTLS" else "execute_command"
    said = getattr(aiosmtplib.SMTP, own)

    async def say(smtp: aiosmtplib.SMTP, *words: bytes, **given: Any) -> SMTPResponse:
        if own == "starttls" or words[0] == command.encode():
            given["timeout"] = 1
        return cast(SMTPResponse, await said(smtp, *words, **given))

    monkeypatch.setattr(aiosmtplib.SMTP, own, say)
    _shortly(monkeypatch, open=600)  # no other time is over, however slow the machine is
    async with receiving_mail(password="right") as server:
        server.stalled = {command}
        server.certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _send_to(rollcall.settings, server)
        rollcall.settings.mail_starttls = command == "STARTTLS"
        rollcall.settings.mail_username = "rollcall"
        rollcall.settings.mail_password = SecretStr("right")
        async with asyncio.timeout(120):
            state, words = await _tried(admin)
    assert state is MailState.WAITING
    assert "takes the connection and doesn't answer" in words
    assert command in words
    assert hint in words


@ONE_DATABASE
@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_server_that_stalls_at_a_command_is_told_with_it_after_its_own_time(
    admin: Actor, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    others = dict.fromkeys(("open", "mail", "rcpt", "data", "final_dot"), 600)
    _shortly(monkeypatch, **others | {command.lower(): 1})
    mail_server.stalled = {command}
    words = f"The mail server took longer than 1 seconds to answer {command}. {SEE_ITS_LOG}"
    async with asyncio.timeout(120):  # no other time of these is over by then
        assert await _tried(admin) == (MailState.WAITING, words)


@ONE_DATABASE
async def test_the_answer_to_a_mail_s_text_has_a_time_of_its_own(
    admin: Actor, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _shortly(monkeypatch, final_dot=1)
    mail_server.may_answer.clear()
    try:
        _, words = await _tried(admin)
    finally:
        mail_server.may_answer.set()
    assert words == f"The mail server took longer than 1 seconds. {SEE_ITS_LOG}"


def test_each_answer_may_take_what_rfc_5321_allows() -> None:
    patience = conversation.Patience()
    assert (patience.mail, patience.rcpt) == (300, 300)
    assert (patience.data, patience.final_dot) == (120, 600)


@pytest.mark.parametrize(
    ("given", "tls"),
    [
        ({"mail_port": 465}, True),
        ({"mail_port": 465, "mail_starttls": True}, True),
        ({"mail_port": 465, "mail_ssl_tls": False}, False),
        ({"mail_port": 587}, False),
        ({"mail_port": 587, "mail_ssl_tls": True}, True),
    ],
)
def test_port_465_means_tls_from_the_start(given: dict[str, Any], tls: bool) -> None:
    settings = Settings(_env_file=None, **given)
    assert settings.mail_ssl_tls is tls


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"mail_hostname": "mail.büro.example"}, "mail.xn--bro-hoa.example"),
        ({"mail_hostname": "büro"}, "xn--bro-hoa"),
        ({"public_url": "https://rollcall.bücher.example"}, "rollcall.xn--bcher-kva.example"),
        ({"public_url": "http://10.0.0.5:8080"}, "[10.0.0.5]"),
        ({"public_url": "http://[::1]:8080"}, "[IPv6:::1]"),
    ],
)
async def test_rollcall_calls_itself_by_a_full_name(given: dict[str, Any], name: str) -> None:
    assert await own_name(Settings(_env_file=None, **given)) == name


async def test_rollcall_calls_itself_by_a_full_name_or_a_literal_without_a_public_one() -> None:
    name = await own_name(Settings(_env_file=None, public_url="http://localhost:8080"))
    assert "." in name


def test_a_name_with_a_space_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="full name such as"):
        Settings(_env_file=None, mail_hostname="two words")


async def test_the_name_is_what_ehlo_says(
    admin: Actor, mail_server: MailServer, rollcall: Runtime
) -> None:
    rollcall.settings.mail_hostname = "here.example.com"
    assert (await _tried(admin))[0] is MailState.SENT
    assert mail_server.hellos == ["here.example.com"]


@ONE_DATABASE
async def test_a_check_sends_nothing_and_a_test_sends_one(mail_server: MailServer) -> None:
    report = await check_mail()
    assert report.works, report.words
    assert mail_server.received == []
    report = await send_test(EMAIL)
    assert report.works, report.words
    (received,) = mail_server.to(EMAIL)
    assert "https://rollcall.example.com" in received.part("plain")


@ONE_DATABASE
@pytest.mark.parametrize(
    ("answer", "mend"),
    [
        ("530 5.7.0 Must issue a STARTTLS command first", "Set ROLLCALL_MAIL_STARTTLS=true"),
        ("530 5.7.0 Authentication required", "Set ROLLCALL_MAIL_USERNAME"),
        ("550 5.7.60 You may not send as this sender", "Check ROLLCALL_MAIL_FROM"),
        ("451 4.3.0 The queue is full", "ROLLCALL_MAIL_SERVER names"),
    ],
)
async def test_a_check_finds_what_a_server_says_only_once_a_mail_begins(
    mail_server: MailServer, answer: str, mend: str
) -> None:
    mail_server.refused_sender = answer
    report = await check_mail()
    assert not report.works
    assert answer in report.words
    assert mend in report.words


@ONE_DATABASE
@pytest.mark.parametrize(
    ("answer", "mend"),
    [
        ("530 5.7.0 Must issue a STARTTLS command first", "Set ROLLCALL_MAIL_STARTTLS=true"),
        ("530 5.7.0 Authentication required", "Set ROLLCALL_MAIL_USERNAME"),
        ("554 5.7.1 <rollcall@example.com>: Relay access denied", "Set ROLLCALL_MAIL_USERNAME"),
    ],
)
async def test_a_check_finds_what_postfix_says_of_the_settings_only_at_rcpt(
    mail_server: MailServer, rollcall: Runtime, answer: str, mend: str
) -> None:
    mail_server.refused[rollcall.settings.mail_from or ""] = answer
    report = await check_mail()
    assert not report.works
    assert answer in report.words
    assert mend in report.words


@ONE_DATABASE
@pytest.mark.parametrize(
    "answer", ["450 4.2.0 Greylisted, come again", "550 5.1.1 No such person here"]
)
async def test_a_check_passes_over_what_a_server_has_against_the_sender_as_a_recipient(
    mail_server: MailServer, rollcall: Runtime, answer: str
) -> None:
    mail_server.refused[rollcall.settings.mail_from or ""] = answer
    report = await check_mail()
    assert report.works, report.words
    assert mail_server.attempts == 1


@ONE_DATABASE
@pytest.mark.parametrize(
    "answer", ["451 4.3.0 The queue is full.", "530 5.7.0 Authentication required."]
)
async def test_a_refusal_that_ends_with_a_full_stop_gets_no_second_one(
    mail_server: MailServer, answer: str
) -> None:
    mail_server.refused_sender = answer
    words = (await check_mail()).words
    assert f"{answer} " in words
    assert ".." not in words


@ONE_DATABASE
async def test_a_check_of_no_mail_server_says_so(rollcall: Runtime) -> None:
    for report in (await check_mail(), await send_test(EMAIL)):
        assert not report.works
        assert "ROLLCALL_MAIL_SERVER and ROLLCALL_MAIL_FROM" in report.words


@ONE_DATABASE
async def test_a_check_takes_a_bounded_time(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.mail.check.SEND_SECONDS", 1)
    mail_server.delay = 60
    report = await send_test(EMAIL)
    assert not report.works
    assert "took longer than 1 seconds" in report.words


@ONE_DATABASE
async def test_a_test_to_a_bad_or_refused_email_says_so(mail_server: MailServer) -> None:
    assert "is not an email" in (await send_test("nobody")).words
    mail_server.refused[EMAIL] = "550 No such person here"
    assert "550 No such person here" in (await send_test(EMAIL)).words


@ONE_DATABASE
async def test_a_check_tells_a_sender_that_the_server_cannot_take(
    mail_server: MailServer, rollcall: Runtime
) -> None:
    mail_server.utf8, rollcall.settings.mail_from = False, "büro@bücher.example"
    for report in (await check_mail(), await send_test(EMAIL)):
        assert not report.works
        assert "ROLLCALL_MAIL_FROM" in report.words


def _send_to(settings: Settings, server: MailServer) -> None:
    settings.mail_server, settings.mail_port = "127.0.0.1", server.port
    settings.mail_from, settings.mail_starttls = "rollcall@example.com", False
