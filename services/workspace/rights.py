"""Who may change what in a POC: its members, and nobody while it is archived."""

from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlmodel import col, select

from models import Poc, PocMember
from services.access.actor import OfTenant
from services.audit.acting import Act, View
from services.core import clock
from services.core.errors import ConflictError, NotAllowedError, NotFoundError, StaleError
from services.database.transaction import LOCKED, Transaction


class OfPoc(OfTenant, Protocol):
    """A row of a POC."""

    @property
    def poc_id(self) -> UUID:
        """The POC to which it belongs."""


RowT = TypeVar("RowT", bound=OfPoc)


class NotAMemberError(NotAllowedError):
    """The actor doesn't work on this POC."""

    def __init__(self) -> None:
        super().__init__("You aren't a member of this POC. Ask its owner to add you.")


def tenant_of(view: View) -> UUID:
    """The tenant in which the principal works; raises `NotFoundError` above the tenants."""
    if view.tenant_id is None:
        raise NotFoundError
    return view.tenant_id


async def get_poc(view: View, poc_id: UUID, *, lock: bool = False) -> Poc:
    """A POC of the tenant; raises `NotFoundError`."""
    poc = await view.tx.get(Poc, poc_id, **(LOCKED if lock else {}))
    if poc is None or poc.tenant_id != view.tenant_id:
        raise NotFoundError("This POC doesn't exist.")
    return poc


async def get_poc_to_change(act: Act, poc_id: UUID, *, archived: bool = False) -> Poc:
    """A POC, locked, that the actor may change.

    Raises `NotFoundError`, `NotAMemberError`, and `ConflictError` for an archived one, unless an
    archived one is asked for.
    """
    poc = await get_poc(act, poc_id, lock=True)
    await require_may_change(act, poc, archived=archived)
    return poc


async def require_may_change(view: View, poc: Poc, *, archived: bool = False) -> None:
    """Check that the actor may change what is in this POC.

    Raises `NotAMemberError`, and `ConflictError` for an archived one, unless an archived one is
    asked for.
    """
    if view.user is not None and not await is_member(view.tx, poc.id, view.user.id):
        raise NotAMemberError
    if poc.archived_at is not None and not archived:
        raise ConflictError("This POC is archived. Restore it first.")


async def get_part_to_change(
    act: Act, model: type[RowT], row_id: UUID, *, archived: bool = False
) -> tuple[Poc, RowT]:
    """A row of a POC, and the POC, locked, that the actor may change."""
    row = await act.get(model, row_id)
    poc = await get_poc_to_change(act, row.poc_id)
    row = await act.get(model, row_id, lock=True)  # it may have changed before its POC was locked
    if getattr(row, "archived_at", None) is not None and not archived:
        raise NotFoundError("This was archived meanwhile. Look again.")
    return poc, row


async def is_member(tx: Transaction, poc_id: UUID, user_id: UUID) -> bool:
    """Whether a user works on a POC."""
    found = await tx.exec(
        select(PocMember.id).where(
            PocMember.poc_id == poc_id,
            PocMember.user_id == user_id,
            col(PocMember.removed_at).is_(None),
        )
    )
    return found.first() is not None


def check_version(seen: int, is_now: int, what: str) -> None:
    """Raise `StaleError` if a row isn't as the actor saw it."""
    if seen != is_now:
        raise StaleError(what)


def by_id(act: Act) -> UUID | None:
    """The id of the actor, a user or a customer's person; none if Rollcall itself acts."""
    return act.principal.holder_id


def stamp(act: Act) -> dict[str, Any]:
    """What a new row says about its origin."""
    now, by = clock.now(), by_id(act)
    return {
        "tenant_id": tenant_of(act),
        "created_at": now,
        "created_by_id": by,
        "changed_at": now,
        "changed_by_id": by,
    }
