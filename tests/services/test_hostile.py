"""Texts that mean harm, in what the services keep and send: names, mails, and the exported log."""

import csv
import io

import pytest

from models import Role, Tenant, User
from services.access.actor import Actor
from services.audit import reading
from services.core.csv_files import defused
from services.core.errors import InvalidInputError
from services.lists.query import ListQuery, from_url
from services.tenants import tenants
from services.users import invitations
from services.users.invitation_form import InvitationForm
from services.users.list import USERS
from services.users.listing import list_users
from tests import books
from tests.conftest import ONE_DATABASE
from tests.deliveries import deliver_next
from tests.hostile import HOSTILE, NAMES, REFUSED
from tests.mail_server import MailServer, Received
from tests.markup import Reader


def _form(number: int, first_name: str, last_name: str = "Doe") -> InvitationForm:
    return InvitationForm(
        first_name=first_name,
        last_name=last_name,
        email=f"h{number}@example.org",
        role=Role.SALES_ENGINEER.value,
    )


async def _invite(admin: Actor, number: int, first_name: str, last_name: str = "Doe") -> User:
    invited = await invitations.invite(admin, _form(number, first_name, last_name))
    return await books.user_of(invited.user_id)


def _seen(header: str) -> str:
    """A header's words without spaces, of whatever width: headers are folded at them."""
    return "".join(header.split()).replace("\u200b", "")


def test_the_list_is_long_and_names_each_text_once() -> None:
    assert len(HOSTILE) >= 60
    assert len({hostile.text for hostile in HOSTILE}) == len(HOSTILE)
    assert {hostile.name for hostile in HOSTILE} > REFUSED


@pytest.mark.walk
async def test_a_name_is_kept_as_it_was_written_or_refused_with_a_sentence(admin: Actor) -> None:
    for number, hostile in enumerate(HOSTILE):
        if hostile.name in REFUSED:
            with pytest.raises(InvalidInputError) as refused:
                await invitations.invite(admin, _form(number, hostile.text))
            assert refused.value.fields["first_name"].startswith("First Name "), hostile.name
        else:
            user = await _invite(admin, number, hostile.text, hostile.text)
            kept = hostile.kept
            assert (user.first_name, user.last_name) == (kept, kept), hostile.name
    everybody = await list_users(admin, ListQuery())
    assert everybody.total == len(NAMES) + 1  # the admin


@pytest.mark.walk
async def test_a_search_takes_any_text_for_what_it_says(admin: Actor) -> None:
    await _invite(admin, 0, "Joan", "Clarke")
    for number, hostile in enumerate(NAMES, 1):
        await _invite(admin, number, hostile.text)
    for hostile in HOSTILE:
        found = await list_users(admin, from_url(USERS, {"q": hostile.text}))
        names = [row.name for row in found.rows]
        assert "Joan Clarke" not in names, hostile.name
        if hostile.name not in REFUSED:
            assert f"{hostile.kept} Doe" in names, hostile.name


async def _mailed(
    admin: Actor, platform: Actor, mail_server: MailServer, number: int, text: str
) -> Received:
    assert admin.tenant_id is not None
    await tenants.rename_tenant(platform, admin.tenant_id, text)
    await _invite(admin, number, text)
    assert await deliver_next()
    (mail,) = mail_server.to(f"h{number}@example.org")
    return mail


@pytest.mark.walk
@ONE_DATABASE  # that each keeps a name as it was written is above
async def test_no_name_changes_a_mail_but_for_its_words(
    admin: Actor, platform: Actor, mail_server: MailServer
) -> None:
    plain = await _mailed(admin, platform, mail_server, 0, "Plain")
    elements = Reader(plain.part("html")).elements
    for number, hostile in enumerate(NAMES, 1):
        mail = await _mailed(admin, platform, mail_server, number, hostile.text)
        said, email = hostile.kept, f"h{number}@example.org"
        assert mail.message.keys() == plain.message.keys(), hostile.name
        assert mail.recipients == (email,), hostile.name
        assert [a.addr_spec for a in mail.message["To"].addresses] == [email], hostile.name
        (sender,) = mail.message["From"].addresses
        assert sender.addr_spec == "rollcall@example.com", hostile.name
        assert _seen(sender.display_name) == _seen(said), hostile.name
        subject = f"{said}: your invitation to Rollcall"
        assert _seen(mail.message["Subject"]) == _seen(subject), hostile.name
        html = Reader(mail.part("html"))
        assert html.elements == elements, hostile.name
        assert f"Hello {said}," in "".join(html.texts), hostile.name
        assert f"Hello {said}," in mail.part("plain"), hostile.name


@pytest.mark.walk
@ONE_DATABASE  # as above
async def test_no_name_is_a_formula_in_the_exported_log(admin: Actor, tenant: Tenant) -> None:
    for number, hostile in enumerate(NAMES):
        await _invite(admin, number, hostile.text)
    pieces = [piece async for piece in await reading.export(admin, ListQuery())]
    rows = list(csv.DictReader(io.StringIO("".join(pieces), newline="")))
    invited = [row["whom"] for row in rows if row["action"] == "User invited"]
    assert invited == [defused(f"{hostile.kept} Doe") for hostile in reversed(NAMES)]
    starts = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide ones, too
    assert not [cell for row in rows for cell in row.values() if cell.startswith(starts)]
