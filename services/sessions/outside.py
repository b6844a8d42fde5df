"""Who visits a page without being a user: by the session of a customer's person, or of a screen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlmodel import col, select

from models import CustomerPerson, EndReason, LoginSession, Screen, Tenant
from services.access.actor import find_tenant
from services.access.outsiders import CustomerActor, ScreenActor
from services.core import clock, logs
from services.core.db import Transaction, reading
from services.core.errors import NotFoundError, SessionEndedError
from services.core.secrets import token_hash
from services.sessions.sessions import Caller

ActorT = TypeVar("ActorT", CustomerActor, ScreenActor)
HolderT = TypeVar("HolderT", CustomerPerson, Screen)


@dataclass(frozen=True)
class OutsideVisit(Generic[ActorT]):
    """A recognised visitor who is no user: who acts, and what the page's frame shows of them."""

    actor: ActorT
    name: str
    tenant_slug: str
    tenant_name: str
    expires_at: datetime
    seen_at: datetime


CustomerVisit = OutsideVisit[CustomerActor]
ScreenVisit = OutsideVisit[ScreenActor]


async def recognise_customer(token: str | None, slug: str, caller: Caller) -> CustomerVisit:
    """Who at a customer's visits a page of this tenant.

    Raises `SessionEndedError` where nobody is let in by the cookie, and `NotFoundError` where the
    tenant doesn't exist or isn't the one whose customer they are.
    """
    async with reading() as tx:
        session, tenant, person = await _find(tx, token, slug, CustomerPerson)
        if not person.active:
            raise SessionEndedError(EndReason.DEACTIVATED)
    actor = CustomerActor(session.id, person.id, tenant.id, person.full_name, caller.ip)
    return _visit(session, tenant, actor)


async def recognise_screen(token: str | None, slug: str, caller: Caller) -> ScreenVisit:
    """Which screen visits a page of this tenant. Raises what `recognise_customer` raises."""
    async with reading() as tx:
        session, tenant, screen = await _find(tx, token, slug, Screen)
        if screen.revoked_at is not None:
            raise SessionEndedError(EndReason.REVOKED)
    actor = ScreenActor(session.id, screen.id, tenant.id, screen.name, caller.ip)
    return _visit(session, tenant, actor)


async def _find(
    tx: Transaction, token: str | None, slug: str, table: type[HolderT]
) -> tuple[LoginSession, Tenant, HolderT]:
    own = LoginSession.customer_id if table is CustomerPerson else LoginSession.screen_id
    found = await tx.exec(
        select(LoginSession, table)
        .join(table, col(table.id) == own)
        .where(LoginSession.token_hash == token_hash(token or ""))
    )
    session, holder = found.first() or (None, None)
    if session is None or holder is None:
        raise SessionEndedError
    if not session.is_alive(clock.now()):
        raise SessionEndedError(session.end_reason or EndReason.EXPIRED)
    logs.acting(holder.id)
    tenant = await find_tenant(tx, slug)
    if tenant is None or tenant.id != holder.tenant_id:
        raise NotFoundError
    if tenant.closed_at is not None:
        raise SessionEndedError(EndReason.TENANT_CLOSED)
    return session, tenant, holder


def _visit(session: LoginSession, tenant: Tenant, actor: ActorT) -> OutsideVisit[ActorT]:
    return OutsideVisit(
        actor=actor,
        name=actor.name,
        tenant_slug=tenant.slug,
        tenant_name=tenant.name,
        expires_at=session.expires_at,
        seen_at=session.last_seen_at,
    )
