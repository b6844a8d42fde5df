"""Ends of access: chosen as a day, or a time of it, in the organisation's time zone; stored as
that, and as the moment that it means. If the organisation gets another time zone, the moment stays,
and is told in the new one (`services.tenants.zone_change`)."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select

from models import Tenant, User
from services.core import clock
from services.core.days import a_month_later, find_zone, moment_of, today_in, told_in
from services.core.errors import InvalidInputError
from services.database.prepared import Prepared
from services.database.transaction import Transaction, reading

NO_ZONE = "UTC"
"""The time zone above the tenants, where no organisation has one."""


@dataclass(frozen=True)
class End:
    """When somebody's access ends, as it was chosen."""

    day: date
    at: time | None = None
    zone: str = NO_ZONE

    @property
    def moment(self) -> datetime:
        """The moment that it means, in UTC."""
        return moment_of(self.day, self.at, self.zone)

    @property
    def words(self) -> str:
        """As people read it."""
        day = f"{self.day:%-d %B %Y}"
        return f"{day}, {self.at:%H:%M} ({self.zone})" if self.at else day

    def in_zone(self, zone: str) -> "End":
        """The same moment, as clocks in this zone show it."""
        return self if zone == self.zone else End(*told_in(self.moment, zone), zone)


def end_of(user: User) -> End | None:
    """When a user's access ends; none if it doesn't."""
    if user.end_date is None:
        return None
    return End(user.end_date, user.end_time, user.end_zone or NO_ZONE)


def details_of(end: End | None) -> dict[str, Any]:
    """What the audit log says about an end."""
    if end is None:
        return {"end_date": None}
    details: dict[str, Any] = {"end_date": end.day}
    if end.at is not None:
        details["end_time"] = f"{end.at:%H:%M}"
    if end.zone != NO_ZONE:
        details["time_zone"] = end.zone
    return details


def set_end(user: User, end: End | None, by: UUID | None) -> None:
    """Have the user's access end then, or not at all."""
    user.end_date = end.day if end else None
    user.end_time = end.at if end else None
    user.end_zone = end.zone if end else ""
    user.ends_at = end.moment if end else None
    user.end_set_at = clock.now() if end else None
    user.end_set_by_id = by if end else None


# Built once: each page that says what is late asks it.
_ZONE = Prepared(
    select(Tenant.time_zone).where(Tenant.id == bindparam("tenant_id")), sees_changes=True
)


async def zone_of(tx: Transaction, tenant_id: UUID | None) -> str:
    """The time zone in which an organisation's days begin."""
    if tenant_id is None:
        return NO_ZONE
    if (tenant := tx.known(Tenant, tenant_id)) is not None:
        return find_zone(tenant.time_zone).key
    found = await _ZONE.rows(tx, tenant_id=tenant_id)
    return find_zone(found[0] if found else NO_ZONE).key


async def today_of(tx: Transaction, tenant_id: UUID | None) -> date:
    """The present day in an organisation: what was due before it is late."""
    return today_in(await zone_of(tx, tenant_id))


async def chosen_end(
    tx: Transaction, tenant_id: UUID | None, day: date | None, at: time | None
) -> End | None:
    """The end from the form, in the organisation's time zone; none without a day. Raises
    `InvalidInputError` if it is in the past.
    """
    if day is None:
        return None
    end = End(day, at, await zone_of(tx, tenant_id))
    require_ahead(end)
    return end


def require_ahead(end: End) -> None:
    """Raise `InvalidInputError` if this end has come already."""
    if end.moment > clock.now():
        return
    if end.at is not None and end.day >= today_in(end.zone):
        raise InvalidInputError(
            {"end_time": f"Choose a later time ({end.zone}), or deactivate the user now."}
        )
    raise InvalidInputError({"end_date": "Choose a day after today, or deactivate the user now."})


def extended(end: End) -> End:
    """The end one month later; if the end has come already, one month from today."""
    later = End(a_month_later(end.day), end.at, end.zone)
    if later.moment > clock.now():
        return later
    today = today_in(end.zone)
    return End(a_month_later(today), end.at, end.zone)


async def find_due() -> list[UUID]:
    """Active users whose end has come, the earliest first."""
    async with reading() as tx:
        rows = await tx.exec(
            select(User.id)
            .where(User.active, col(User.ends_at) <= clock.now())
            .order_by(col(User.ends_at))
        )
        return list(rows)
