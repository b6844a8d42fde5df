"""One act of somebody: `async with acting(principal, Permission.X) as act`.

It is one transaction, in which who acts is checked and locked before anything is decided; what it
records and publishes names them by itself, and leaves after the commit.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from models import Tenant, User
from services.access.actor import OfTenant, Principal, authorize, get_row
from services.access.permissions import Permission, Secret
from services.audit.actions import AuditAction
from services.audit.writing import Subject, record
from services.core.errors import NotFoundError, SessionEndedError
from services.core.events import Event
from services.database.transaction import LOCKED, Transaction, reading, transaction

T = TypeVar("T")
RowT = TypeVar("RowT", bound=OfTenant)

Finder = Callable[[Transaction], Awaitable[Collection[UUID]]]
"""Finds, in the transaction, the users whom an act will decide about."""


@dataclass(frozen=True)
class View:
    """A look at the database by somebody who may look: the principal, and the transaction."""

    tx: Transaction
    principal: Principal
    user: User | None
    """The user who acts, as they are now; none if no user does."""

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant in which the principal works."""
        return self.principal.tenant_id

    @property
    def own(self) -> User:
        """The user who acts, for calls about oneself. Raises `SessionEndedError` if no user
        acts."""
        if self.user is None:
            raise SessionEndedError
        return self.user

    async def get(self, table: type[RowT], row_id: UUID, *, lock: bool = False) -> RowT:
        """A row of the tenant in which the principal works.

        Raises `NotFoundError` if there is none, and in the same words if it belongs to another
        tenant.
        """
        return await get_row(self.tx, self.principal, table, row_id, lock=lock)

    async def get_tenant(self, *, lock: bool = False) -> Tenant:
        """The tenant in which the principal works; raises `NotFoundError` above the tenants."""
        tenant = None
        if self.tenant_id is not None:
            tenant = await self.tx.get(Tenant, self.tenant_id, **(LOCKED if lock else {}))
        if tenant is None:
            raise NotFoundError
        return tenant

    async def require(self, permission: Permission | Secret, *, fresh: bool = False) -> None:
        """Check that the principal may do this too, if that depends on what was read.

        Raises what `authorize` raises.
        """
        await authorize(self.tx, self.principal, permission, fresh=fresh)


@dataclass(frozen=True)
class Act(View):
    """An act that may change the database. In an act on many, all that is recorded has one `run`:
    the log shows it as one line, which opens."""

    run: UUID | None = None

    def add(self, row: T) -> T:
        """Have the row inserted by this act's commit."""
        self.tx.add(row)
        return row

    async def record(
        self,
        action: AuditAction,
        subject: Subject | None = None,
        *,
        tenant_id: UUID | None = None,
        **details: Any,
    ) -> UUID:
        """Write the act into the audit log; returns the entry's id.

        The log is that of the subject's tenant. Without a subject it is `tenant_id`'s, or that of
        the tenant in which the principal works.
        """
        entry = await record(
            self.tx,
            action,
            actor=self.principal,
            by=self.user,
            subject=subject,
            tenant_id=tenant_id or self.tenant_id,
            **self.of_run(details),
        )
        return entry.id

    def of_run(self, details: Mapping[str, Any]) -> Mapping[str, Any]:
        """An entry's details, with the run that it belongs to."""
        return {**details, "run": self.run} if self.run else details

    def publish(self, event: Event) -> None:
        """Have the event leave after the commit."""
        self.tx.publish(event)


@asynccontextmanager
async def acting(
    principal: Principal,
    permission: Permission | Secret,
    *,
    lock: Collection[UUID] | Finder = (),
    fresh: bool = False,
    urgent: bool = False,
    patient: bool = False,
) -> AsyncIterator[Act]:
    """Act as the principal: their session and permission are checked, and their row is locked,
    with those of the users in `lock`, before anything else (`services.access.actor.authorize`).

    `lock` may be a function that finds them. `fresh` is for sensitive acts, `urgent` for what ends
    somebody's access, `patient` for what lets others go first. The call around it `looks_first`.
    Raises what `authorize` and `transaction` raise.
    """
    async with transaction(actor=principal, urgent=urgent, patient=patient) as tx:
        others = await lock(tx) if callable(lock) else lock
        own = () if principal.holder_id is None else (principal.holder_id,)
        user = await authorize(tx, principal, permission, lock={*own, *others}, fresh=fresh)
        yield Act(tx, principal, user)


@asynccontextmanager
async def viewing(
    principal: Principal, permission: Permission | Secret, *, fresh: bool = False
) -> AsyncIterator[View]:
    """Read as the principal, whose session and permission are checked before anything else."""
    async with reading() as tx:
        yield View(tx, principal, await authorize(tx, principal, permission, fresh=fresh))
