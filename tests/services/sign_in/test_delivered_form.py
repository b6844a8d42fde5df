"""A delivered mail is well formed, and reaches internationalised domains."""

import pytest

from models import MailState
from services.access.actor import Actor
from services.audit.list import ENTRIES
from services.audit.reading import list_entries
from services.lists.query import from_url
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests import books
from tests.deliveries import deliver_next
from tests.mail_server import MailServer


async def _invite(admin: Actor, email: str) -> MailState:
    form = InvitationForm(first_name="A", last_name="B", email=email, role="administrator")
    invited = await invitations.invite(admin, form)
    await deliver_next()
    (mail,) = await books.mails_of(invited.user_id)
    return mail.state


async def test_only_leaf_parts_say_how_they_are_encoded(
    admin: Actor, mail_server: MailServer
) -> None:
    assert await _invite(admin, "a@example.com") is MailState.SENT
    (received,) = mail_server.received
    for part in received.message.walk():  # RFC 2045, section 6.4
        assert not (part.is_multipart() and "Content-Transfer-Encoding" in part)


@pytest.mark.parametrize("utf8", [True, False])
async def test_an_internationalised_domain_is_reached_through_any_server(
    admin: Actor, mail_server: MailServer, utf8: bool
) -> None:
    mail_server.utf8 = utf8
    assert await _invite(admin, "a@bücher.example") is MailState.SENT
    assert mail_server.to("a@xn--bcher-kva.example")


async def test_letters_that_the_server_cannot_take_fail_with_a_sentence(
    admin: Actor, mail_server: MailServer
) -> None:
    mail_server.utf8 = False
    assert await _invite(admin, "äda@example.com") is MailState.FAILED


async def test_the_last_day_there_is_can_be_asked_for(admin: Actor) -> None:
    query = from_url(ENTRIES, {"from": "0001-01-01", "to": "9999-12-31"})
    assert (await list_entries(admin, query)).entries == []
