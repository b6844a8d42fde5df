"""Tells an organisation's admins by mail that a review is due."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, func, select

from models import MailTemplate, Review, Role, Tenant, User
from services.core import clock
from services.core.db import Transaction, reading, transaction
from services.mail import outbox
from services.reviews.reviews import find_open


async def remind() -> None:
    """Tell the admins of each organisation whose rule asks for a review by now: once each time."""
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
    tenant = await tx.get_one(Tenant, tenant_id, with_for_update=True)
    if tenant.review_every_days is None or await find_open(tx, tenant_id) is not None:
        return
    last = await tx.exec(select(func.max(Review.closed_at)).where(Review.tenant_id == tenant_id))
    since = last.one() or tenant.created_at
    due = since + timedelta(days=tenant.review_every_days)
    told = tenant.review_reminded_at
    if clock.now() < due or (told is not None and told >= due):
        return
    tenant.review_reminded_at = clock.now()
    admins = await tx.exec(
        select(User).where(
            User.tenant_id == tenant_id,
            User.role == Role.TENANT_ADMIN,
            User.active,
            col(User.first_sign_in_at).is_not(None),
        )
    )
    for admin in admins:
        outbox.enqueue(tx, MailTemplate.REVIEW_DUE, admin, tenant_name=tenant.name)
