"""The first day: what an invitation carries for it, and what the welcome page says."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from models import MailTemplate, Onboarding, Role, Tenant, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, View, viewing
from services.core.colours import Brand, brand_of
from services.database.transaction import Transaction
from services.mail import outbox
from services.sessions import presence
from services.sign_in.personal_links import PLATFORM_NAME
from services.users.ends import End, end_of


@dataclass(frozen=True)
class Contact:
    """The person whom somebody new can ask; `is_inviter` if nobody else was named."""

    id: UUID
    name: str
    email: str
    role: Role
    is_here: bool
    is_inviter: bool
    phone: str
    time_zone: str
    picture: str
    """The picture's digest; empty if they have none."""


@dataclass(frozen=True)
class FirstDay:
    """What the welcome page shows."""

    tenant_name: str
    logo: str
    """The digest of the organisation's logo; empty if it has none."""
    brand: Brand | None
    first_name: str
    name: str
    role: Role
    end: End | None
    welcome_text: str
    documentation_url: str
    note: str
    inviter: str
    inviter_id: UUID | None
    inviter_picture: str
    contact: Contact | None


async def get_first_day(actor: Principal) -> FirstDay:
    """The actor's own welcome; raises `NotFoundError` above the tenants."""
    async with viewing(actor, Permission.USE_OWN_ACCOUNT) as view:
        tenant, user = await view.get_tenant(), view.own
        given = await view.tx.get(Onboarding, user.id)
        inviter = await view.tx.get(User, user.invited_by_id) if user.invited_by_id else None
        return FirstDay(
            tenant_name=tenant.name,
            logo=tenant.logo,
            brand=brand_of(tenant.brand_colour) if tenant.brand_colour else None,
            first_name=user.first_name,
            name=user.full_name,
            role=user.role,
            end=end_of(user),
            welcome_text=tenant.welcome_text,
            documentation_url=tenant.documentation_url,
            note=given.note if given else "",
            inviter=inviter.full_name if inviter else "",
            inviter_id=inviter.id if inviter else None,
            inviter_picture=inviter.picture if inviter else "",
            contact=await _contact(view, given, inviter),
        )


async def carry(act: Act, user: User, note: str, contact_id: UUID | None) -> dict[str, str]:
    """Keep what an invitation carries, in its transaction, and tell the point of contact by mail;
    returns what the invitation's mail says about it.

    Somebody who isn't active any more is nobody's point of contact.
    """
    tx, by = act.tx, act.user
    contact = await tx.get(User, contact_id) if contact_id else None
    if contact is not None and (not contact.active or contact.tenant_id != user.tenant_id):
        contact = None
    said = _said(user, by, note, contact)
    if not note and contact is None:
        return said
    tx.add(
        Onboarding(
            user_id=user.id,
            tenant_id=user.tenant_id,
            note=note,
            contact_id=contact.id if contact else None,
        )
    )
    if contact is None:
        return said
    tenant = await tx.get(Tenant, user.tenant_id) if user.tenant_id else None
    outbox.enqueue(
        tx,
        MailTemplate.CONTACT_NAMED,
        contact,
        tenant_name=tenant.name if tenant else PLATFORM_NAME,
        sender_name=by.full_name if by else "",
        person=user.full_name,
        person_email=user.email,
        person_role=user.role.label,
    )
    return said


async def said_in_mails(
    tx: Transaction, by: User | None, users: Sequence[User]
) -> dict[UUID, dict[str, str]]:
    """What the mails of these people's invitations say of what they carry, by the people's ids."""
    ids = [user.id for user in users]
    carried = await tx.exec(select(Onboarding).where(col(Onboarding.user_id).in_(ids)))
    given = {one.user_id: one for one in carried}
    asked = {one.contact_id for one in given.values()} - {None}
    named = await tx.exec(select(User).where(col(User.id).in_(asked))) if asked else ()
    contacts: dict[UUID | None, User] = {user.id: user for user in named}
    said = {}
    for user in users:
        own = given.get(user.id)
        contact = contacts.get(own.contact_id) if own else None
        said[user.id] = _said(user, by, own.note if own else "", contact)
    return said


def _said(user: User, by: User | None, note: str, contact: User | None) -> dict[str, str]:
    asked = contact if contact is not None and contact.active else by
    end = end_of(user)
    return {
        "note": note,
        "contact": asked.full_name if asked else "",
        "ends": end.words if end else "",
    }


async def _contact(view: View, given: Onboarding | None, inviter: User | None) -> Contact | None:
    """The point of contact if they are active, otherwise the person who invited."""
    named = await view.tx.get(User, given.contact_id) if given and given.contact_id else None
    for user in (named, inviter):
        if user is not None and user.active:
            return Contact(
                user.id,
                user.full_name,
                user.email,
                user.role,
                presence.is_online(user.id),
                user is not named,
                user.phone,
                user.time_zone,
                user.picture,
            )
    return None
