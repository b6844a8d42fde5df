"""Tells an organisation's admins by mail that a review is due, and the result of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, func, select

from models import MailTemplate, Review, ReviewOutcome, Role, Tenant, User
from services.access import one_time_links
from services.core import clock
from services.database import runtime
from services.database.transaction import LOCKED, Transaction, reading, transaction
from services.mail import outbox
from services.reviews.reviews import due_after, find_open


async def remind() -> None:
    """Tell the admins of each organisation whose rule asks for a review by now; once for each
    review."""
    if not outbox.is_configured():
        return
    async with reading() as tx:
        found = await tx.exec(
            select(Tenant.id).where(
                col(Tenant.review_every_days).is_not(None), col(Tenant.closed_at).is_(None)
            )
        )
        tenant_ids = found.all()
    for tenant_id in tenant_ids:
        async with transaction() as tx:
            await _remind(tx, tenant_id)


async def _remind(tx: Transaction, tenant_id: UUID) -> None:
    tenant = await tx.get_one(Tenant, tenant_id, **LOCKED)
    if await find_open(tx, tenant_id) is not None:
        return
    due, told = await find_due(tx, tenant), tenant.review_reminded_at
    if due is None or clock.now() < due or (told is not None and told >= due):
        return
    tenant.review_reminded_at = clock.now()
    for admin in await _admins(tx, tenant_id):
        outbox.enqueue(tx, MailTemplate.REVIEW_DUE, admin, tenant_name=tenant.name)


async def find_due(tx: Transaction, tenant: Tenant) -> datetime | None:
    """When an organisation's next review is due, or was; none without a rule."""
    last = await tx.exec(select(func.max(Review.closed_at)).where(Review.tenant_id == tenant.id))
    return due_after(tenant, last.one())


async def tell_result(
    tx: Transaction, review: Review, counts: Mapping[ReviewOutcome | None, int]
) -> None:
    """Promise the mail about a closed review to the person who began it; if they are gone, to all
    admins."""
    began = await tx.get(User, review.begun_by_id) if review.begun_by_id else None
    tenant = await tx.get_one(Tenant, review.tenant_id)
    base = runtime.current().settings.public_url + one_time_links.path_of(tenant.slug)
    for reader in [began] if began and began.active else await _admins(tx, tenant.id):
        outbox.enqueue(
            tx,
            MailTemplate.REVIEW_CLOSED,
            reader,
            tenant_name=tenant.name,
            review=review.name,
            people=f"{sum(counts.values()):,}",
            kept=f"{counts.get(ReviewOutcome.KEPT, 0):,}",
            deactivated=f"{counts.get(ReviewOutcome.DEACTIVATED, 0):,}",
            left=f"{counts.get(ReviewOutcome.SKIPPED, 0):,}",
            page_url=f"{base}/review/{review.id}",
        )


async def _admins(tx: Transaction, tenant_id: UUID) -> Sequence[User]:
    found = await tx.exec(
        select(User).where(
            User.tenant_id == tenant_id,
            User.role == Role.TENANT_ADMIN,
            User.active,
            col(User.first_sign_in_at).is_not(None),
        )
    )
    return found.all()
