"""The review of who still needs access, as a screen shows how far it is."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, func, select

from models import ReviewPerson, Tenant
from services.core.db import Transaction
from services.reviews.reminders import find_due
from services.reviews.reviews import find_open


@dataclass(frozen=True)
class ReviewShown:
    """The review that is under way, or when the next one is due. Moments in seconds since 1970, 0
    where there is none."""

    name: str = ""
    people: int = 0
    to_decide: int = 0
    closes: int = 0
    next_due: int = 0


async def read_review(tx: Transaction, tenant_id: UUID, *, has_names: bool) -> ReviewShown:
    """How far a tenant's review is; without names it isn't called by its own."""
    review = await find_open(tx, tenant_id)
    if review is None:
        return ReviewShown(next_due=await _next_due(tx, tenant_id))
    found = await tx.exec(
        select(func.count(), func.count(col(ReviewPerson.decision))).where(
            ReviewPerson.review_id == review.id
        )
    )
    people, decided = found.one()
    closes = int(review.closes_at.timestamp()) if review.closes_at else 0
    return ReviewShown(review.name if has_names else "", people, people - decided, closes)


async def _next_due(tx: Transaction, tenant_id: UUID) -> int:
    due = await find_due(tx, await tx.get_one(Tenant, tenant_id))
    return int(due.timestamp()) if due else 0
