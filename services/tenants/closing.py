"""The end of a tenant: closed by a Platform Admin, and perhaps reopened.

From the commit on, nobody in it can do or read anything, or sign in; their data stays, and Platform
Admins can still see it. Links that were sent are dead for good.
"""

from collections.abc import Collection, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlmodel import col, or_, select, update

from models import (
    CustomerPerson,
    EndReason,
    LoginSession,
    MailState,
    OneTimeLink,
    OutgoingMail,
    Review,
    Screen,
    Tenant,
    User,
)
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import acting
from services.audit.actions import HeadAction
from services.audit.heads import note_tenant
from services.core import clock
from services.core.errors import InvalidInputError, NotFoundError
from services.core.names import fold
from services.database.looking import looks_first
from services.database.transaction import LOCKED, Transaction
from services.sessions.actions import SessionAction
from services.sessions.holders import Holder
from services.sessions.sessions import end
from services.tenants.events import TenantChanged
from services.tenants.list import facts_of, tell_row

HolderT = TypeVar("HolderT", User, CustomerPerson, Screen)


@looks_first
async def close_tenant(actor: Principal, tenant_id: UUID, name: str) -> int:
    """Close a tenant: ends every session of its users, customers' people and screens, and voids
    links and waiting mails.

    `name` is the tenant's name as the admin typed it, so that nobody closes the wrong one. Returns
    how many people were signed out. Needs a fresh sign-in; closing a closed tenant does nothing.
    Raises `InvalidInputError`.
    """
    async with acting(
        actor,
        Permission.MANAGE_TENANTS,
        lock=partial(_lock_users, actor, tenant_id),
        fresh=True,
        urgent=True,
    ) as act:
        tx, tenant = act.tx, await _get_locked(act.tx, tenant_id)
        if tenant.closed_at is not None:
            return 0
        if _as_seen(name) != _as_seen(tenant.name):
            raise InvalidInputError({"name": f"Type its name to close it: {tenant.name}"})
        was = facts_of(tenant)
        now = tenant.closed_at = clock.now()
        await act.record(HeadAction.TENANT_CLOSED, tenant_id=tenant.id)
        users = select(User.id).where(User.tenant_id == tenant.id)
        outsiders = select(CustomerPerson.id).where(CustomerPerson.tenant_id == tenant.id)
        await tx.exec(
            update(OneTimeLink)
            .where(
                or_(
                    col(OneTimeLink.user_id).in_(users),
                    col(OneTimeLink.customer_id).in_(outsiders),
                ),
                col(OneTimeLink.used_at).is_(None),
                col(OneTimeLink.void_at).is_(None),
            )
            .values(void_at=now)
        )
        await tx.exec(
            update(OutgoingMail)
            .where(
                col(OutgoingMail.tenant_id) == tenant.id,
                col(OutgoingMail.state) == MailState.WAITING,
            )
            .values(state=MailState.CANCELLED)
        )
        count = 0
        for holder in await _signed_in(tx, tenant.id):
            cause = await act.record(SessionAction.REVOKED, holder)
            count += bool(await end(tx, holder, EndReason.TENANT_CLOSED, cause=cause))
        await note_tenant(tx, HeadAction.TENANT_CLOSED, tenant, actor=actor, by=act.user)
        act.publish(TenantChanged(tenant_id=tenant.id))
        tell_row(tx, tenant.id, was)
        return count


@looks_first
async def reopen_tenant(actor: Principal, tenant_id: UUID) -> None:
    """Let a tenant's users sign in again, with the passwords that they had; needs a fresh sign-in.

    Sessions stay ended, and links dead: people who were invited need a new invitation. A review
    whose day has come meanwhile waits for an admin to close it: nobody could decide.
    """
    async with acting(
        actor, Permission.MANAGE_TENANTS, lock=partial(_lock_users, actor, tenant_id), fresh=True
    ) as act:
        tenant = await _get_locked(act.tx, tenant_id)
        if tenant.closed_at is None:
            return
        was, tenant.closed_at = facts_of(tenant), None
        await act.tx.exec(
            update(Review)
            .where(
                col(Review.tenant_id) == tenant.id,
                col(Review.closing_at).is_(None),
                col(Review.closes_at) <= clock.now(),
            )
            .values(closes_at=None)
        )
        await act.record(HeadAction.TENANT_REOPENED, tenant_id=tenant.id)
        await note_tenant(act.tx, HeadAction.TENANT_REOPENED, tenant, actor=actor, by=act.user)
        act.publish(TenantChanged(tenant_id=tenant.id))
        tell_row(act.tx, tenant.id, was)


def _as_seen(name: str) -> str:
    """A name without what its reader doesn't see: browsers show several spaces as one."""
    return " ".join(fold(name).split())


async def _lock_users(actor: Principal, tenant_id: UUID, tx: Transaction) -> Collection[UUID]:
    """Lock all users of the tenant and whoever acts, in the order of their ids, and its customers'
    people; then lock the tenant, as a sign-in does.

    So an act of one of them at this moment either comes before, or sees that the tenant is closed.
    Returns no rows: there may be tens of thousands, and they aren't needed.
    """
    await tx.exec(
        select(User.id)
        .where((col(User.tenant_id) == tenant_id) | (col(User.id) == actor.user_id))
        .order_by(col(User.id))
        .with_for_update(key_share=True)
    )
    await tx.exec(
        select(CustomerPerson.id)
        .where(CustomerPerson.tenant_id == tenant_id)
        .order_by(col(CustomerPerson.id))
        .with_for_update(key_share=True)
    )
    return ()


async def _signed_in(tx: Transaction, tenant_id: UUID) -> Sequence[Holder]:
    """The people and screens that have a session: users, then customers' people and screens."""
    living = (col(LoginSession.ended_at).is_(None), col(LoginSession.expires_at) > clock.now())

    async def found(table: type[HolderT], column: UUID | None) -> Sequence[HolderT]:
        signed_in = col(table.id).in_(select(column).where(*living))
        rows = select(table).where(table.tenant_id == tenant_id, signed_in)
        return (await tx.exec(rows.order_by(col(table.id)).with_for_update(key_share=True))).all()

    return [
        *await found(User, LoginSession.user_id),
        *await found(CustomerPerson, LoginSession.customer_id),
        *await found(Screen, LoginSession.screen_id),
    ]


async def _get_locked(tx: Transaction, tenant_id: UUID) -> Tenant:
    tenant = await tx.get(Tenant, tenant_id, **LOCKED)
    if tenant is None:
        raise NotFoundError("This organisation doesn't exist.")
    return tenant
