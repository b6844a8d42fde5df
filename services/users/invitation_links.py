"""The links of people who are invited and haven't signed in yet: sent, renewed and told, for one or
for many by the same few statements, in an act that has locked them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select

from models import (
    INVITING,
    LinkPurpose,
    MailTemplate,
    OneTimeLink,
    OutgoingMail,
    Role,
    Tenant,
    User,
)
from services.access import one_time_links
from services.access.actor import is_open
from services.access.permissions import INVITATIONS, Secret
from services.audit.acting import Act
from services.core import clock
from services.core.errors import ConflictError, RollcallError, SessionEndedError, TenantClosedError
from services.database import runtime
from services.database.transaction import Transaction
from services.mail import outbox
from services.mail.events import MailProgressed
from services.sign_in.personal_links import PLATFORM_NAME
from services.users import welcoming
from services.users.actions import InvitationAction


class Sent(NamedTuple):
    """A new link, and the mail that takes it, if one does."""

    link: OneTimeLink
    mail: OutgoingMail | None


async def refusals(act: Act, users: Sequence[User]) -> Mapping[UUID, RollcallError]:
    """Whose invitations, of users whom the act has locked, can't be renewed and handed over, and
    why, by their ids: people who are in, or inactive; admins, for whom it takes more; and everybody
    while the organisation is closed."""
    refused: dict[UUID, RollcallError] = {}
    closed = bool(users) and not await is_open(act.tx, users[0].tenant_id)
    for user in users:
        try:
            await require_role(act, user.role)
            _require_waiting(user)
            if closed:
                raise TenantClosedError
        except SessionEndedError:
            raise
        except RollcallError as error:
            refused[user.id] = error
    return refused


async def require_role(act: Act, role: Role) -> None:
    """Check what the invitation of an admin takes beyond what every invitation does."""
    secret = INVITATIONS[role]
    if secret is not Secret.INVITATION:
        await act.require(secret)


def _require_waiting(user: User) -> None:
    if not user.active:
        raise ConflictError(f"{user.full_name} is inactive. Activate the account first.")
    if not user.invited:
        raise ConflictError(
            f"{user.full_name} has signed in already. They can use “Forgot password?” themselves."
        )


async def require_open(tx: Transaction, tenant_id: UUID | None) -> None:
    """Raise `TenantClosedError` if nobody can be let into this tenant."""
    if not await is_open(tx, tenant_id):
        raise TenantClosedError


async def renew(act: Act, users: Sequence[User]) -> list[Sent]:
    """Renew the links of users who are none of the `refusals`: the old ones are dead from now on.
    Returns the new ones, in the same order."""
    ids = [user.id for user in users]
    if not ids:
        return []
    await one_time_links.void(act.tx, ids, LinkPurpose.INVITATION)
    await outbox.cancel(act.tx, ids, *INVITING)
    sent = await send(act.tx, users, act.user)
    for user in users:
        user.changed()
        await act.record(InvitationAction.RESENT, user)
        act.publish(MailProgressed(tenant_id=user.tenant_id, user_id=user.id))
    return sent


async def send(
    tx: Transaction,
    users: Sequence[User],
    by: User | None,
    *,
    old_role: str = "",
    by_mail: bool = True,
) -> list[Sent]:
    """Issue a link to each of these users of one organisation, and promise the mails."""
    links = [one_time_links.issue(tx, LinkPurpose.INVITATION, user.id) for user in users]
    if not by_mail or not outbox.is_configured():
        return [Sent(link, None) for link in links]
    await tx.flush()  # a mail refers to its link
    tenant_id = users[0].tenant_id
    tenant = await tx.get(Tenant, tenant_id) if tenant_id else None
    said = await welcoming.said_in_mails(tx, by, users)
    sent = []
    for user, link in zip(users, links, strict=True):
        mail = outbox.enqueue(
            tx,
            MailTemplate.ROLE_CORRECTED if old_role else MailTemplate.INVITATION,
            user,
            link,
            tenant_name=tenant.name if tenant else PLATFORM_NAME,
            sender_name=by.full_name if by else "",
            old_role=old_role,
            **said[user.id],
        )
        sent.append(Sent(link, mail))
    return sent


async def tell(act: Act, users: Sequence[User]) -> list[str]:
    """The urls of the live invitations of users who are none of the `refusals`, in the same order;
    that they were handed out is logged."""
    now = clock.now()
    found = await act.tx.exec(
        select(OneTimeLink).where(
            col(OneTimeLink.user_id).in_([user.id for user in users]),
            OneTimeLink.purpose == LinkPurpose.INVITATION,
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.void_at).is_(None),
            col(OneTimeLink.expires_at) > now,
        )
    )
    links = {link.user_id: link for link in found}
    return [
        await hand_out(
            act,
            user,
            links.get(user.id) or one_time_links.issue(act.tx, LinkPurpose.INVITATION, user.id),
        )
        for user in users
    ]


async def hand_out(act: Act, user: User, link: OneTimeLink) -> str:
    """The url of this link, to hand over; that it was handed out is logged."""
    await act.record(InvitationAction.LINK_COPIED, user)
    tenant = await act.tx.get(Tenant, user.tenant_id) if user.tenant_id else None
    return invitation_url(tenant.slug if tenant else None, one_time_links.token_of(link))


def invitation_url(slug: str | None, token: str) -> str:
    """The url of an invitation's page."""
    base = runtime.current().settings.public_url
    return f"{base}{one_time_links.path_of(slug)}/invitation/{token}"
