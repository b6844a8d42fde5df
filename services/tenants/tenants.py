"""Tenants: found by address, created and renamed by Platform Admins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from models import AuditHead, Tenant, UserCount
from services.access.actor import Actor, Principal
from services.access.permissions import Permission
from services.audit.acting import acting, viewing
from services.audit.heads import note_tenant
from services.audit.writing import GENESIS, PLATFORM_CHAIN, Action
from services.core import clock
from services.core.db import Transaction, reading
from services.core.errors import InvalidInputError, NotFoundError
from services.core.looking import looks_first
from services.core.names import RESERVED_SLUGS, slug_from
from services.tenants.events import TenantChanged
from services.tenants.forms import NewTenant, TenantName


@dataclass(frozen=True)
class TenantRow:
    """A tenant in the Platform Admins' list."""

    id: UUID
    slug: str
    name: str
    created_at: datetime
    users: int
    active: int
    closed_at: datetime | None


async def find_only_slug() -> str | None:
    """The slug of the only open tenant, where there is exactly one."""
    async with reading() as tx:
        slugs = (
            await tx.exec(select(Tenant.slug).where(col(Tenant.closed_at).is_(None)).limit(2))
        ).all()
    return slugs[0] if len(slugs) == 1 else None


async def has_active_users() -> bool:
    """Whether any open tenant has active users: else only Platform Admins can sign in."""
    async with reading() as tx:
        found = await tx.exec(
            select(UserCount.tenant_id)
            .join(Tenant, col(Tenant.id) == col(UserCount.tenant_id))
            .where(col(Tenant.closed_at).is_(None), col(UserCount.active) > 0)
            .limit(1)
        )
        return found.first() is not None


async def list_tenants(actor: Actor) -> Sequence[TenantRow]:
    """All tenants by name, with how many users each has."""
    async with viewing(actor, Permission.MANAGE_TENANTS) as view:
        rows = await view.tx.exec(
            select(
                Tenant,
                func.coalesce(func.sum(UserCount.active + UserCount.inactive), 0),
                func.coalesce(func.sum(UserCount.active), 0),
            )
            .join(UserCount, col(UserCount.tenant_id) == col(Tenant.id), isouter=True)
            .group_by(col(Tenant.id))
            .order_by(func.lower(col(Tenant.name)), col(Tenant.id))
        )
        return [
            TenantRow(t.id, t.slug, t.name, t.created_at, int(users), int(active), t.closed_at)
            for t, users, active in rows
        ]


@looks_first
async def create_tenant(actor: Principal, name: str, slug: str = "") -> Tenant:
    """Create a tenant; its slug is derived from the name where none is given.

    Raises `InvalidInputError`.
    """
    try:
        async with acting(actor, Permission.MANAGE_TENANTS) as act:
            # Of two tenants of one name at once, the second sees the first one's address.
            await act.tx.get(AuditHead, PLATFORM_CHAIN, with_for_update=True)
            tenant = await add_tenant(act.tx, name, slug)
            await act.record(Action.TENANT_CREATED, tenant_id=tenant.id, name=tenant.name)
            await note_tenant(act.tx, Action.TENANT_CREATED, tenant, actor=actor, by=act.user)
            return tenant
    except IntegrityError as error:
        raise _taken(slug) from error


async def add_tenant(tx: Transaction, name: str, slug: str = "") -> Tenant:
    """Add a tenant, and begin its audit chain, in this transaction."""
    clean = NewTenant(name=name, slug=slug).name
    if slug:
        if await _exists(tx, slug):
            raise _taken(slug)
    else:
        slug = await _free_slug(tx, slug_from(clean))
    tenant = Tenant(slug=slug, name=clean, created_at=clock.now())
    tx.add(tenant)
    tx.add(AuditHead(chain_id=tenant.id, number=0, hash=GENESIS))
    await tx.flush()
    tx.publish(TenantChanged(tenant_id=tenant.id))
    return tenant


@looks_first
async def rename_tenant(actor: Principal, tenant_id: UUID, name: str) -> None:
    """Give a tenant another name; its address stays. Raises `InvalidInputError`."""
    clean = TenantName(name=name).name
    async with acting(actor, Permission.MANAGE_TENANTS) as act:
        tenant = await act.tx.get(Tenant, tenant_id, with_for_update=True)
        if tenant is None:
            raise NotFoundError("This organisation doesn't exist.")
        if tenant.name == clean:
            return
        before, tenant.name = tenant.name, clean
        await act.record(Action.TENANT_RENAMED, tenant_id=tenant.id, before=before, after=clean)
        act.publish(TenantChanged(tenant_id=tenant.id))


def _taken(slug: str) -> InvalidInputError:
    return InvalidInputError({"slug": f"The address /t/{slug} is taken. Choose another."})


async def _exists(tx: Transaction, slug: str) -> bool:
    return (await tx.exec(select(Tenant.id).where(Tenant.slug == slug))).first() is not None


async def _free_slug(tx: Transaction, wanted: str) -> str:
    slug, number = wanted, 1
    while slug in RESERVED_SLUGS or await _exists(tx, slug):
        number += 1
        slug = f"{wanted[:58]}-{number}"
    return slug
