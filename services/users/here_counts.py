"""How many people were here, each quarter of an hour: what the chart of the roll call draws."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import true
from sqlmodel import col, delete, func, or_, select

from models import HereCount
from services.access.actor import ROLLCALL
from services.core import clock
from services.database.transaction import Transaction, insert_if_missing, transaction
from services.sessions import presence
from services.users.counts import count_here

EVERY = timedelta(minutes=15)
# Today is compared with the same day of last week, in any time zone.
KEEP = timedelta(days=9)

Point = tuple[int, int]
"""A moment, in seconds since 1970, and how many were here."""


def seconds_to_next() -> float:
    """How long it is until the next quarter of an hour."""
    every = EVERY.total_seconds()
    return every - clock.now().timestamp() % every


async def note() -> None:
    """Write down how many people of each tenant are here, for the quarter of an hour that has
    begun."""
    now = clock.now()
    at = now - timedelta(seconds=now.timestamp() % EVERY.total_seconds())
    tenants = {seen.tenant_id for seen in presence.everywhere() if seen.tenant_id is not None}
    async with transaction(actor=ROLLCALL, patient=True) as tx:
        for tenant_id in sorted(tenants):
            here = await count_here(tx, tenant_id)
            await insert_if_missing(tx, HereCount(tenant_id=tenant_id, at=at, here=here))
        await tx.exec(delete(HereCount).where(col(HereCount.at) < now - KEEP))


async def read_points(
    tx: Transaction, tenant_id: UUID | None, *spans: tuple[datetime, datetime]
) -> list[list[Point]]:
    """A tenant's points in each of these spans of time; without a tenant, those of all tenants
    together."""
    of_tenant = HereCount.tenant_id == tenant_id if tenant_id else true()
    within = [(col(HereCount.at) > since) & (col(HereCount.at) <= until) for since, until in spans]
    rows = await tx.exec(
        select(HereCount.at, func.sum(HereCount.here))
        .where(of_tenant, or_(*within))
        .group_by(col(HereCount.at))
        .order_by(col(HereCount.at))
    )
    points = [(at, int(here)) for at, here in rows]
    return [
        [(int(at.timestamp()), here) for at, here in points if since < at <= until]
        for since, until in spans
    ]
