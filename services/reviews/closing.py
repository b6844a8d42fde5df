"""Closes reviews: does what was decided, person by person, each cut like a single one.

A review that is being closed is leased for a moment at a time: if a process dies, another one goes
on where it was.
"""

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlmodel import and_, col, func, or_, select

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
from services.access.actor import ROLLCALL, Operator, is_open
from services.access.permissions import Permission
from services.audit.acting import acting
from services.core import clock
from services.core.bus import Bus
from services.core.errors import ConflictError, RollcallError
from services.database.lasting import warn
from services.database.transaction import LOCKED, reading, transaction
from services.reviews.actions import ReviewAction
from services.reviews.events import ReviewChanged
from services.reviews.record import digest_of
from services.reviews.reminders import tell_result
from services.reviews.reviews import begin_closing, rows_of
from services.users import accounts
from services.workspace.customers.people import set_active

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
# How often a process looks for a review whose day has come, and for one that another process left.
LOOK_SECONDS = 30.0
# How many people between two leases.
BATCH = 25
UNDECIDED = "Undecided at the close."
INACTIVE = "Inactive already."
CHANGED = "Activated or deactivated since the decision."
LAST_ADMIN = "The last Tenant Admin stays."


class Closer:
    """The worker of one process."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def subscribe(self, bus: Bus) -> None:
        """Begin a close as soon as somebody asks for it."""
        bus.subscribe(ReviewChanged, self._hear)

    async def work(self) -> None:
        """Close reviews until cancelled."""
        while True:
            self._news.clear()
            try:
                await work()
            except RollcallError as error:
                warn(log, f"Reviews have to wait: {error}")
            with suppress(TimeoutError):
                # (Python 3.11's `asyncio.wait_for` loses a cancellation that comes with news.)
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()

    async def _hear(self, _event: ReviewChanged) -> None:
        self._news.set()


async def work() -> None:
    """Close the reviews whose day has come, and go on with those that are being closed."""
    for review_id, is_closing in await _find_due():
        try:
            if not is_closing:
                await _begin(review_id)
            await work_off(review_id)
        except RollcallError as error:
            warn(log, f"The close of the review {review_id} has to wait: {error}")


async def _find_due() -> list[tuple[UUID, bool]]:
    """The reviews that are being closed, or are to be closed, and whether the close has begun.
    While an organisation is closed nobody can decide, and none of its reviews closes by itself."""
    open_tenant = select(Tenant.id).where(
        Tenant.id == Review.tenant_id, col(Tenant.closed_at).is_(None)
    )
    is_due = and_(col(Review.closes_at) <= clock.now(), open_tenant.exists())
    query = select(Review.id, Review.closing_at).where(
        col(Review.closed_at).is_(None),
        or_(col(Review.closing_at).is_not(None), is_due),
    )
    async with reading() as tx:
        return [(review_id, at is not None) for review_id, at in await tx.exec(query)]


async def _begin(review_id: UUID) -> None:
    """Begin the close, if it is still due: other reviews are closed before, which takes long."""
    async with acting(ROLLCALL, Permission.SWITCH_USERS) as act:
        review = await act.get(Review, review_id)
        # The organisation is locked before its reviews, as where it is opened again.
        if not await is_open(act.tx, review.tenant_id):
            return
        review = await act.get(Review, review_id, lock=True)
        is_due = review.closes_at is not None and review.closes_at <= clock.now()
        if is_due and review.closing_at is None:
            await begin_closing(act, review, by=ROLLCALL.name, undecided=True)


async def work_off(review_id: UUID) -> None:
    """Do what was decided about each person, one after the other, to the end; unless another
    process does it."""
    if not await _lease(review_id):
        return
    while True:
        async with reading() as tx:
            review = await tx.get_one(Review, review_id)
            waiting = await tx.exec(
                select(ReviewPerson)
                .where(ReviewPerson.review_id == review_id, col(ReviewPerson.outcome).is_(None))
                .order_by(col(ReviewPerson.name_key), col(ReviewPerson.id))
                .limit(BATCH)
            )
            people = waiting.all()
        if not people:
            break
        for person in people:
            outcome, note = await _carry_out(review, person)
            await _note(review, person, outcome, note)
        await _extend(review_id)
    await _finish(review_id)


async def _lease(review_id: UUID) -> bool:
    """Take the review for a moment; false if another process has it, or if it is closed."""
    async with transaction() as tx:
        review = await tx.get_one(Review, review_id, **LOCKED)
        if review.closing_at is None or review.closed_at is not None:
            return False
        if review.leased_until is not None and review.leased_until > clock.now():
            return False
        review.leased_until = clock.now() + LEASE
        return True


async def _extend(review_id: UUID) -> None:
    async with transaction() as tx:
        review = await tx.get_one(Review, review_id, **LOCKED)
        review.leased_until = clock.now() + LEASE


async def _carry_out(review: Review, person: ReviewPerson) -> tuple[ReviewOutcome, str]:
    if person.decision is Decision.KEEP:
        return ReviewOutcome.KEPT, ""
    if person.decision is None and not review.ends_undecided:
        return ReviewOutcome.SKIPPED, UNDECIDED
    if await _is_last_admin(person):
        return ReviewOutcome.SKIPPED, LAST_ADMIN
    try:
        changed = await _shut_out(review, person)
    except ConflictError:
        return ReviewOutcome.SKIPPED, CHANGED
    note = "" if person.decision else UNDECIDED
    if changed or await _was_ours(review, person):
        return ReviewOutcome.DEACTIVATED, note
    return ReviewOutcome.SKIPPED, INACTIVE


async def _shut_out(review: Review, person: ReviewPerson) -> bool:
    """Deactivate a user, or a person at a customer's; returns whether they were active."""
    seen = person.status_version
    if person.customer_id is not None:
        here = Operator(ROLLCALL.name, person.tenant_id)
        switched = await set_active(
            here, person.customer_id, False, seen_version=seen, by_mail=review.tells
        )
        return switched.changed
    reason = f"Review “{review.name}”"
    change = await accounts.set_active(
        ROLLCALL, person.holder_id, False, seen_version=seen, reason=reason, tell=review.tells
    )
    return change.changed


async def _was_ours(review: Review, person: ReviewPerson) -> bool:
    """Whether this close had deactivated them before it was broken off."""
    async with reading() as tx:
        who: User | CustomerPerson
        if person.customer_id is not None:
            who = await tx.get_one(CustomerPerson, person.customer_id)
        else:
            who = await tx.get_one(User, person.holder_id)
    since, began = who.deactivated_at, review.closing_at
    is_later = since is not None and began is not None and since >= began
    return is_later and who.deactivated_by_id is None


async def _is_last_admin(person: ReviewPerson) -> bool:
    if person.role is not Role.TENANT_ADMIN:
        return False
    async with reading() as tx:
        others = await tx.exec(
            select(func.count())
            .select_from(User)
            .where(
                User.tenant_id == person.tenant_id,
                User.role == Role.TENANT_ADMIN,
                User.active,
                col(User.first_sign_in_at).is_not(None),
                User.id != person.user_id,
            )
        )
        return others.one() == 0


async def _note(review: Review, person: ReviewPerson, outcome: ReviewOutcome, note: str) -> None:
    async with transaction() as tx:
        row = await tx.get_one(ReviewPerson, person.id)
        row.outcome, row.note = outcome, note
        row.version += 1
        tx.publish(
            ReviewChanged(tenant_id=review.tenant_id, review_id=review.id, person_ids=(person.id,))
        )


async def _finish(review_id: UUID) -> None:
    async with acting(ROLLCALL, Permission.SWITCH_USERS) as act:
        review = await act.get(Review, review_id, lock=True)
        if review.closed_at is not None:
            return
        rows = await rows_of(act.tx, review)
        review.closed_at = clock.now()
        review.digest = digest_of(rows)
        counts = Counter(row.outcome for row in rows)
        entry = await act.record(
            ReviewAction.CLOSED,
            review,
            people=len(rows),
            kept=counts[ReviewOutcome.KEPT],
            deactivated=counts[ReviewOutcome.DEACTIVATED],
            skipped=counts[ReviewOutcome.SKIPPED],
            record=review.digest,
        )
        review.last_number = (await act.tx.get_one(AuditEvent, entry)).number
        act.publish(ReviewChanged(tenant_id=review.tenant_id, review_id=review.id))
        await tell_result(act.tx, review, counts)
