"""How many users a tenant has, without counting them: the database keeps the counters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, null
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from models import Role, User, UserCount
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.database.prepared import Prepared
from services.database.transaction import Transaction, reading
from services.lists.matches import Match
from services.sessions import presence

# The key of the counters for users without a tenant.
NO_TENANT = UUID(int=0)


@dataclass(frozen=True)
class UserCounts:
    """A tenant's counters: rows of `UserCount`."""

    counters: Sequence[Any]

    def of(
        self, role: Role | None = None, active: bool | None = None, invited: bool = False
    ) -> int:
        """How many users have this role and this status, or have never signed in."""
        cells = {
            (True, False): ("active",),
            (False, False): ("inactive",),
            (None, False): ("active", "inactive"),
            (True, True): ("active_invited",),
            (False, True): ("inactive_invited",),
            (None, True): ("active_invited", "inactive_invited"),
        }[active, invited]
        return sum(
            getattr(counter, cell)
            for counter in self.counters
            if role is None or counter.role is role
            for cell in cells
        )

    def matching(self, match: Match) -> int | None:
        """How many users match, if the match is only about role, state and invitation."""
        if not match.keys() <= {"role", "active", "invited"}:
            return None
        values: dict[str, Any] = dict(match)
        invited = values.pop("invited", None)
        if invited is None:
            return self.of(**values)
        waiting = self.of(**values, invited=True)
        return waiting if invited else self.of(**values) - waiting


# Built once: each page of the list asks for them.
_COUNTS = Prepared(select(UserCount).where(UserCount.tenant_id == bindparam("tenant_id")))


def _here(*, has_tenant: bool) -> SelectOfScalar[int]:
    # Looked up by id: otherwise SQLite reads all of the tenant's part of an index.
    tenant = func.coalesce(col(User.tenant_id), null())
    mine = tenant == bindparam("tenant_id", type_=Uuid()) if has_tenant else tenant.is_(None)
    there = col(User.id).in_(bindparam("there", expanding=True))
    return select(func.count()).select_from(User).where(there, mine)


_HERE = {has_tenant: Prepared(_here(has_tenant=has_tenant)) for has_tenant in (True, False)}


async def find_counts(tx: Transaction, tenant_id: UUID | None) -> UserCounts:
    """The counters of a tenant, or of the Platform Admins."""
    return UserCounts(await _COUNTS.rows(tx, tenant_id=tenant_id or NO_TENANT))


async def find_counts_of_all(tx: Transaction) -> UserCounts:
    """The counters of all tenants together."""
    rows = await tx.exec(select(UserCount).where(UserCount.tenant_id != NO_TENANT))
    return UserCounts(rows.all())


async def count_here(tx: Transaction, tenant_id: UUID | None) -> int:
    """How many users of a tenant have Rollcall open."""
    there = presence.online_ids(tenant_id)
    if not there:
        return 0
    here = _HERE[tenant_id is not None]
    (count,) = await here.rows(tx, there=list(there), tenant_id=tenant_id)
    return int(count)


async def find_here(tenant_id: UUID | None) -> int:
    """The same, in a transaction of its own."""
    async with reading() as tx:
        return await count_here(tx, tenant_id)


async def lacks_tenant_admin(actor: Principal) -> bool:
    """Whether only Platform Admins can manage the users of the actor's tenant."""
    async with viewing(actor, Permission.VIEW_USERS) as view:
        if view.tenant_id is None:
            return False
        counts = await find_counts(view.tx, view.tenant_id)
        return counts.of(Role.TENANT_ADMIN, active=True) == 0
