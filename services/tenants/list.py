"""The Platform Admins' list of tenants: its columns, filters and order, declared once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, true
from sqlmodel import col, select

from models import AuditHead, Tenant, UserCount
from services.database.transaction import Transaction
from services.lists.declaration import Column, LiveList, Option, TextSearch, by, by_groups, choice
from services.lists.events import RowChanged
from services.lists.matches import Given


@dataclass(frozen=True)
class TenantRow:
    """What the list shows of a tenant.

    Everything that it shows comes from an act in the tenant's log: `version` is the log's length.
    """

    id: UUID
    version: int
    slug: str
    name: str
    created: datetime
    key: str
    users: int = 0
    active: int = 0
    closed_at: datetime | None = None


async def _rows(tx: Transaction, tenants: Sequence[Tenant]) -> list[TenantRow]:
    ids = [tenant.id for tenant in tenants]
    counted = await tx.exec(
        select(
            UserCount.tenant_id,
            func.sum(UserCount.active + UserCount.inactive),
            func.sum(UserCount.active - UserCount.active_invited),
        )
        .where(col(UserCount.tenant_id).in_(ids))
        .group_by(col(UserCount.tenant_id))
    )
    users = {tenant_id: (int(known), int(active)) for tenant_id, known, active in counted}
    heads = await tx.exec(
        select(AuditHead.chain_id, AuditHead.number).where(col(AuditHead.chain_id).in_(ids))
    )
    versions = dict(heads.all())
    return [
        TenantRow(
            id=tenant.id,
            version=versions.get(tenant.id, 0),
            slug=tenant.slug,
            name=tenant.name,
            created=tenant.created_at,
            key=f"{tenant.name_key} {tenant.slug}",
            users=users.get(tenant.id, (0, 0))[0],
            active=users.get(tenant.id, (0, 0))[1],
            closed_at=tenant.closed_at,
        )
        for tenant in tenants
    ]


def _all(_tenant_id: UUID | None) -> ColumnElement[bool]:
    """All tenants are listed above the tenants."""
    return true()


OPEN = Option("open", "Open", {"closed_at": None})
CLOSED = Option("closed", "Closed", {"closed_at": Given()}, rare=True)

TENANTS = LiveList[TenantRow](
    noun="organisation",
    plural="organisations",
    model=Tenant,
    columns=(
        Column("name", "Name", sort=by(Tenant.name_key), cell="title", search=True, opens=True),
        Column("slug", "Address", cell="url", search=True, export=lambda row: f"/t/{row.slug}"),
        Column("users", "Users", cell="users"),
        Column("active", "Active users", cell="count", shown=False),
        Column("created", "Created", sort=by(Tenant.created_at), cell="date", shown=False),
        Column(
            "closed_at",
            "Status",
            sort=by_groups([OPEN.match, CLOSED.match], Tenant.name_key),
            cell="status",
            export=lambda row: (CLOSED if row.closed_at else OPEN).label,
        ),
    ),
    fields={"closed_at": col(Tenant.closed_at)},
    filters=(choice("status", "Status", OPEN, CLOSED),),
    search=TextSearch(col(Tenant.name_key) + " " + col(Tenant.slug)),
    breakdown=(OPEN, CLOSED),
    rows=_rows,
    scope=_all,
)


def facts_of(tenant: Tenant) -> Mapping[str, Any]:
    """The values that the list's filters look at, as they are now."""
    return {"key": f"{tenant.name_key} {tenant.slug}", "closed_at": tenant.closed_at}


def tell_row(tx: Transaction, tenant_id: UUID, was: Mapping[str, Any] | None) -> None:
    """Have the open lists show a tenant as it is now; `was` is none for a new one."""
    known = None if was is None else dict(was)
    tx.publish(RowChanged(noun=TENANTS.noun, tenant_id=None, row_id=tenant_id, was=known))
