"""How long people are given access: what an organisation suggests, and the longest that it
allows."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from models import Role, Tenant
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core.days import find_zone, today_in
from services.database.transaction import Transaction
from services.users.ends import NO_ZONE, End

UNLIMITED = frozenset({Role.TENANT_ADMIN, Role.PLATFORM_ADMIN})
"""Roles whose access needn't have an end."""


@dataclass(frozen=True)
class Stays:
    """An organisation's rules as they are today: the end that invitations suggest, and the latest
    day at which access that is given today may end; none if there is no such rule."""

    zone: str = NO_ZONE
    longest_days: int | None = None
    usual: date | None = None
    latest: date | None = None

    @property
    def usual_end(self) -> End | None:
        """The end of an invited person for whom no end was chosen."""
        return End(self.usual, None, self.zone) if self.usual else None

    def refusal(self, role: Role, end: End | None) -> str:
        """What is said about an end that is too late for this role; empty if it isn't."""
        if self.latest is None or role in UNLIMITED or (end and end.day <= self.latest):
            return ""
        return (
            f"Choose an end date until {self.latest:%-d %B %Y}: only Tenant Admins have access for "
            f"more than {self.longest_days:,} days here (Settings, Reviews and end dates)."
        )

    def fitting(self, role: Role, end: End | None) -> End | None:
        """This end, or the latest allowed one if it is too late."""
        if self.latest is None or not self.refusal(role, end):
            return end
        return End(self.latest, None, self.zone)

    @property
    def hint(self) -> str:
        """What is said where a day is chosen; empty if every day is allowed."""
        if self.latest is None:
            return ""
        return f"{self.latest:%-d %B %Y} at the latest, except for Tenant Admins."


async def stays_of(tx: Transaction, tenant_id: UUID | None) -> Stays:
    """The rules of an organisation; above the organisations there are none."""
    tenant = await tx.get(Tenant, tenant_id) if tenant_id else None
    if tenant is None:
        return Stays()
    zone = find_zone(tenant.time_zone)
    today = today_in(zone.key)

    def after(days: int | None) -> date | None:
        return today + timedelta(days=days) if days else None

    longest = tenant.longest_stay_days
    return Stays(zone.key, longest, after(tenant.usual_stay_days), after(longest))


async def get_stays(actor: Principal) -> Stays:
    """The rules of the organisation where the actor works, for dialogs in which a day is chosen."""
    async with viewing(actor, Permission.VIEW_USERS) as view:
        return await stays_of(view.tx, view.tenant_id)
