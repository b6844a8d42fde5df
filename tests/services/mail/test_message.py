"""A mail as it goes over the wire: names of any length and script, and internationalised emails."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest

from models import MailState, Tenant
from services.access.actor import Actor
from services.database.runtime import Runtime
from services.mail.message import Letter, as_bytes, compose
from services.mail.smtp import hand_over
from services.tenants import tenants
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests import books
from tests.deliveries import deliver_next
from tests.mail_server import MailServer

NAMES = {
    "emoji": "😀" * 200,
    "long": "Nordwind " * 22,
    "one long word": "N" * 200,
    "commas and quotes": 'A, B "Q" <x@example.net> ' * 8,
    "accents and commas": "Ünïcode, Inc. (x)" * 11,
    "first ASCII, then not": "a" * 70 + " " + "ü" * 60,
    "right to left": "שלום עולם",
    "short": "Acme, Inc.",
    "backslash": 'O\\"Neil',
}


LONGEST_LINE = 998  # RFC 5322, section 2.1.1
AT = datetime(2026, 11, 26, tzinfo=UTC)


def _sent(name: str) -> bytes:
    text, html = "Hé\n" + "x" * 2000, "<p>Hé"
    letter = Letter("", name.strip(), f"{name.strip()}: hello", text, html, "<1@example.com>")
    return as_bytes(compose(letter, "rollcall@example.com", "a@example.org", AT), utf8=False)


def _decoded(raw: bytes, header: str) -> str:
    """The header as RFC 2047 reads it (what the library's newer policy adds spaces to)."""
    return str(make_header(decode_header(message_from_bytes(raw)[header].replace("\r\n", ""))))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_name_makes_a_line_too_long_or_another_sender(name: str) -> None:
    raw = _sent(name)
    assert max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = message_from_bytes(raw, policy=policy.default)
    (sender,) = message["From"].addresses
    assert sender.addr_spec == "rollcall@example.com"
    assert _decoded(raw, "Subject").strip() == f"{name.strip()}: hello"
    said = _decoded(raw, "From").rpartition("<")[0].strip()
    assert said.strip('"').replace("\\\\", "\\").replace('\\"', '"') == name.strip()


def test_bodies_are_ascii_on_the_wire_and_survive_it() -> None:
    message = message_from_bytes(_sent("Acme"), policy=policy.default)
    (plain,) = [p for p in message.walk() if p.get_content_type() == "text/plain"]
    assert plain.get_content().split() == ["Hé", "x" * 2000]


async def _invite(admin: Actor, email: str = "a@example.org") -> tuple[MailState, str]:
    form = InvitationForm(first_name="A", last_name="B", email=email, role="administrator")
    invited = await invitations.invite(admin, form)
    assert await deliver_next()
    (mail,) = await books.mails_of(invited.user_id)
    return mail.state, mail.last_answer


async def test_an_organisation_of_emoji_alone_gets_its_mail(
    admin: Actor, platform: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    await tenants.rename_tenant(platform, tenant.id, "😀" * 200)
    assert await _invite(admin) == (MailState.SENT, "")


async def test_an_internationalised_sender_delivers(
    admin: Actor, mail_server: MailServer, rollcall: Runtime
) -> None:
    rollcall.settings.mail_from = "büro@bücher.example"
    assert await _invite(admin) == (MailState.SENT, "")
    assert mail_server.senders == ["büro@xn--bcher-kva.example"]
    (received,) = mail_server.received
    assert "<büro@xn--bcher-kva.example>".encode() in received.raw


async def test_a_sender_of_an_internationalised_domain_delivers_through_any_server(
    admin: Actor, mail_server: MailServer, rollcall: Runtime
) -> None:
    mail_server.utf8 = False
    rollcall.settings.mail_from = "rollcall@bücher.example"
    assert await _invite(admin) == (MailState.SENT, "")
    assert mail_server.senders == ["rollcall@xn--bcher-kva.example"]


async def test_an_internationalised_sender_whom_the_server_cannot_take_is_told_with_its_setting(
    admin: Actor, mail_server: MailServer, rollcall: Runtime
) -> None:
    mail_server.utf8 = False
    rollcall.settings.mail_from = "büro@bücher.example"
    state, words = await _invite(admin)
    assert state is MailState.WAITING, "for the setting to be mended"
    assert "SMTPUTF8" in words
    assert "ROLLCALL_MAIL_FROM" in words


async def test_an_internationalised_recipient_is_reached(
    admin: Actor, mail_server: MailServer
) -> None:
    assert await _invite(admin, "äda@bücher.example") == (MailState.SENT, "")
    assert mail_server.to("äda@xn--bcher-kva.example")


async def test_a_line_that_begins_with_a_dot_arrives_as_it_is(
    mail_server: MailServer, rollcall: Runtime
) -> None:
    letter = Letter("", "Acme", "Dots", ".\n.one\n..two", "<p>", "<1@example.com>")
    message = compose(letter, "rollcall@example.com", "a@example.org", AT)
    await hand_over(message, "a@example.org", rollcall.settings)
    assert mail_server.received[0].part("plain").split() == [".", ".one", "..two"]
