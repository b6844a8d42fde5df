"""One act of somebody: `async with acting(principal, Permission.X) as act`.

It is one transaction, in which who acts is checked and locked before anything is decided; what it
records and publishes names them by itself, and leaves after the commit.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import SQLModel

from models import User
from services.access.actor import Acting, authorize
from services.access.permissions import Permission, Secret
from services.audit.writing import Action, Subject, record
from services.core.db import Transaction, reading, transaction
from services.core.errors import NotFoundError
from services.core.events import Event

RowT = TypeVar("RowT", bound=SQLModel)


@dataclass(frozen=True)
class View:
    """A look at the database by somebody who may: the principal, and the transaction."""

    tx: Transaction
    principal: Acting
    user: User | None
    """Whoever acts, as they are now; none where Rollcall itself or its command line does."""

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant in which the principal works."""
        return self.principal.tenant_id

    async def get(self, model: type[RowT], row_id: UUID, *, lock: bool = False) -> RowT:
        """A row of the tenant in which the principal works.

        Raises `NotFoundError` where there is none, and in the same words where it is another
        tenant's.
        """
        row = await self.tx.get(model, row_id, with_for_update=lock or None)
        if row is None or getattr(row, "tenant_id", None) != self.tenant_id:
            raise NotFoundError(f"This {noun_of(model)} doesn't exist.")
        return row


@dataclass(frozen=True)
class Act(View):
    """An act that may change the database."""

    def add(self, row: RowT) -> RowT:
        """Have the row inserted by this act's commit."""
        self.tx.add(row)
        return row

    async def record(self, action: Action, subject: Subject | None = None, **details: Any) -> UUID:
        """Write the act into the audit log of the tenant; returns the entry's id."""
        entry = await record(
            self.tx,
            action,
            actor=self.principal,
            by=self.user,
            subject=subject,
            tenant_id=self.tenant_id,
            **details,
        )
        return entry.id

    def publish(self, event: Event) -> None:
        """Have the event leave after the commit."""
        self.tx.publish(event)


def noun_of(model: type[SQLModel]) -> str:
    """What a person calls a row of this table: "task template" for `TaskTemplate`."""
    return str(model.__tablename__).replace("_", " ")


@asynccontextmanager
async def acting(
    principal: Acting,
    permission: Permission | Secret,
    *,
    lock: Collection[UUID] = (),
    fresh: bool = False,
    urgent: bool = False,
) -> AsyncIterator[Act]:
    """Act as the principal: their session and permission are checked, and their row is locked,
    with those of the users in `lock`, before anything else (`services.access.actor.authorize`).

    `fresh` is for sensitive acts, `urgent` for what ends somebody's access. The call around it
    `looks_first`. Raises what `authorize` and `transaction` raise.
    """
    async with transaction(actor=principal, urgent=urgent) as tx:
        own = () if principal.user_id is None else (principal.user_id,)
        user = await authorize(tx, principal, permission, lock={*own, *lock}, fresh=fresh)
        yield Act(tx, principal, user)


@asynccontextmanager
async def viewing(principal: Acting, permission: Permission) -> AsyncIterator[View]:
    """Read as the principal, whose session and permission are checked before anything else."""
    async with reading() as tx:
        yield View(tx, principal, await authorize(tx, principal, permission))
