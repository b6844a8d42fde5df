"""The outbox: a mail is a row of the transaction that promised it. `mail_delivery` sends it."""

from collections.abc import Mapping
from email.utils import make_msgid
from uuid import UUID

from sqlmodel import col, update

from models import MailState, MailTemplate, OneTimeLink, OutgoingMail, User
from services.core import clock, runtime
from services.core.db import Transaction
from services.core.emails import on_the_wire
from services.mail.events import MailProgressed


def is_configured() -> bool:
    """Whether there is a mail server to deliver to."""
    return runtime.current().settings.mail_server is not None


def enqueue(
    tx: Transaction,
    template: MailTemplate,
    user: User,
    link: OneTimeLink | None = None,
    *,
    tenant_name: str,
    sender_name: str = "",
    more: Mapping[str, str] | None = None,
) -> OutgoingMail | None:
    """Promise a mail to the user, with a one-time link or without; none where no mail server is
    configured. `more` is what its template says besides."""
    settings = runtime.current().settings
    if not is_configured() or settings.mail_from is None:
        return None
    now = clock.now()
    domain = on_the_wire(settings.mail_from).rpartition("@")[2]
    mail = OutgoingMail(
        tenant_id=user.tenant_id,
        user_id=user.id,
        link_id=link.id if link else None,
        template=template,
        lane=template.lane,
        recipient=user.email,
        params={
            "first_name": user.first_name,
            "tenant_name": tenant_name,
            "sender_name": sender_name,
            **(more or {}),
        },
        message_id=make_msgid(domain=domain),
        next_attempt_at=now,
        created_at=now,
    )
    tx.add(mail)
    return mail


async def cancel(tx: Transaction, user_id: UUID, *templates: MailTemplate) -> None:
    """Don't send what still waits for the user (of these templates, or of all)."""
    await tx.exec(
        update(OutgoingMail)
        .where(
            col(OutgoingMail.user_id) == user_id,
            col(OutgoingMail.state) == MailState.WAITING,
            col(OutgoingMail.template).in_(templates or tuple(MailTemplate)),
        )
        .values(state=MailState.CANCELLED)
    )


def progressed(tx: Transaction, mail: OutgoingMail, user: User) -> None:
    """Tell the open grids that the user's mail got further."""
    user.changed()
    tx.publish(MailProgressed(tenant_id=mail.tenant_id, user_id=mail.user_id))
