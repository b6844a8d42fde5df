"""An organisation as its own admins set it: its name and looks, and who may be invited."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from pydantic import field_validator
from sqlmodel import select

from models import Tenant
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.audit.writing import Action
from services.core.colours import Brand, brand_of, read_colour
from services.core.db import reading
from services.core.emails import checked_domains
from services.core.forms import Form, text
from services.core.images import Encoded, read_logo
from services.core.looking import looks_first
from services.core.names import is_slug
from services.tenants import pictures
from services.tenants.events import TenantChanged

MOST_DOMAINS = 1_000


class OrganisationForm(Form):
    """What the admins of an organisation say of it."""

    name: str = text("Name", half=True)
    brand_colour: str = text(
        "Brand Colour",
        optional=True,
        most=7,
        half=True,
        hint="On sign-in pages, in mails and on the welcome page.",
    )
    allowed_domains: str = text(
        "Allowed Domains",
        optional=True,
        most=MOST_DOMAINS,
        hint="By commas. Others can’t be invited. Empty: anybody can.",
    )

    @field_validator("brand_colour")
    @classmethod
    def _check_colour(cls, written: str) -> str:
        return read_colour(written) if written else ""

    @field_validator("allowed_domains")
    @classmethod
    def _check_domains(cls, written: str) -> str:
        return ", ".join(checked_domains(written))


LABELS: Mapping[str, str] = {
    "brand_colour": "Brand Colour",
    "allowed_domains": "Allowed Domains",
}


@dataclass(frozen=True)
class Organisation:
    """What the Settings page shows of an organisation."""

    slug: str
    name: str
    logo: str
    brand_colour: str
    allowed_domains: str


@dataclass(frozen=True)
class Looks:
    """What the pages show of an organisation that anybody may open: no more than this."""

    name: str
    logo: str = ""
    brand: Brand | None = None


async def find_looks(slug: str) -> Looks | None:
    """The looks of the tenant at this address; none where there is no tenant."""
    if not is_slug(slug):
        return None
    async with reading() as tx:
        found = await tx.exec(
            select(Tenant.name, Tenant.logo, Tenant.brand_colour).where(Tenant.slug == slug)
        )
        row = found.first()
    return Looks(row[0], row[1], brand_of(row[2]) if row[2] else None) if row else None


async def find_shown(tenant_id: UUID) -> Tenant:
    """What open pages show of a tenant whose change was committed."""
    async with reading() as tx:
        return await tx.get_one(Tenant, tenant_id)


async def get_organisation(actor: Principal) -> Organisation:
    """The organisation in which the actor works."""
    async with viewing(actor, Permission.MANAGE_ORGANISATION) as view:
        tenant = await view.get_tenant()
        return Organisation(
            tenant.slug, tenant.name, tenant.logo, tenant.brand_colour, tenant.allowed_domains
        )


@looks_first
async def edit_organisation(actor: Principal, form: OrganisationForm) -> None:
    """Change what is said of the organisation; its address stays. Raises `InvalidInputError`."""
    async with acting(actor, Permission.MANAGE_ORGANISATION) as act:
        tenant = await act.get_tenant(lock=True)
        renamed, before = tenant.name != form.name, tenant.name
        changes = [
            f"{label}: {getattr(tenant, name) or 'none'} → {getattr(form, name) or 'none'}"
            for name, label in LABELS.items()
            if getattr(tenant, name) != getattr(form, name)
        ]
        if not (renamed or changes):
            return
        tenant.name = form.name
        for name in LABELS:
            setattr(tenant, name, getattr(form, name))
        if renamed:
            await act.record(
                Action.TENANT_RENAMED, tenant_id=tenant.id, before=before, after=form.name
            )
        if changes:
            await act.record(Action.TENANT_EDITED, tenant_id=tenant.id, changes=". ".join(changes))
        act.publish(TenantChanged(tenant_id=tenant.id))


async def set_logo(actor: Principal, data: bytes) -> None:
    """Show this picture as the organisation's logo. Raises `InvalidInputError`."""
    # Only who may change it has Rollcall read a file.
    async with viewing(actor, Permission.MANAGE_ORGANISATION) as view:
        await view.get_tenant()
    await _keep_logo(actor, await read_logo(data))


@looks_first
async def remove_logo(actor: Principal) -> None:
    """Show no logo of the organisation any more."""
    async with acting(actor, Permission.MANAGE_ORGANISATION) as act:
        tenant = await act.get_tenant(lock=True)
        if tenant.logo:
            await _replace_logo(act, tenant, None)


@looks_first
async def _keep_logo(actor: Principal, image: Encoded) -> None:
    async with acting(actor, Permission.MANAGE_ORGANISATION) as act:
        tenant = await act.get_tenant(lock=True)
        if tenant.logo != image.digest:
            await _replace_logo(act, tenant, image)


async def _replace_logo(act: Act, tenant: Tenant, image: Encoded | None) -> None:
    await pictures.keep(act.tx, tenant.id, None, image)
    tenant.logo = image.digest if image else ""
    action = Action.LOGO_SET if image else Action.LOGO_REMOVED
    await act.record(action, tenant_id=tenant.id)
    act.publish(TenantChanged(tenant_id=tenant.id))
