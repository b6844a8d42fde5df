"""The figures of the dashboards: a tenant's for its admins, and the platform's for its own."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, case
from sqlmodel import col, func, select
from sqlmodel.sql.expression import SelectOfScalar

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
from services.core.days import today_in
from services.database.counting import count_each
from services.sessions import presence
from services.users.counts import NO_TENANT, count_here, find_counts
from services.workspace.customers.list import is_shown_any

QUIET = timedelta(days=30)
CLOSED = tuple(sorted(CLOSED_STATUSES))


@dataclass(frozen=True)
class Figures:
    """What the admins of a tenant see at a glance. People from outside are counted while a POC is
    shown to them."""

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
        return await find_figures(view, await view.get_tenant())


async def find_figures(view: View, tenant: Tenant) -> Figures:
    """The same, for a call that knows who asks."""
    counts = await find_counts(view.tx, tenant.id)
    invited = counts.of(active=True, invited=True)
    now = clock.now()
    outside = (CustomerPerson.tenant_id == tenant.id, col(CustomerPerson.active), is_shown_any())
    here = (Poc.tenant_id == tenant.id, col(Poc.archived_at).is_(None))
    is_late = and_(col(Poc.status).not_in(CLOSED), col(Poc.end_on) < today_in(tenant.time_zone))
    found = await view.tx.exec(
        select(Poc.status, func.count(), func.sum(case((is_late, 1), else_=0)))
        .where(*here)
        .group_by(col(Poc.status))
    )
    pocs = [(PocStatus(status), count, int(late)) for status, count, late in found]
    failed, outside_active, outside_waiting, outside_quiet = await count_each(
        view.tx,
        _count(
            OutgoingMail,
            OutgoingMail.tenant_id == tenant.id,
            OutgoingMail.state == MailState.FAILED,
        ),
        _count(CustomerPerson, *outside),
        _count(CustomerPerson, *outside, col(CustomerPerson.first_here_at).is_(None)),
        _count(CustomerPerson, *outside, col(CustomerPerson.last_active_at) < now - QUIET),
    )
    return Figures(
        here=await count_here(view.tx, tenant.id),
        active=counts.of(active=True) - invited,
        inactive=counts.of(active=False),
        invited=invited,
        mails_failed=failed,
        outside_active=outside_active,
        outside_waiting=outside_waiting,
        outside_quiet=outside_quiet,
        pocs={status: count for status, count, _ in pocs},
        pocs_overdue=sum(late for *_, late in pocs),
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
        is_here = col(User.id).in_(presence.online_ids())
        organisations, closed, here, waiting, failed, screens = await count_each(
            tx,
            _count(Tenant, col(Tenant.closed_at).is_(None)),
            _count(Tenant, col(Tenant.closed_at).is_not(None)),
            _count(User, is_here, col(User.tenant_id).is_not(None)),
            _count(OutgoingMail, OutgoingMail.state == MailState.WAITING),
            _count(OutgoingMail, OutgoingMail.state == MailState.FAILED),
            _count(Screen, col(Screen.revoked_at).is_(None)),
        )
        return PlatformFigures(
            organisations=organisations,
            closed=closed,
            users=int(every or 0),
            active=int(active or 0),
            here=here,
            mails_waiting=waiting,
            mails_failed=failed,
            screens=screens,
        )


def _count(table: type, *which: object) -> SelectOfScalar[int]:
    query = select(func.count()).select_from(table)
    return query.where(*which)  # type: ignore[arg-type]  # conditions, whatever their type
