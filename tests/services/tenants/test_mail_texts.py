"""Mails in an organisation's own words, with their fields, and nothing else."""

from datetime import timedelta

import pytest

from models import MailTemplate, OutgoingMail, Tenant
from services.access.actor import FRESH_FOR, Actor
from services.core import clock
from services.core.errors import FreshSignInNeededError, InvalidInputError
from services.mail.wordings import LONGEST_SUBJECT, MAILS, MOST_TEXT
from services.tenants import mail_texts, organisation
from services.tenants.mail_texts import MailTextForm
from services.users import invitations
from services.users.invitation_form import InvitationForm, PersonalInvitation
from tests import books, factories
from tests.deliveries import deliver_next
from tests.hostile import HOSTILE
from tests.mail_server import MailServer, Received
from tests.services.organisation_calls import mail_form, organisation_form

SOFT_HYPHEN = "\N{SOFT HYPHEN}"
RIGHT_TO_LEFT_MARK = "\N{RIGHT-TO-LEFT MARK}"
NO_WIDTH = "\N{ZERO WIDTH SPACE}"


def _invitation(**values: object) -> InvitationForm:
    who = {"first_name": "Léa", "last_name": "Fontaine", "email": "lea@example.com"}
    return PersonalInvitation(**{**who, "role": "sales_engineer", **values})


async def _invited(actor: Actor, server: MailServer, **values: object) -> Received:
    invited = await invitations.invite(actor, _invitation(**values))
    assert await deliver_next()
    return server.to(invited.email)[-1]


async def test_an_invitation_says_what_the_organisation_wrote(
    admin: Actor, tenant: Tenant, other_tenant: Tenant, mail_server: MailServer
) -> None:
    text = "Bonjour {first_name},\n\n{note}\n\nUntil {end_date}.\n\nAs {role}: {documentation}"
    form = mail_form("invitation", text, "{inviter} invites you to {organisation}")
    await mail_texts.edit_text(admin, form)
    url = "https://docs.example.com/?a=1&b=2"
    await organisation.edit_organisation(
        admin, organisation_form(name=tenant.name, documentation_url=url)
    )
    mail = await _invited(admin, mail_server, note="See you\non <Thursday>.")
    own = await books.user_of(admin.user_id)
    assert mail.message["Subject"] == f"{own.full_name} invites you to {tenant.name}"
    plain, html = mail.part("plain").replace("\r\n", "\n"), mail.part("html")
    assert plain.startswith("Bonjour Léa,\n\nSee you\non <Thursday>.\n\nAs Sales Engineer: https:")
    assert "Until" not in plain  # there is no end date
    assert "See you<br>on &lt;Thursday&gt;." in html
    assert 'href="https://docs.example.com/?a=1&amp;b=2"' in html
    assert "/invitation/" in plain
    assert "Choose your password" in html

    elsewhere = await factories.sign_in(await factories.create_admin(other_tenant))
    other = await _invited(elsewhere, mail_server, email="alan@example.com")
    assert "Bonjour" not in other.part("plain")


async def test_a_mail_leaves_soft_hyphens_marks_and_spaces_without_width_as_they_were_written(
    admin: Actor, mail_server: MailServer
) -> None:
    own, note = f"Sil{SOFT_HYPHEN}ben", f"{RIGHT_TO_LEFT_MARK}שלום! ตาราง{NO_WIDTH}เวลา"
    await mail_texts.edit_text(admin, mail_form("invitation", f"{own} {{first_name}}\n\n{{note}}"))
    mail = await _invited(admin, mail_server, note=note)
    for part in (mail.part("plain"), mail.part("html")):
        assert own in part
        assert note in part


async def test_a_preview_shows_a_text_as_it_was_written(admin: Actor) -> None:
    shown = await mail_texts.preview(admin, mail_form(text=f"Sil{SOFT_HYPHEN}ben"))
    assert f"Sil{SOFT_HYPHEN}ben" in shown.text
    assert f"Sil{SOFT_HYPHEN}ben" in shown.html


async def test_a_mail_that_waits_says_what_is_written_by_then(
    admin: Actor, mail_server: MailServer
) -> None:
    await invitations.invite(admin, _invitation())
    await mail_texts.edit_text(admin, mail_form("invitation", "Written later."))
    assert await deliver_next()
    assert "Written later." in mail_server.received[-1].part("plain")


async def test_rollcall_s_own_text_comes_back_and_the_log_has_all_of_it(
    admin: Actor, tenant: Tenant
) -> None:
    own = MAILS[MailTemplate.DEACTIVATED].own
    for text in ("Goodbye.", "Goodbye.", "Farewell."):
        await mail_texts.edit_text(admin, mail_form("deactivated", text))
    shown = (await mail_texts.get_texts(admin))[MailTemplate.DEACTIVATED]
    assert (shown.wording.text, shown.is_own) == ("Farewell.", False)
    await mail_texts.edit_text(admin, mail_form("deactivated", own.text, own.subject))
    assert (await mail_texts.get_texts(admin))[MailTemplate.DEACTIVATED].is_own
    assert [(e.action, e.details.get("text")) for e in await books.audit_of(tenant)] == [
        ("tenant.mail_text_changed", "Goodbye."),
        ("tenant.mail_text_changed", "Farewell."),
        ("tenant.mail_text_reset", None),
    ]


async def test_changing_a_text_needs_a_fresh_sign_in(admin: Actor) -> None:
    clock.shift(FRESH_FOR + timedelta(seconds=1))
    with pytest.raises(FreshSignInNeededError):
        await mail_texts.edit_text(admin, mail_form())


@pytest.mark.parametrize(
    ("subject", "text", "said"),
    [
        ("Hello", "{user.password_hash}", "“{user.password_hash}” is none of them"),
        ("Hello", "{{7*7}}", "is none of them"),
        ("Hello", "{% for u in users %}{% endfor %}", "is none of them"),
        ("Hello", "{link_url}", "is none of them"),
        ("Hello", "{first_name!r} {first_name:>9999999}", "is none of them"),
        ("Hello", "a lone { brace", "“{” is none of them"),
        ("Hello", "until tomorrow", "This mail needs {end_date}."),
        ("Hello", "{end_date}" + "x" * MOST_TEXT, "4,000 characters at most"),
        ("{documentation}", "{end_date}", "can’t stand in a subject"),
        ("{note}", "{end_date}", "is none of them"),
        ("Hello\r\nBcc: mallory@example.com", "{end_date}", "can't contain"),
    ],
)
def test_a_text_that_says_more_than_its_fields_or_less_than_it_must_is_refused(
    subject: str, text: str, said: str
) -> None:
    with pytest.raises(InvalidInputError, match=said.replace("{", r"\{").replace("*", r"\*")):
        MailTextForm(mail="end_date", subject=subject, text=text)


def test_only_mails_whose_words_may_change_can_be_chosen() -> None:
    for mail in ("reset", "second_factors_reset", "email_changed", "test", "nothing"):
        with pytest.raises(InvalidInputError):
            mail_form(mail)


async def test_no_hostile_text_or_name_is_more_than_text(
    admin: Actor, mail_server: MailServer
) -> None:
    await mail_texts.edit_text(admin, mail_form("invitation", "{first_name}", "{first_name}!"))
    mail = await _invited(admin, mail_server, first_name="{inviter}<b>{{7*7}}", note="{role}")
    assert mail.message["Subject"] == "{inviter}<b>{{7*7}}!"
    assert "<bdi>{inviter}&lt;b&gt;{{7*7}}</bdi>" in mail.part("html")
    for hostile in HOSTILE:
        try:
            form = mail_form("activated", f"{hostile.text} {{first_name}}", "{organisation}" * 10)
        except InvalidInputError:
            continue
        shown = await mail_texts.preview(admin, form)
        assert "<script" not in shown.html
        assert "<img" not in shown.html
        assert len(shown.subject) <= LONGEST_SUBJECT
        assert "\n" not in shown.subject


async def test_a_test_is_sent_to_oneself_once_and_changes_nothing(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    own = await books.user_of(admin.user_id)
    for text in ("The first.", "{person} until {end_date}: {organisation}."):
        told = "{person} {end_date}" if text == "The first." else text
        assert await mail_texts.send_test(admin, mail_form("end_reminder", told)) == own.email
    while await deliver_next():
        pass
    (mail,) = mail_server.to(own.email)
    assert mail.message["Subject"] == "Test: Hello"
    said = f"Léa Fontaine until 27 November 2027: {tenant.name}."
    assert said in mail.part("plain")
    assert await books.audit_of(tenant) == []
    assert await books.count(OutgoingMail) == 2
