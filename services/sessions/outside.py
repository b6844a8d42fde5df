"""Visitors of a page who aren't users: people at a customer's, by their session."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from models import CustomerPerson, EndReason, LoginSession
from services.access.actor import find_tenant
from services.access.outsiders import CustomerActor
from services.core import clock, logs
from services.core.errors import NotFoundError, SessionEndedError
from services.core.secrets import token_hash
from services.database.transaction import reading
from services.sessions.sessions import Caller


@dataclass(frozen=True)
class CustomerVisit:
    """A recognised visitor who isn't a user: who acts, and what the page's frame shows of them."""

    actor: CustomerActor
    name: str
    tenant_slug: str
    tenant_name: str
    expires_at: datetime
    seen_at: datetime


async def recognise_customer(token: str | None, slug: str, caller: Caller) -> CustomerVisit:
    """The customer's person who visits a page of this tenant.

    Raises `SessionEndedError` if the cookie's session has ended, or isn't a customer's person's,
    and `NotFoundError` if the tenant doesn't exist or isn't the one that they are a customer of.
    """
    async with reading() as tx:
        found = await tx.exec(
            select(LoginSession, CustomerPerson)
            .join(CustomerPerson, col(CustomerPerson.id) == LoginSession.customer_id)
            .where(LoginSession.token_hash == token_hash(token or ""))
        )
        session, person = found.first() or (None, None)
        if session is None or person is None:
            raise SessionEndedError
        if not session.is_alive(clock.now()):
            raise SessionEndedError(session.end_reason or EndReason.EXPIRED)
        logs.acting(person.id)
        tenant = await find_tenant(tx, slug)
        if tenant is None or tenant.id != person.tenant_id:
            raise NotFoundError
        if tenant.closed_at is not None:
            raise SessionEndedError(EndReason.TENANT_CLOSED)
        if not person.active:
            raise SessionEndedError(EndReason.DEACTIVATED)
    return CustomerVisit(
        actor=CustomerActor(session.id, person.id, tenant.id, person.full_name, caller.ip),
        name=person.full_name,
        tenant_slug=tenant.slug,
        tenant_name=tenant.name,
        expires_at=session.expires_at,
        seen_at=session.last_seen_at,
    )
