"""An organisation's mails in its own words: read, tried out, changed, and reset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationInfo, field_validator
from sqlmodel import select

from models import MailTemplate, MailText
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.core import clock
from services.core.errors import ConflictError
from services.core.form_fields import Option
from services.core.forms import Form, choice, lines, text
from services.database.looking import looks_first
from services.mail import letters, outbox
from services.mail.wordings import (
    MAILS,
    MOST_SUBJECT,
    MOST_TEXT,
    Wording,
    check_subject,
    check_text,
)
from services.tenants.actions import TenantAction
from services.tenants.events import TenantChanged


class MailTextForm(Form):
    """What one of the mails says."""

    mail: MailTemplate = choice(
        "Mail", [Option(template.value, mail.name) for template, mail in MAILS.items()]
    )
    subject: str = text("Subject", most=MOST_SUBJECT)
    text: str = lines("Text", most=MOST_TEXT)

    @field_validator("mail")
    @classmethod
    def _is_one(cls, template: MailTemplate) -> MailTemplate:
        if template not in MAILS:
            raise ValueError("Choose a mail of the list.")
        return template

    @field_validator("subject")
    @classmethod
    def _can_be_sent(cls, subject: str, info: ValidationInfo) -> str:
        return check_subject(MAILS[info.data["mail"]], subject) if "mail" in info.data else subject

    @field_validator("text")
    @classmethod
    def _says_what_it_must(cls, written: str, info: ValidationInfo) -> str:
        return check_text(MAILS[info.data["mail"]], written) if "mail" in info.data else written


@dataclass(frozen=True)
class ShownText:
    """A mail as Settings shows it: its words now, whether they are Rollcall's own, and its fields,
    as they are written."""

    wording: Wording
    is_own: bool
    fields: Sequence[str]
    has_link: bool


@dataclass(frozen=True)
class Preview:
    """A mail with sample data, as it would arrive."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    logo: str
    """The digest of the organisation's logo, which comes along with the mail."""


async def get_texts(actor: Principal) -> Mapping[MailTemplate, ShownText]:
    """The words of the organisation's mails, for each mail that can be changed."""
    async with viewing(actor, Permission.MANAGE_ORGANISATION) as view:
        tenant = await view.get_tenant()
        found = await view.tx.exec(select(MailText).where(MailText.tenant_id == tenant.id))
        kept = {one.template: Wording(one.subject, one.text) for one in found}
    return {
        template: ShownText(
            kept.get(template, mail.own),
            template not in kept,
            [field.written for field in mail.fields],
            mail.has_link,
        )
        for template, mail in MAILS.items()
    }


async def preview(actor: Principal, form: MailTextForm) -> Preview:
    """The mail with this text and sample data."""
    async with viewing(actor, Permission.MANAGE_ORGANISATION) as view:
        tenant = await view.get_tenant()
        reader = view.user.full_name if view.user else letters.SOMEBODY
        letter = letters.sample(
            form.mail,
            Wording(form.subject, form.text),
            tenant,
            reader=reader,
            recipient=view.user.email if view.user else "",
        )
    return Preview(
        letter.sender_name, letter.recipient, letter.subject, letter.text, letter.html, tenant.logo
    )


@looks_first
async def edit_text(actor: Principal, form: MailTextForm) -> None:
    """Have a mail say this from now on; if these are Rollcall's own words, the mail is reset.

    Mails that wait to be sent say it too.
    """
    async with acting(actor, Permission.MANAGE_ORGANISATION, fresh=True) as act:
        tenant = await act.get_tenant(lock=True)
        found = await act.tx.exec(
            select(MailText).where(MailText.tenant_id == tenant.id, MailText.template == form.mail)
        )
        kept, mail = found.first(), MAILS[form.mail]
        wanted = Wording(form.subject, form.text)
        if wanted == (Wording(kept.subject, kept.text) if kept else mail.own):
            return
        if wanted == mail.own:
            await act.tx.delete(kept)
            await act.record(TenantAction.MAIL_TEXT_RESET, tenant_id=tenant.id, mail=mail.name)
        else:
            row = kept or act.add(_new_row(act, form))
            row.subject, row.text, row.changed_at = form.subject, form.text, clock.now()
            await act.record(
                TenantAction.MAIL_TEXT_CHANGED,
                tenant_id=tenant.id,
                mail=mail.name,
                heading=form.subject,
                text=form.text,
            )
        act.publish(TenantChanged(tenant_id=tenant.id))


@looks_first
async def send_test(actor: Principal, form: MailTextForm) -> str:
    """Send the actor this text with sample data; returns their email.

    An earlier one that still waits isn't sent. Raises `ConflictError` if no mail server is
    configured.
    """
    async with acting(actor, Permission.MANAGE_ORGANISATION) as act:
        tenant, own = await act.get_tenant(), act.own
        if not outbox.is_configured():
            raise ConflictError("No mail server is set up, so no mail can be sent.")
        await outbox.cancel(act.tx, own.id, MailTemplate.TEST)
        mail = outbox.enqueue(
            act.tx,
            MailTemplate.TEST,
            own,
            tenant_name=tenant.name,
            of=form.mail.value,
            subject=form.subject,
            text=form.text,
            reader=own.full_name,
        )
        if mail is not None:
            # A Platform Admin has no organisation: the mail is from the one that they are looking
            # at.
            mail.tenant_id = tenant.id
        return own.email


def _new_row(act: Act, form: MailTextForm) -> MailText:
    assert act.tenant_id is not None
    return MailText(
        tenant_id=act.tenant_id,
        template=form.mail,
        subject=form.subject,
        text=form.text,
        changed_at=clock.now(),
    )
