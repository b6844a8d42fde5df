"""Telling people by mail what was done to their account, in the transaction that does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, func, select

from models import MailState, MailTemplate, OutgoingMail, Tenant, User
from services.audit.acting import Act
from services.database.transaction import Transaction
from services.mail import outbox
from services.sign_in.personal_links import PLATFORM_NAME
from services.users.ends import end_of

NO_END = "no end"
NEAR = timedelta(seconds=5)
"""A mail and the entry of the act that promises it may differ by this much in time."""


@dataclass(frozen=True)
class Notice:
    """How far the mail about an act has got, and when the mail server took it."""

    state: MailState
    sent_at: datetime | None


async def suggests(tx: Transaction, tenant_id: UUID | None) -> bool:
    """Whether people of this organisation are told if nobody says otherwise."""
    if not outbox.is_configured() or tenant_id is None:
        return False
    return bool((await tx.exec(select(Tenant.tells_people).where(Tenant.id == tenant_id))).first())


async def tell(
    act: Act, template: MailTemplate, users: Sequence[User], wanted: bool | None
) -> bool:
    """Promise users of one organisation this mail, if it is wanted (none: as the organisation
    suggests); returns whether it was. Earlier mails about an end that still wait aren't sent: the
    end is another one now."""
    if not users:
        return False
    tenant_id = users[0].tenant_id
    if template is MailTemplate.END_DATE:
        await outbox.cancel(act.tx, [user.id for user in users], template)
    if not (await suggests(act.tx, tenant_id) if wanted is None else wanted):
        return False
    tenant = await act.tx.get(Tenant, tenant_id) if tenant_id else None
    without = NO_END if template is MailTemplate.END_DATE else ""
    mails = [
        outbox.enqueue(
            act.tx,
            template,
            user,
            tenant_name=tenant.name if tenant else PLATFORM_NAME,
            sender_name=act.user.full_name if act.user else "",
            ends=end.words if (end := end_of(user)) else without,
        )
        for user in users
    ]
    return mails[0] is not None


async def mail_about_departure(tx: Transaction, user: User, at: datetime) -> Notice | None:
    """The mail about a user's deactivation at this moment, if one was promised."""
    found = await tx.exec(
        select(OutgoingMail.state, OutgoingMail.sent_at)
        .where(
            OutgoingMail.user_id == user.id,
            OutgoingMail.template == MailTemplate.DEACTIVATED,
            col(OutgoingMail.created_at) >= at - NEAR,
        )
        .order_by(col(OutgoingMail.created_at).desc())
        .limit(1)
    )
    mail = found.first()
    return Notice(*mail) if mail else None


async def who_know_of_departure(tx: Transaction, users: Sequence[User]) -> set[UUID]:
    """Those of these inactive users to whom the mail about their latest deactivation has left, or
    is just leaving."""
    found = await tx.exec(
        select(OutgoingMail.user_id, func.max(OutgoingMail.created_at))
        .where(
            col(OutgoingMail.user_id).in_([user.id for user in users]),
            OutgoingMail.template == MailTemplate.DEACTIVATED,
            OutgoingMail.state != MailState.CANCELLED,
            col(OutgoingMail.attempts) > 0,
        )
        .group_by(col(OutgoingMail.user_id))
    )
    latest = dict(found.all())
    return {
        user.id
        for user in users
        if user.deactivated_at and user.id in latest and latest[user.id] >= user.deactivated_at
    }
