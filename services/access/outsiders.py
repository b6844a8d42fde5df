"""Callers who aren't users: a person at a customer's, and a screen on a wall. Each may do only what
its own table says, and nothing that users do."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import ClassVar
from uuid import UUID

from sqlmodel import col, select

from models import CustomerPerson, LoginSession, Screen, SessionKind, Tenant
from services.access.actor import Actor
from services.access.permissions import CUSTOMER_PERMISSIONS, SCREEN_PERMISSIONS, Permission
from services.core import clock, logs
from services.core.errors import NotAllowedError, SessionEndedError
from services.database.transaction import Transaction

log = logging.getLogger(__name__)

# After this long, a customer's person is asked for a new link, whether they came or not.
CUSTOMER_LASTS = timedelta(days=30)
# A screen that was off for this long has to be paired again: browsers keep a cookie no longer.
SCREEN_LASTS = timedelta(days=400)
SCREEN_LONGEST = timedelta(days=3650)


@dataclass(frozen=True)
class Outsider:
    """What both have: a session of the holder, in one tenant."""

    session_id: UUID
    holder_id: UUID
    tenant_id: UUID
    name: str
    ip: str = ""
    user_id: None = field(default=None, init=False)

    def reaches(self, tenant_id: UUID | None) -> bool:
        """Whether it is their own tenant."""
        return tenant_id == self.tenant_id


@dataclass(frozen=True)
class CustomerActor(Outsider):
    """Somebody at a customer's, at work in the POCs that they are shown.

    Holding one proves nothing: `check` asks the database, every time.
    """

    kind: ClassVar[SessionKind] = SessionKind.CUSTOMER

    @property
    def customer_id(self) -> UUID:
        """The id of the customer's person."""
        return self.holder_id

    async def check(
        self, tx: Transaction, permission: Permission, *, fresh: bool, writes: bool
    ) -> None:
        """Ask the database whether the session is alive and customers' people may do this.

        Raises `SessionEndedError`, `NotAllowedError`.
        """
        if writes:  # first and alone: what is read after this is as it is then
            await tx.exec(
                select(CustomerPerson.id)
                .where(CustomerPerson.id == self.customer_id)
                .with_for_update(key_share=True)
            )
        found = await tx.exec(
            select(LoginSession, CustomerPerson)
            .join(CustomerPerson, col(CustomerPerson.id) == col(LoginSession.customer_id))
            .join(Tenant, col(Tenant.id) == col(CustomerPerson.tenant_id))
            .where(
                LoginSession.id == self.session_id,
                CustomerPerson.id == self.customer_id,
                CustomerPerson.tenant_id == self.tenant_id,
                col(CustomerPerson.active),
                col(Tenant.closed_at).is_(None),
            )
            .execution_options(populate_existing=True)
        )
        session, person = found.first() or (None, None)
        _require(session, self.customer_id)
        _require_permission(permission, CUSTOMER_PERMISSIONS, fresh=fresh)
        if writes and session is not None and person is not None:
            tx.along_with_events(partial(_seen, session, person))


def _seen(session: LoginSession, person: CustomerPerson) -> None:
    now = clock.now()
    session.seen(now, CUSTOMER_LASTS, CUSTOMER_LASTS)
    person.last_active_at = now


@dataclass(frozen=True)
class ScreenActor(Outsider):
    """A screen, which may look at what it shows and change nothing."""

    kind: ClassVar[SessionKind] = SessionKind.SCREEN

    @property
    def screen_id(self) -> UUID:
        """Which screen it is."""
        return self.holder_id

    async def check(
        self, tx: Transaction, permission: Permission, *, fresh: bool, writes: bool
    ) -> None:
        """Ask the database whether the session is alive and screens may do this.

        Raises `SessionEndedError`, `NotAllowedError`.
        """
        found = await tx.exec(
            select(LoginSession)
            .join(Screen, col(Screen.id) == col(LoginSession.screen_id))
            .join(Tenant, col(Tenant.id) == col(Screen.tenant_id))
            .where(
                LoginSession.id == self.session_id,
                Screen.id == self.screen_id,
                Screen.tenant_id == self.tenant_id,
                col(Screen.revoked_at).is_(None),
                col(Tenant.closed_at).is_(None),
            )
            .execution_options(populate_existing=True)
        )
        _require(found.first(), self.screen_id)
        _require_permission(permission, SCREEN_PERMISSIONS, fresh=fresh or writes)


SessionActor = Actor | CustomerActor | ScreenActor
"""Whoever acts in a session."""


def _require(session: LoginSession | None, holder_id: UUID) -> None:
    if session is None or not session.is_alive(clock.now()):
        raise SessionEndedError(session.end_reason if session else None)
    logs.acting(holder_id)


def _require_permission(
    permission: Permission, allowed: frozenset[Permission], *, fresh: bool
) -> None:
    if permission not in allowed or fresh:
        log.warning("Refused: %s to an outsider", permission.name)
        raise NotAllowedError
