"""Writes mails: what an organisation or Rollcall says in each, in the layout that all share."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlmodel import col, select

from models import LinkPurpose, MailTemplate, MailText, OneTimeLink, OutgoingMail, Picture, Tenant
from services.access import one_time_links
from services.core import clock
from services.core.colours import brand_of
from services.core.days import find_zone
from services.core.words import with_nothing_deceiving, with_nothing_hidden
from services.database import runtime
from services.database.transaction import Transaction
from services.mail import outbox
from services.mail.message import LOGO_ID, Letter
from services.mail.wordings import (
    MAILS,
    SAID_IN_LAYOUT,
    Mail,
    Wording,
    html_of,
    subject_of,
    text_of,
)

# The pages that links lead to.
PAGES = {
    LinkPurpose.INVITATION: "invitation",
    LinkPurpose.RESET: "password/reset",
    LinkPurpose.EMAIL_CONFIRM: "email/confirm",
    LinkPurpose.EMAIL_REVERT: "email/take-back",
    LinkPurpose.CUSTOMER_INVITATION: "customer/link",
    LinkPurpose.CUSTOMER_VISIT: "customer/link",
}
# Rollcall's own colour for buttons and links, on light; and for buttons, and links, on dark.
ACCENT, BUTTON_DARK, ACCENT_DARK = "#4a45c9", "#5b54ee", "#b5b2ff"
TEMPLATES = Path(__file__).parent / "templates"
SOMEBODY = "An admin"
"""Who acted, if no user of Rollcall did."""

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)


async def write(tx: Transaction, row: OutgoingMail) -> Letter | None:
    """A mail with its link as it is now; none if the link is dead. Raises `LeftOutError`."""
    link = await tx.get(OneTimeLink, row.link_id) if row.link_id else None
    tenant = await tx.get(Tenant, row.tenant_id) if row.tenant_id else None
    if row.link_id is not None and (link is None or not link.is_live(clock.now())):
        return None
    logo = await _logo_of(tx, tenant)
    if row.template is MailTemplate.TEST:
        return _test(row, tenant, logo)
    late = await outbox.find_late(tx, row)
    values = {**row.params, **late, **_values_of_all(tenant, row.recipient)}
    token = ""
    if link is not None:
        token = one_time_links.token_of(link)
        values["link_url"] = f"{_base(tenant)}/{PAGES[link.purpose]}/{token}"
    said = {
        **{name: str(value) for name, value in {**row.params, **late}.items()},
        "organisation": str(values.get("tenant_name", "")),
        "inviter": str(values.get("sender_name") or SOMEBODY),
        "admin": str(values.get("sender_name") or SOMEBODY),
        "end_date": str(values.get("ends", "")),
        "email": row.recipient,
        "expires": _moment(link.expires_at, tenant) if link else "",
        "documentation": tenant.documentation_url if tenant else "",
    }
    wording = await wording_of(tx, tenant, row.template)
    return _letter(
        row.template, wording, values, said, message_id=row.message_id, logo=logo, token=token
    )


async def wording_of(
    tx: Transaction, tenant: Tenant | None, template: MailTemplate
) -> Wording | None:
    """The organisation's words for its mails; none for mails that nobody can change."""
    mail = MAILS.get(template)
    if mail is None or tenant is None:
        return mail.own if mail else None
    found = await tx.exec(
        select(MailText).where(MailText.tenant_id == tenant.id, MailText.template == template)
    )
    kept = found.first()
    return Wording(kept.subject, kept.text) if kept else mail.own


def sample(
    template: MailTemplate, wording: Wording, tenant: Tenant, *, reader: str, recipient: str
) -> Letter:
    """The mail as it would be with sample data, in which the reader is the one who acts. Its link
    leads to the sign-in page."""
    mail = MAILS[template]
    said = {field.name: field.sample for field in mail.fields}
    said |= {
        "organisation": tenant.name,
        "inviter": reader,
        "admin": reader,
        "expires": _moment(clock.now() + timedelta(days=7), tenant),
        "documentation": tenant.documentation_url or said.get("documentation", ""),
    }
    values = {**SAID_IN_LAYOUT, **said, **_values_of_all(tenant, said.get("email", recipient))}
    values |= {
        "tenant_name": tenant.name,
        "sender_name": reader,
        "link_url": values["sign_in_url"],
        "page_url": values["sign_in_url"],
    }
    return _letter(template, wording, values, said)


def _test(row: OutgoingMail, tenant: Tenant | None, logo: bytes) -> Letter | None:
    if tenant is None:
        return None
    wording = Wording(row.params["subject"], row.params["text"])
    letter = sample(
        MailTemplate(row.params["of"]),
        wording,
        tenant,
        reader=row.params["reader"],
        recipient=row.recipient,
    )
    return Letter(
        recipient=row.recipient,
        sender_name=letter.sender_name,
        subject=f"Test: {letter.subject}",
        text=letter.text,
        html=letter.html,
        message_id=row.message_id,
        logo=logo,
    )


def _letter(
    template: MailTemplate,
    wording: Wording | None,
    values: dict[str, Any],
    said: dict[str, str],
    *,
    message_id: str = "",
    logo: bytes = b"",
    token: str = "",
) -> Letter:
    mail = MAILS.get(template)
    recipient = values["email"]
    values = {name: _named(mail, name, value) for name, value in values.items()}
    said = {name: _named(mail, name, value) for name, value in said.items()}
    if mail is None or wording is None:
        subject = " ".join(render(template, "subject.txt", values).split())
        text, html = render(template, "body.txt", values), render(template, "body.html", values)
    else:
        subject = subject_of(wording, said)
        text, html = written_in(mail, template, wording, values, said)
    return Letter(
        recipient=recipient,
        sender_name=" ".join(str(values.get("tenant_name", "Rollcall")).split()),
        subject=with_nothing_deceiving(subject),
        text=with_nothing_deceiving(text),
        html=with_nothing_deceiving(html),
        message_id=message_id,
        logo=logo,
        token=token,
    )


def _named(mail: Mail | None, name: str, value: Any) -> Any:
    """A value as a mail says it. Names from before today's rules may hide something; somebody's
    words of several lines are as they wrote them."""
    field = mail.find(name) if mail else None
    if not isinstance(value, str) or (field is not None and field.is_quoted):
        return value
    return with_nothing_hidden(value)


def written_in(
    mail: Mail,
    template: MailTemplate,
    wording: Wording,
    values: dict[str, Any],
    said: dict[str, str],
) -> tuple[str, str]:
    """The words in the layout of their mail: as text, and as HTML."""
    words = text_of(mail, wording, said)
    marked = html_of(mail, wording, said, values["accent"])
    return (
        render(template, "body.txt", {**values, "words": words}),
        render(template, "body.html", {**values, "words": marked}),
    )


def render(template: MailTemplate, part: str, values: dict[str, Any]) -> str:
    """A part of a mail, made from Rollcall's own template."""
    return _environment.get_template(f"{template.value}/{part}").render(values)


def looks_of(tenant: Tenant | None) -> dict[str, Any]:
    """The colours of a tenant's mails, and whether its logo comes along."""
    brand = brand_of(tenant.brand_colour) if tenant and tenant.brand_colour else None
    return {
        "accent": brand.mail if brand else ACCENT,
        "button_dark": brand.dark.fill if brand else BUTTON_DARK,
        "accent_dark": brand.dark.text if brand else ACCENT_DARK,
        "has_logo": bool(tenant and tenant.logo),
        "logo_id": LOGO_ID,
    }


def _values_of_all(tenant: Tenant | None, recipient: str) -> dict[str, Any]:
    base = _base(tenant)
    return {
        "email": recipient,
        "sign_in_url": f"{base}/login",
        "customer_url": f"{base}/customer",
        "account_url": f"{base}/account",
        **looks_of(tenant),
    }


def _base(tenant: Tenant | None) -> str:
    slug = tenant.slug if tenant else None
    return runtime.current().settings.public_url + one_time_links.path_of(slug)


def _moment(at: datetime, tenant: Tenant | None) -> str:
    zone = find_zone(tenant.time_zone if tenant else "")
    return f"{at.astimezone(zone):%-d %B %Y, %H:%M} ({zone.key})"


async def _logo_of(tx: Transaction, tenant: Tenant | None) -> bytes:
    if tenant is None or not tenant.logo:
        return b""
    found = await tx.exec(
        select(Picture.content).where(
            Picture.tenant_id == tenant.id, col(Picture.user_id).is_(None)
        )
    )
    return found.first() or b""
