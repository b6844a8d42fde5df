"""The service calls about reviews, and who may make them."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID, uuid4

from models import Decision, Review, ReviewPerson, Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.audit.writing import record
from services.core import clock
from services.core.errors import ConflictError
from services.database.transaction import reading, transaction
from services.reviews import reasons, reviews, waiting
from services.reviews import record as records
from services.reviews.actions import ReviewAction
from services.reviews.forms import Days, ReviewForm
from services.reviews.reasons import Reason
from services.reviews.record import digest_of
from services.users import accounts
from tests.factories import create_user
from tests.services.call import MANAGERS, Call

EVERY_REASON = ReviewForm(name="Autumn review", reasons=tuple(Reason), days=Days.NINETY)


async def create_former(tenant_id: UUID | None) -> UUID:
    """Somebody of the tenant who has left."""
    async with reading() as tx:
        tenant = await tx.get_one(Tenant, tenant_id)
    user = await create_user(tenant)
    await accounts.set_active(COMMAND_LINE, user.id, False)
    return user.id


async def review_in(tenant_id: UUID | None, *, closed: bool = True, logged: bool = True) -> UUID:
    """A review of a tenant about one of its people; an id of nothing above the tenants."""
    if tenant_id is None:
        return uuid4()
    async with reading() as tx:
        tenant = await tx.get_one(Tenant, tenant_id)
    user = await create_user(tenant)
    review = Review(
        tenant_id=tenant_id,
        name="Autumn review",
        days=90,
        begun_at=clock.now(),
        begun_by="Ada",
        first_number=1,
        closing_at=clock.now() if closed else None,
        closed_at=clock.now() if closed else None,
    )
    person = _asked_about(review, user)
    async with transaction() as tx:
        tx.add(review)
        await tx.flush()
        tx.add(person)
        if closed and logged:
            digest = digest_of([person])
            entry = await record(
                tx, ReviewAction.CLOSED, actor=COMMAND_LINE, subject=review, record=digest
            )
            review.last_number, review.digest = entry.number, digest
    return review.id


def _asked_about(review: Review, user: User) -> ReviewPerson:
    return ReviewPerson(
        tenant_id=review.tenant_id,
        review_id=review.id,
        user_id=user.id,
        name=user.full_name,
        name_key=user.name_key,
        email=user.email,
        role=user.role,
        reasons=["never"],
        status_version=1,
    )


def _on_review(
    name: str, run: Callable[[Actor, UUID], Awaitable[object]], *, closed: bool = False
) -> Call:
    async def made(actor: Actor, _target: UUID) -> object:
        # Of a close that isn't in the log there is no record: who may asks in vain.
        with suppress(ConflictError):
            return await run(actor, await review_in(actor.tenant_id, closed=closed, logged=False))
        return None

    return Call(f"reviews.{name}", MANAGERS, made, takes_id=False)


async def _begin(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):  # there is one at a time
        return await reviews.begin(actor, EVERY_REASON)
    return None


REVIEW_CALLS = [
    Call(
        "reviews.reasons.count_reasons",
        MANAGERS,
        lambda a, _t: reasons.count_reasons(a),
        takes_id=False,
    ),
    Call(
        "reviews.reviews.list_reviews",
        MANAGERS,
        lambda a, _t: reviews.list_reviews(a),
        takes_id=False,
    ),
    Call(
        "reviews.waiting.count_undecided",
        MANAGERS,
        lambda a, _t: waiting.count_undecided(a),
        takes_id=False,
    ),
    Call("reviews.reviews.begin", MANAGERS, _begin, takes_id=False),
    _on_review("reviews.get_review", reviews.get_review),
    _on_review("reviews.list_people", reviews.list_people),
    _on_review("reviews.decide", lambda a, r: reviews.decide(a, r, [], Decision.KEEP)),
    _on_review("reviews.close", reviews.close),
    _on_review("record.get_chain_range", records.get_chain_range, closed=True),
    _on_review("record.export", records.export, closed=True),
]
TAKE_NO_REVIEW = {
    "reviews.reasons.count_reasons",
    "reviews.reviews.list_reviews",
    "reviews.waiting.count_undecided",
    "reviews.reviews.begin",
}
