"""How many people wait for a decision in the review that is under way."""

from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, func, select

from models import Review, ReviewPerson
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.database.transaction import Transaction, reading

# Built once: each page under Users asks for it.
_UNDECIDED = (
    select(func.count())
    .select_from(ReviewPerson)
    .join(Review, col(Review.id) == ReviewPerson.review_id)
    .where(
        Review.tenant_id == bindparam("tenant_id"),
        col(Review.closing_at).is_(None),
        col(Review.closed_at).is_(None),
        col(ReviewPerson.decision).is_(None),
    )
)


async def count_undecided(principal: Principal) -> int:
    """How many nobody has decided about yet; 0 where no review is under way."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        return await _count(view.tx, view.tenant_id)


async def find_undecided(tenant_id: UUID) -> int:
    """The same, to tell the open pages."""
    async with reading() as tx:
        return await _count(tx, tenant_id)


async def _count(tx: Transaction, tenant_id: UUID | None) -> int:
    return (await tx.exec(_UNDECIDED, params={"tenant_id": tenant_id})).one()
