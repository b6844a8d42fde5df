"""The first day: what an invitation carries for it, alone or for several at once."""

from datetime import time, timedelta
from uuid import UUID

import pytest

from models import ImportState, MailTemplate, Role, Tenant
from services.access.actor import Actor
from services.core import clock
from services.core.errors import InvalidInputError
from services.database.transaction import transaction
from services.users import accounts, invitations
from services.users.imports import batches, runs
from services.users.imports.pasted import PASTED, read_emails, rows_of
from services.users.invitation_form import PastedInvitations, PersonalInvitation
from services.users.welcoming import FirstDay, get_first_day
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import CALLER, create_user, token_of
from tests.mail_server import MailServer


def _form(**values: object) -> PersonalInvitation:
    usual = {
        "first_name": "Léa",
        "last_name": "Fontaine",
        "email": "lea@example.com",
        "role": "sales_engineer",
    }
    return PersonalInvitation(**(usual | values))


async def _first_day(tenant: Tenant, user_id: UUID) -> FirstDay:
    user = await books.user_of(user_id)
    signed_in = await invitations.accept(
        tenant.slug, await token_of(user), "a long one, truly", CALLER
    )
    assert signed_in.is_first
    return await get_first_day(Actor(signed_in.session_id, user.id, tenant.id))


async def test_an_invitation_carries_a_note_a_contact_and_an_end_to_the_first_day(
    tenant: Tenant, admin: Actor, mail_server: MailServer
) -> None:
    contact = await create_user(tenant, first_name="Émile", last_name="Tremblay")
    async with transaction() as tx:
        row = await tx.get_one(Tenant, tenant.id)
        row.welcome_text, row.documentation_url = "Good to have you.", "https://docs.example.com"
    day = clock.now().date() + timedelta(days=30)
    form = _form(contact_id=contact.id, note="See you\nThursday.", end_date=day, end_time=time(18))
    invited = await invitations.invite(admin, form)
    (mail,) = await books.mails_of(contact.id)
    assert mail.template is MailTemplate.CONTACT_NAMED
    assert mail.params["person"] == "Léa Fontaine"
    shown = await _first_day(tenant, invited.user_id)
    assert (shown.welcome_text, shown.note) == ("Good to have you.", "See you\nThursday.")
    assert shown.documentation_url == "https://docs.example.com"
    assert shown.end is not None
    assert (shown.end.day, shown.end.at) == (day, time(18))
    assert shown.contact is not None
    assert (shown.contact.name, shown.contact.is_inviter) == ("Émile Tremblay", False)
    assert shown.inviter == "Grace Hopper"


@ONE_DATABASE
async def test_whoever_invited_is_asked_where_nobody_is_named_or_who_was_is_gone(
    tenant: Tenant, admin: Actor
) -> None:
    contact = await create_user(tenant)
    invited = await invitations.invite(admin, _form(contact_id=contact.id))
    await accounts.set_active(admin, contact.id, active=False)
    shown = await _first_day(tenant, invited.user_id)
    assert shown.contact is not None
    assert (shown.contact.name, shown.contact.is_inviter) == ("Grace Hopper", True)


@ONE_DATABASE
async def test_nobody_inactive_and_nobody_elsewhere_becomes_a_contact(
    tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    for contact in (await create_user(tenant, active=False), await create_user(other_tenant)):
        with pytest.raises(InvalidInputError) as caught:
            await invitations.invite(admin, _form(contact_id=contact.id))
        assert set(caught.value.fields) == {"contact_id"}


async def test_who_is_deactivated_after_being_chosen_as_a_contact_is_refused_by_name(
    tenant: Tenant, admin: Actor
) -> None:
    contact = await create_user(tenant, first_name="Émile", last_name="Tremblay")
    form = _form(contact_id=contact.id)
    await accounts.set_active(admin, contact.id, active=False)
    with pytest.raises(InvalidInputError) as caught:
        await invitations.invite(admin, form)
    assert caught.value.fields == {
        "contact_id": "Émile Tremblay is inactive. Choose somebody else."
    }
    assert await books.users_with("lea@example.com") == []


@ONE_DATABASE
async def test_an_end_that_has_come_already_is_told_at_its_field(admin: Actor) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await invitations.invite(admin, _form(end_date=clock.now().date()))
    assert set(caught.value.fields) == {"end_date"}


@pytest.mark.parametrize(
    ("text", "first", "last", "email"),
    [
        ("Ada Lovelace <ada@example.com>", "Ada", "Lovelace", "ada@example.com"),
        ('"Lovelace, Ada" <ada@example.com>', "Ada", "Lovelace", "ada@example.com"),
        ("Lovelace, Ada <ada@example.com>;", "Ada", "Lovelace", "ada@example.com"),
        ("  <ada.lovelace@example.com>,", "Ada", "Lovelace", "ada.lovelace@example.com"),
        ("ada.lovelace@example.com", "Ada", "Lovelace", "ada.lovelace@example.com"),
        ("Ana Maria da Silva <a@example.com>", "Ana Maria da", "Silva", "a@example.com"),
        ("ada@example.com", "Ada", "", "ada@example.com"),
        ("who knows", "", "", "who knows"),
    ],
)
def test_an_email_is_read_as_mail_programs_write_it(
    text: str, first: str, last: str, email: str
) -> None:
    (one,) = read_emails(text)
    assert (one.first_name, one.last_name, one.email) == (first, last, email)


def test_emails_stand_in_lines_or_beside_each_other() -> None:
    pasted = 'a.b@x.example, "C, D" <c@x.example>; E F <e@x.example>\n\ng.h@x.example'
    emails = ["a.b@x.example", "c@x.example", "e@x.example", "g.h@x.example"]
    assert [one.email for one in read_emails(pasted)] == emails


def test_pasted_emails_that_no_invitation_can_have_are_refused_together_before_any_is_sent() -> (
    None
):
    people = "ada@example.com\nAda King <ada.king@example.com>, alan@example.com; Grace Hopper"
    form = PastedInvitations(people=people, role="administrator")
    with pytest.raises(InvalidInputError) as refused:
        rows_of(form)
    wrong, nameless = refused.value.fields["people"].split(" Write ")
    assert wrong.startswith("Grace Hopper: ")
    assert "Name is required" not in wrong
    assert nameless.endswith(
        "Ada Lovelace <ada@example.com>: ada@example.com and alan@example.com."
    )
    many = "\n".join(f"someone{number}@example.com" for number in range(5))
    with pytest.raises(InvalidInputError, match=r"someone2@example\.com and 2 more"):
        rows_of(PastedInvitations(people=many, role="administrator"))


@ONE_DATABASE
async def test_each_pasted_email_has_its_own_result(
    tenant: Tenant, admin: Actor, mail_server: MailServer
) -> None:
    contact = await create_user(tenant, email="known@example.com")
    form = PastedInvitations(
        people="Ada Lovelace <ada@example.com>\nada.king@example.com, A B <known@example.com>",
        role="administrator",
        end_date=clock.now().date() + timedelta(days=30),
        contact_id=contact.id,
        note="Welcome!",
    )
    import_id = await runs.start(admin, PASTED, rows_of(form))
    while await batches.invite_next(admin, import_id):
        pass
    assert (await runs.get_import(admin, import_id)).state is ImportState.DONE
    ada, king = await runs.list_invited(admin, import_id)
    assert (ada.email, king.name) == ("ada@example.com", "Ada King")
    (known,) = await runs.list_problems(admin, import_id)
    assert known.email == "known@example.com"
    # (What was pasted has no lines.)
    assert "Line" not in await runs.results_csv(admin, import_id)
    assert ada.user_id is not None
    user = await books.user_of(ada.user_id)
    assert (user.role, user.end_date) == (Role.ADMINISTRATOR, form.end_date)
    shown = await _first_day(tenant, ada.user_id)
    assert shown.note == "Welcome!"
    assert shown.contact is not None
    assert shown.contact.id == contact.id
    assert len(await books.mails_of(contact.id)) == 2
