"""Reviews: begun, decided, and ordered to be closed. Nothing happens to anybody until the close."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlmodel import col, func, select

from models import (
    AuditEvent,
    CustomerPerson,
    Decision,
    Review,
    ReviewOutcome,
    ReviewPerson,
    Role,
    Tenant,
    User,
)
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, View, acting, viewing
from services.core import clock
from services.core.days import find_zone, moment_of
from services.core.errors import ConflictError, InvalidInputError
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.reviews.actions import ReviewAction
from services.reviews.asked import asked_person, find_asked
from services.reviews.events import ReviewChanged
from services.reviews.forms import ReviewForm
from services.reviews.reasons import DAYS, Reason
from services.users.profile import find_portraits

# When on its day a review is closed, in the organisation's time zone.
CLOSES = time(18, 0)
MOST_AT_ONCE = 500
OWN = "Another admin decides about you."
UNDER_WAY = "A review is under way. Close it first."


@dataclass(frozen=True)
class ReviewView:
    """A review as it is listed."""

    id: UUID
    name: str
    days: int
    begun_at: datetime
    begun_by: str
    closes_at: datetime | None
    tells: bool
    """Whether the people whom its close deactivates are told by mail."""
    closing: bool
    closed_at: datetime | None
    closed_by: str
    people: int
    kept: int
    to_deactivate: int
    deactivated: int
    undecided_out: int
    """The people who were deactivated without a decision."""
    zone: str
    """The organisation's time zone."""
    next_due: datetime | None
    """When the next one is due after this; none without a rule, or before its end."""

    @property
    def closes_here(self) -> datetime | None:
        """When it closes, in the organisation's time zone."""
        return self.closes_at and self.closes_at.astimezone(find_zone(self.zone))

    @property
    def decided(self) -> int:
        """For how many people there is a decision."""
        return self.kept + self.to_deactivate


@dataclass(frozen=True)
class PersonView:
    """A person whom a review asks about."""

    id: UUID
    holder_id: UUID
    """The id of the user, or of the customer's person, who has no `role`."""
    name: str
    email: str
    role: Role | None
    reasons: tuple[str, ...]
    last_active: datetime | None
    decision: Decision | None
    decided_by: str
    decided_at: datetime | None
    outcome: ReviewOutcome | None
    note: str
    version: int
    picture: str = ""
    """The digest of a user's picture; empty where there is none."""

    @property
    def role_label(self) -> str:
        """What they are, in words."""
        return self.role.label if self.role else "Customer"


@dataclass(frozen=True)
class Reviews:
    """All reviews of an organisation, the newest first, and its rule."""

    reviews: Sequence[ReviewView]
    every_days: int | None
    last_closed: datetime | None
    next_due: datetime | None
    """When the next review is due, or was; none without a rule."""
    tells: bool
    """Whether the organisation suggests that people are told by mail."""

    @property
    def overdue_since(self) -> datetime | None:
        """Since when a review should have begun; none if it needn't, or if one is under way."""
        late = self.next_due is not None and self.next_due <= clock.now()
        is_open = any(review.closed_at is None for review in self.reviews)
        return self.next_due if late and not is_open else None


@looks_first
async def begin(principal: Principal, form: ReviewForm) -> UUID:
    """Begin a review, and keep the people whom it asks about as they are now; returns the review's
    id.

    Raises `ConflictError` while another one is under way, and `InvalidInputError` if there is
    nobody to ask about.
    """
    async with acting(principal, Permission.SWITCH_USERS) as act:
        tenant = await act.get_tenant(lock=True)
        if await find_open(act.tx, tenant.id) is not None:
            raise ConflictError(UNDER_WAY)
        days, now = int(form.days), clock.now()
        closes_at = moment_of(form.closes_on, CLOSES, tenant.time_zone) if form.closes_on else None
        if closes_at is not None and closes_at <= now:
            raise InvalidInputError({"closes_on": "Choose a day to come."})
        found = await find_asked(act.tx, tenant, form.reasons, days)
        if not found:
            raise InvalidInputError({"reasons": "There is nobody to ask about for these reasons."})
        by = act.user.full_name if act.user else principal.name
        review = act.add(
            Review(
                tenant_id=tenant.id,
                name=form.name,
                days=days,
                begun_at=now,
                begun_by=by,
                begun_by_id=principal.user_id,
                closes_at=closes_at,
                tells=form.tell,
                first_number=0,
            )
        )
        await act.tx.flush()
        for user, reasons in found.values():
            act.add(asked_person(review, user, reasons))
        entry = await act.record(
            ReviewAction.BEGUN,
            review,
            people=len(found),
            days=days,
            reasons=[reason.value for reason in form.reasons],
            closes_at=closes_at,
        )
        review.first_number = (await act.tx.get_one(AuditEvent, entry)).number
        act.publish(ReviewChanged(tenant_id=tenant.id, review_id=review.id))
        return review.id


@looks_first
async def decide(
    principal: Principal,
    review_id: UUID,
    person_ids: Collection[UUID],
    decision: Decision | None,
) -> int:
    """Decide about some people, or take the decision back; returns for how many this changes
    something.

    Nobody decides about themselves: `ConflictError` if they are the only person asked for.
    """
    if len(person_ids) > MOST_AT_ONCE:
        raise ConflictError(f"Decide about {MOST_AT_ONCE} at most at once.")
    async with acting(principal, Permission.SWITCH_USERS) as act:
        review = await _get_open(act, review_id)
        found = await act.tx.exec(
            select(ReviewPerson, User, CustomerPerson)
            .join(User, col(User.id) == ReviewPerson.user_id, isouter=True)
            .join(CustomerPerson, col(CustomerPerson.id) == ReviewPerson.customer_id, isouter=True)
            .where(ReviewPerson.review_id == review.id, col(ReviewPerson.id).in_(person_ids))
            .order_by(col(ReviewPerson.name_key), col(ReviewPerson.id))
        )
        holders = [(row, user if row.user_id else other) for row, user, other in found]
        pairs = [(row, who) for row, who in holders if row.decision is not decision]
        others = [(row, who) for row, who in pairs if who.id != principal.user_id]
        if pairs and not others:
            raise ConflictError(OWN)
        for row, who in others:
            row.decision = decision
            row.decided_by = (act.user.full_name if act.user else "") if decision else ""
            row.decided_at = clock.now() if decision else None
            row.status_version = who.status_version
            row.version += 1
        if others:
            await act.record(
                ReviewAction.DECIDED,
                review,
                decision=decision.label if decision else "Undecided",
                people=[row.name for row, _ in others],
            )
            act.publish(_changed(review, [row.id for row, _ in others]))
        return len(others)


@looks_first
async def close(principal: Principal, review_id: UUID) -> None:
    """Begin to carry the decisions out (`closing`); people without a decision stay as they are."""
    async with acting(principal, Permission.SWITCH_USERS) as act:
        review = await _get_open(act, review_id)
        await begin_closing(act, review, by=act.user.full_name if act.user else principal.name)


async def begin_closing(act: Act, review: Review, *, by: str, undecided: bool = False) -> None:
    """Note that the close begins, for an act that has locked the review."""
    review.closing_at, review.closing_by = clock.now(), by
    review.ends_undecided = undecided
    await act.record(ReviewAction.CLOSING, review)
    act.publish(_changed(review, ()))


def _changed(review: Review, person_ids: Sequence[UUID]) -> ReviewChanged:
    return ReviewChanged(
        tenant_id=review.tenant_id, review_id=review.id, person_ids=tuple(person_ids)
    )


async def _get_open(act: Act, review_id: UUID) -> Review:
    review = await act.get(Review, review_id, lock=True)
    if review.closing_at is not None:
        raise ConflictError("This review is closed. Its decisions can't be changed any more.")
    return review


async def find_open(tx: Transaction, tenant_id: UUID) -> Review | None:
    """The review of a tenant that isn't closed, if there is one."""
    found = await tx.exec(
        select(Review).where(Review.tenant_id == tenant_id, col(Review.closed_at).is_(None))
    )
    return found.first()


async def list_reviews(principal: Principal) -> Reviews:
    """The reviews of the organisation."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        tenant = await view.get_tenant()
        found = await view.tx.exec(
            select(Review)
            .where(Review.tenant_id == tenant.id)
            .order_by(col(Review.begun_at).desc(), col(Review.id))
        )
        reviews = [await _view(view.tx, review) for review in found]
    closed = [review.closed_at for review in reviews if review.closed_at]
    last = max(closed, default=None)
    due = due_after(tenant, last)
    return Reviews(reviews, tenant.review_every_days, last, due, tenant.tells_people)


async def get_review(principal: Principal, review_id: UUID) -> ReviewView:
    """One review. Raises `NotFoundError`."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        return await _view(view.tx, await view.get(Review, review_id))


async def list_people(principal: Principal, review_id: UUID) -> Sequence[PersonView]:
    """The people whom a review asks about, by name."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        review = await view.get(Review, review_id)
        return await people_of(view, review)


async def people_of(view: View, review: Review) -> Sequence[PersonView]:
    """The same, for a call that has the review already."""
    return await _with_pictures(view.tx, await rows_of(view.tx, review), review.days)


async def rows_of(tx: Transaction, review: Review) -> Sequence[ReviewPerson]:
    """The people whom a review asks about, row by row."""
    found = await tx.exec(
        select(ReviewPerson)
        .where(ReviewPerson.review_id == review.id)
        .order_by(col(ReviewPerson.name_key), col(ReviewPerson.id))
    )
    return found.all()


async def find_people(person_ids: Collection[UUID]) -> Sequence[PersonView]:
    """Some people of a review as they are now, to tell its open pages."""
    async with reading() as tx:
        found = await tx.exec(
            select(ReviewPerson, Review.days)
            .join(Review, col(Review.id) == ReviewPerson.review_id)
            .where(col(ReviewPerson.id).in_(person_ids))
        )
        pairs = found.all()
        days = pairs[0][1] if pairs else DAYS[-1]
        return await _with_pictures(tx, [row for row, _ in pairs], days)


async def _with_pictures(
    tx: Transaction, rows: Sequence[ReviewPerson], days: int
) -> Sequence[PersonView]:
    pictures = await find_portraits(tx, [row.user_id for row in rows if row.user_id])
    return [person_view(row, days, pictures.get(row.holder_id, "")) for row in rows]


def person_view(row: ReviewPerson, days: int, picture: str = "") -> PersonView:
    """A person as pages show them."""
    return PersonView(
        id=row.id,
        holder_id=row.holder_id,
        name=row.name,
        email=row.email,
        role=row.role,
        reasons=tuple(Reason(reason).words(days) for reason in row.reasons),
        last_active=row.last_active_at,
        decision=row.decision,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        outcome=row.outcome,
        note=row.note,
        version=row.version,
        picture=picture,
    )


async def _view(tx: Transaction, review: Review) -> ReviewView:
    out = col(ReviewPerson.outcome) == ReviewOutcome.DEACTIVATED
    counting: Any = sqlalchemy.select(
        func.count(),
        func.count().filter(col(ReviewPerson.decision) == Decision.KEEP),
        func.count().filter(col(ReviewPerson.decision) == Decision.DEACTIVATE),
        func.count().filter(out),
        func.count().filter(out, col(ReviewPerson.decision).is_(None)),
    ).select_from(ReviewPerson)
    counted = await tx.exec(counting.where(ReviewPerson.review_id == review.id))
    people, kept, to_deactivate, deactivated, undecided_out = counted.one()
    tenant = await tx.get_one(Tenant, review.tenant_id)
    return ReviewView(
        review.id,
        review.name,
        review.days,
        review.begun_at,
        review.begun_by,
        review.closes_at,
        review.tells,
        review.closing_at is not None and review.closed_at is None,
        review.closed_at,
        review.closing_by,
        people,
        kept,
        to_deactivate,
        deactivated,
        undecided_out,
        tenant.time_zone,
        due_after(tenant, review.closed_at) if review.closed_at else None,
    )


def due_after(tenant: Tenant, last_closed: datetime | None) -> datetime | None:
    """When an organisation's next review is due after this one, or after the organisation's own
    beginning; none without a rule."""
    if tenant.review_every_days is None:
        return None
    return (last_closed or tenant.created_at) + timedelta(days=tenant.review_every_days)
