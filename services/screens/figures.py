"""The figures of the dashboards: a tenant's for its admins, and the platform's for its own."""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, func, select

from models import (
    CLOSED_STATUSES,
    CustomerPerson,
    MailState,
    OutgoingMail,
    Poc,
    PocStatus,
    Screen,
    Tenant,
    User,
    UserCount,
)
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import View, viewing
from services.core import clock
from services.sessions import presence
from services.users.counts import NO_TENANT, count_here, find_counts

QUIET = timedelta(days=30)
CLOSED = tuple(sorted(CLOSED_STATUSES))


@dataclass(frozen=True)
class Figures:
    """What the admins of a tenant see at a glance."""

    here: int
    active: int
    inactive: int
    invited: int
    mails_failed: int
    outside_active: int
    outside_waiting: int
    outside_quiet: int
    pocs: dict[PocStatus, int]
    pocs_overdue: int


@dataclass(frozen=True)
class PlatformFigures:
    """What Platform Admins see at a glance."""

    organisations: int
    closed: int
    users: int
    active: int
    here: int
    mails_waiting: int
    mails_failed: int
    screens: int


async def get_figures(principal: Principal) -> Figures:
    """The figures of the tenant in which the principal works."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        tenant = await view.get_tenant()
        counts = await find_counts(view.tx, tenant.id)
        invited = counts.of(active=True, invited=True)
        now = clock.now()
        outside = (CustomerPerson.tenant_id == tenant.id, col(CustomerPerson.active))
        here = (Poc.tenant_id == tenant.id, col(Poc.archived_at).is_(None))
        found = await view.tx.exec(
            select(Poc.status, func.count()).where(*here).group_by(col(Poc.status))
        )
        return Figures(
            here=await count_here(view.tx, tenant.id),
            active=counts.of(active=True) - invited,
            inactive=counts.of(active=False),
            invited=invited,
            mails_failed=await _count(
                view,
                OutgoingMail,
                OutgoingMail.tenant_id == tenant.id,
                OutgoingMail.state == MailState.FAILED,
            ),
            outside_active=await _count(view, CustomerPerson, *outside),
            outside_waiting=await _count(
                view, CustomerPerson, *outside, col(CustomerPerson.first_here_at).is_(None)
            ),
            outside_quiet=await _count(
                view, CustomerPerson, *outside, col(CustomerPerson.last_active_at) < now - QUIET
            ),
            pocs={PocStatus(status): count for status, count in found},
            pocs_overdue=await _count(
                view, Poc, *here, col(Poc.status).not_in(CLOSED), col(Poc.end_on) < now.date()
            ),
        )


async def get_platform_figures(principal: Principal) -> PlatformFigures:
    """The figures of all organisations together."""
    async with viewing(principal, Permission.VIEW_SYSTEM) as view:
        tx = view.tx
        users = await tx.exec(
            select(
                func.sum(UserCount.active + UserCount.inactive),
                func.sum(UserCount.active - UserCount.active_invited),
            ).where(UserCount.tenant_id != NO_TENANT)
        )
        every, active = users.one()
        return PlatformFigures(
            organisations=await _count(view, Tenant, col(Tenant.closed_at).is_(None)),
            closed=await _count(view, Tenant, col(Tenant.closed_at).is_not(None)),
            users=int(every or 0),
            active=int(active or 0),
            here=await _count(
                view,
                User,
                col(User.id).in_(presence.online_ids()),
                col(User.tenant_id).is_not(None),
            ),
            mails_waiting=await _count(view, OutgoingMail, OutgoingMail.state == MailState.WAITING),
            mails_failed=await _count(view, OutgoingMail, OutgoingMail.state == MailState.FAILED),
            screens=await _count(view, Screen, col(Screen.revoked_at).is_(None)),
        )


async def _count(view: View, table: type, *which: object) -> int:
    query = select(func.count()).select_from(table).where(*which)  # type: ignore[arg-type]  # conditions, whatever their type
    return (await view.tx.exec(query)).one()
