"""Tenants: found by slug, created and renamed by Platform Admins."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from models import AuditHead, Tenant, UserCount
from services.access.actor import Principal
from services.access.permissions import Permission, Secret
from services.audit.acting import acting, viewing
from services.audit.actions import HeadAction
from services.audit.heads import note_tenant
from services.audit.writing import GENESIS, PLATFORM_CHAIN
from services.core import clock
from services.core.errors import InvalidInputError, NotFoundError
from services.core.names import RESERVED_SLUGS, fold, slug_from
from services.database.looking import looks_first
from services.database.transaction import LOCKED, Transaction, reading
from services.lists.export import csv_pieces
from services.lists.opening import Opened, read_opening
from services.lists.query import ListQuery, in_words
from services.lists.slices import Slice, read_row, read_slice
from services.tenants.actions import TenantAction
from services.tenants.events import TenantChanged
from services.tenants.forms import NewTenant, TenantName
from services.tenants.list import TENANTS, TenantRow, facts_of, tell_row


async def find_only_slug() -> str | None:
    """The slug of the only open tenant, if there is exactly one."""
    async with reading() as tx:
        slugs = (
            await tx.exec(select(Tenant.slug).where(col(Tenant.closed_at).is_(None)).limit(2))
        ).all()
    return slugs[0] if len(slugs) == 1 else None


async def has_active_users() -> bool:
    """Whether any open tenant has active users: if not, only Platform Admins can sign in."""
    async with reading() as tx:
        found = await tx.exec(
            select(UserCount.tenant_id)
            .join(Tenant, col(Tenant.id) == col(UserCount.tenant_id))
            .where(col(Tenant.closed_at).is_(None), col(UserCount.active) > 0)
            .limit(1)
        )
        return found.first() is not None


async def list_tenants(actor: Principal, query: ListQuery) -> Slice[TenantRow]:
    """A page of all tenants, with how many users each has."""
    async with viewing(actor, Permission.MANAGE_TENANTS) as view:
        return await read_slice(view.tx, TENANTS, query, None)


async def open_tenants(actor: Principal, url: Mapping[str, Any]) -> Opened[TenantRow]:
    """The same by a url's parameters, with what the actor chose for the list: what its page begins
    with."""
    async with viewing(actor, Permission.MANAGE_TENANTS) as view:
        return await read_opening(view, TENANTS, url)


async def get_row(actor: Principal, tenant_id: UUID) -> TenantRow:
    """One tenant as the list shows it; raises `NotFoundError`."""
    async with viewing(actor, Permission.MANAGE_TENANTS) as view:
        return await read_row(view.tx, TENANTS, tenant_id)


@looks_first
async def export_tenants(
    actor: Principal, query: ListQuery, columns: Sequence[str] = ()
) -> AsyncIterator[str]:
    """The tenants that a query finds as a CSV file, in pieces, with these columns.

    The export itself is logged before anything is read.
    """
    async with acting(actor, Secret.TENANTS_EXPORT) as act:
        await act.record(TenantAction.EXPORTED, filters=in_words(TENANTS, query))
    return csv_pieces(lambda: viewing(actor, Permission.MANAGE_TENANTS), TENANTS, query, columns)


@looks_first
async def create_tenant(actor: Principal, name: str, slug: str = "") -> Tenant:
    """Create a tenant; its slug is derived from the name if none is given. Raises
    `InvalidInputError`."""
    try:
        async with acting(actor, Permission.MANAGE_TENANTS) as act:
            # If two tenants with one name are created at once, the second sees the first one's
            # slug.
            await act.tx.get(AuditHead, PLATFORM_CHAIN, **LOCKED)
            tenant = await add_tenant(act.tx, name, slug)
            await act.record(HeadAction.TENANT_CREATED, tenant_id=tenant.id, name=tenant.name)
            await note_tenant(act.tx, HeadAction.TENANT_CREATED, tenant, actor=actor, by=act.user)
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
    tenant = Tenant(slug=slug, name=clean, name_key=fold(clean), created_at=clock.now())
    tx.add(tenant)
    tx.add(AuditHead(chain_id=tenant.id, number=0, hash=GENESIS))
    await tx.flush()
    tx.publish(TenantChanged(tenant_id=tenant.id))
    tell_row(tx, tenant.id, None)
    return tenant


@looks_first
async def rename_tenant(actor: Principal, tenant_id: UUID, name: str) -> None:
    """Give a tenant another name; its slug stays. Raises `InvalidInputError`."""
    clean = TenantName(name=name).name
    async with acting(actor, Permission.MANAGE_TENANTS) as act:
        tenant = await act.tx.get(Tenant, tenant_id, **LOCKED)
        if tenant is None:
            raise NotFoundError("This organisation doesn't exist.")
        if tenant.name == clean:
            return
        before, was = tenant.name, facts_of(tenant)
        tenant.name, tenant.name_key = clean, fold(clean)
        await act.record(TenantAction.RENAMED, tenant_id=tenant.id, before=before, after=clean)
        act.publish(TenantChanged(tenant_id=tenant.id))
        tell_row(act.tx, tenant.id, was)


async def check_field(
    actor: Principal, field: str, value: str, *, besides: UUID | None = None
) -> tuple[str, str]:
    """Judge one field of a tenant's form while it is typed; returns (what is wrong, what is worth
    knowing). Two tenants may have one name; `besides` is the one that is renamed."""
    async with viewing(actor, Permission.MANAGE_TENANTS) as view:
        wrong = NewTenant.check(field, {field: value}) if field in NewTenant.model_fields else ""
        if wrong or field != "name":
            return wrong, ""
        alike = select(Tenant.slug).where(Tenant.name_key == fold(value.strip()))
        if besides is not None:
            alike = alike.where(Tenant.id != besides)
        slug = (await view.tx.exec(alike.order_by(col(Tenant.id)).limit(1))).first()
    return "", f"Another organisation has this name: /t/{slug}." if slug else ""


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
