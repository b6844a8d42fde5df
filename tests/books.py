"""Reads from the database what tests compare."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlmodel import SQLModel, col, func, select

from models import (
    AttemptCounter,
    AuditEvent,
    ExternalIdentity,
    LinkPurpose,
    LoginSession,
    OneTimeLink,
    OutgoingMail,
    SsoConnection,
    Tenant,
    User,
)
from services.audit.writing import PLATFORM_CHAIN
from services.core import clock
from services.database.transaction import reading
from services.sign_in import throttle


async def audit_of(tenant: Tenant | None) -> Sequence[AuditEvent]:
    """The entries of a tenant's chain (or the platform's), oldest first."""
    chain = tenant.id if tenant else PLATFORM_CHAIN
    async with reading() as tx:
        rows = await tx.exec(
            select(AuditEvent).where(AuditEvent.chain_id == chain).order_by(col(AuditEvent.number))
        )
        return rows.all()


async def actions_of(tenant: Tenant | None) -> list[str]:
    """What the entries of a chain say was done, oldest first."""
    return [entry.action for entry in await audit_of(tenant)]


async def user_of(user_id: UUID) -> User:
    """A user as the database has it now."""
    async with reading() as tx:
        return await tx.get_one(User, user_id)


async def users_with(email_key: str) -> Sequence[User]:
    """Every account with this email, oldest first."""
    async with reading() as tx:
        rows = await tx.exec(select(User).where(User.email_key == email_key).order_by(col(User.id)))
        return rows.all()


async def mails_of(user_id: UUID) -> Sequence[OutgoingMail]:
    """The outbox rows for a user, oldest first."""
    async with reading() as tx:
        rows = await tx.exec(
            select(OutgoingMail)
            .where(OutgoingMail.user_id == user_id)
            .order_by(col(OutgoingMail.id))
        )
        return rows.all()


async def links_of(user_id: UUID, purpose: LinkPurpose | None = None) -> Sequence[OneTimeLink]:
    """The user's links (of one purpose), oldest first."""
    query = select(OneTimeLink).where(OneTimeLink.user_id == user_id)
    if purpose is not None:
        query = query.where(OneTimeLink.purpose == purpose)
    async with reading() as tx:
        return (await tx.exec(query.order_by(col(OneTimeLink.id)))).all()


async def live_links_of(user_id: UUID) -> list[OneTimeLink]:
    """The user's links that still open something."""
    return [link for link in await links_of(user_id) if link.is_live(clock.now())]


async def sessions_of(user_id: UUID) -> Sequence[LoginSession]:
    """The user's sessions, oldest first."""
    async with reading() as tx:
        rows = await tx.exec(
            select(LoginSession)
            .where(LoginSession.user_id == user_id)
            .order_by(col(LoginSession.id))
        )
        return rows.all()


async def live_sessions_of(user_id: UUID) -> list[LoginSession]:
    """The user's sessions that still let them in."""
    return [row for row in await sessions_of(user_id) if row.is_alive(clock.now())]


async def ways_in(users: Collection[UUID]) -> list[LoginSession | OneTimeLink]:
    """The live sessions and links of these users."""
    now = clock.now()
    async with reading() as tx:
        sessions = await tx.exec(
            select(LoginSession).where(col(LoginSession.user_id).in_(list(users)))
        )
        found = await tx.exec(select(OneTimeLink).where(col(OneTimeLink.user_id).in_(list(users))))
        return [row for row in sessions if row.is_alive(now)] + [
            link for link in found if link.is_live(now)
        ]


async def active_users() -> Sequence[User]:
    """Every active account, oldest first."""
    async with reading() as tx:
        return (await tx.exec(select(User).where(User.active).order_by(col(User.id)))).all()


async def identities_of(user_id: UUID) -> Sequence[ExternalIdentity]:
    """The subjects at providers to which the user is linked."""
    async with reading() as tx:
        rows = await tx.exec(select(ExternalIdentity).where(ExternalIdentity.user_id == user_id))
        return rows.all()


async def connection_of(tenant: Tenant) -> SsoConnection | None:
    """The tenant's provider, if it is connected."""
    async with reading() as tx:
        return await tx.get(SsoConnection, tenant.id)


async def count(model: type[SQLModel]) -> int:
    """How many rows a table has."""
    async with reading() as tx:
        return (await tx.exec(select(func.count()).select_from(model))).one()


async def answers_about_emails(user_id: UUID) -> int:
    """How many answers about emails of other organisations are counted for this user."""
    (key,) = throttle.person_key(throttle.Purpose.EMAIL_ELSEWHERE, user_id).values()
    async with reading() as tx:
        counter = await tx.get(AttemptCounter, key)
        return counter.failures if counter else 0
