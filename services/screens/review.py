"""The review of who still needs access, as a screen shows its progress."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from models import Review, ReviewPerson, Tenant
from services.database.transaction import Transaction
from services.reviews.reminders import find_due
from services.reviews.reviews import find_open
from services.screens.scope import Scope


@dataclass(frozen=True)
class ReviewShown:
    """The review that is under way, or when the next one is due. Moments in seconds since 1970, 0
    if there is none."""

    name: str = ""
    people: int = 0
    to_decide: int = 0
    closes: int = 0
    next_due: int = 0


async def read_review(tx: Transaction, scope: Scope, *, has_names: bool) -> ReviewShown:
    """The progress of a tenant's review; without names, the review's own name isn't shown. For all
    tenants: the progress of all reviews that are under way, together."""
    tenant_id = scope.tenant_id
    if tenant_id is None:
        return ReviewShown("", *await _count(tx, col(Review.closed_at).is_(None)))
    review = await find_open(tx, tenant_id)
    if review is None:
        return ReviewShown(next_due=await _next_due(tx, tenant_id))
    people, to_decide = await _count(tx, Review.id == review.id)
    closes = int(review.closes_at.timestamp()) if review.closes_at else 0
    return ReviewShown(review.name if has_names else "", people, to_decide, closes)


async def _count(tx: Transaction, which: ColumnElement[bool] | bool) -> tuple[int, int]:
    """How many people these reviews ask about, and for how many there is no decision."""
    found = await tx.exec(
        select(func.count(), func.count(col(ReviewPerson.decision)))
        .join(Review, col(Review.id) == col(ReviewPerson.review_id))
        .where(which)
    )
    people, decided = found.one()
    return people, people - decided


async def _next_due(tx: Transaction, tenant_id: UUID) -> int:
    due = await find_due(tx, await tx.get_one(Tenant, tenant_id))
    return int(due.timestamp()) if due else 0
