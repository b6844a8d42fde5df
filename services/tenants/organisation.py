"""An organisation as its own admins set it up: its name and looks, and who may be invited."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from pydantic import field_validator
from sqlmodel import select

from models import Tenant
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.core.colours import Brand, brand_of, read_colour
from services.core.emails import checked_domains
from services.core.form_fields import Option
from services.core.forms import Form, choice, fields_of, lines, text
from services.core.links import check_link
from services.core.names import fold, is_slug
from services.core.zones import check_zone, time_zones
from services.database.looking import looks_first
from services.database.transaction import reading
from services.tenants import pictures, zone_change
from services.tenants.actions import TenantAction
from services.tenants.events import TenantChanged, TimeZoneChanged
from services.tenants.images import Encoded, read_logo
from services.tenants.list import facts_of, tell_row

MOST_DOMAINS = 1_000
MOST_WELCOME = 600


class OrganisationForm(Form):
    """What the admins of an organisation say about it."""

    name: str = text("Name", half=True)
    brand_colour: str = text(
        "Brand Colour",
        optional=True,
        most=7,
        half=True,
        hint="On sign-in pages, in mails and on the welcome page.",
    )
    time_zone: str = choice(
        "Time Zone",
        [Option(zone, zone.replace("_", " ")) for zone in time_zones()],
        half=True,
        hint="Days begin and end in it. Another one moves nobody’s end date.",
    )
    documentation_url: str = text(
        "Documentation Link",
        optional=True,
        most=2000,
        half=True,
        hint="The welcome page leads there.",
    )
    welcome_text: str = lines(
        "Welcome Text",
        optional=True,
        most=MOST_WELCOME,
        hint=f"New people read it at their first sign-in. {MOST_WELCOME} characters at most.",
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

    @field_validator("time_zone")
    @classmethod
    def _check_zone(cls, zone: str) -> str:
        return check_zone(zone)

    @field_validator("documentation_url")
    @classmethod
    def _check_link(cls, url: str) -> str:
        return check_link(url) if url else ""

    @field_validator("allowed_domains")
    @classmethod
    def _check_domains(cls, written: str) -> str:
        return ", ".join(checked_domains(written))


# What the log names of a change, besides the name; and what is too long for the log.
LOGGED = ("brand_colour", "time_zone", "documentation_url", "welcome_text", "allowed_domains")
LONG = frozenset({"welcome_text", "documentation_url"})


@dataclass(frozen=True)
class Organisation:
    """What the Settings page shows of an organisation."""

    slug: str
    name: str
    logo: str
    brand_colour: str
    time_zone: str
    documentation_url: str
    welcome_text: str
    allowed_domains: str


@dataclass(frozen=True)
class Looks:
    """What pages that anybody may open show of an organisation: no more than this."""

    name: str
    logo: str = ""
    brand: Brand | None = None


async def find_looks(slug: str) -> Looks | None:
    """The looks of the tenant with this slug; none if there is no tenant."""
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


async def get_shown(actor: Principal) -> Tenant:
    """The same, for a page of the organisation in which the actor works."""
    async with viewing(actor, Permission.USE_OWN_ACCOUNT) as view:
        return await view.get_tenant()


async def get_organisation(actor: Principal) -> Organisation:
    """The organisation in which the actor works."""
    async with viewing(actor, Permission.MANAGE_ORGANISATION) as view:
        tenant = await view.get_tenant()
        return Organisation(
            slug=tenant.slug,
            name=tenant.name,
            logo=tenant.logo,
            brand_colour=tenant.brand_colour,
            time_zone=tenant.time_zone,
            documentation_url=tenant.documentation_url,
            welcome_text=tenant.welcome_text,
            allowed_domains=tenant.allowed_domains,
        )


@looks_first
async def edit_organisation(actor: Principal, form: OrganisationForm) -> None:
    """Change what is said about the organisation; its slug stays. In another time zone, everybody's
    access ends at the same moment as before. Raises `InvalidInputError`."""
    lock = partial(zone_change.lock_users, form.time_zone, actor)
    async with acting(actor, Permission.MANAGE_ORGANISATION, lock=lock) as act:
        tenant = await act.get_tenant(lock=True)
        renamed, before = tenant.name != form.name, tenant.name
        changes = [
            _change(name, getattr(tenant, name), getattr(form, name))
            for name in LOGGED
            if getattr(tenant, name) != getattr(form, name)
        ]
        if not (renamed or changes):
            return
        was, zone_before = facts_of(tenant), tenant.time_zone
        tenant.name, tenant.name_key = form.name, fold(form.name)
        for name in LOGGED:
            setattr(tenant, name, getattr(form, name))
        if renamed:
            await act.record(
                TenantAction.RENAMED, tenant_id=tenant.id, before=before, after=form.name
            )
        if changes:
            await act.record(TenantAction.EDITED, tenant_id=tenant.id, changes=". ".join(changes))
        if tenant.time_zone != zone_before:
            await zone_change.tell_ends_in(act.tx, tenant.id, tenant.time_zone)
            act.publish(TimeZoneChanged(tenant_id=tenant.id))
        act.publish(TenantChanged(tenant_id=tenant.id))
        if renamed:
            tell_row(act.tx, tenant.id, was)


async def set_logo(actor: Principal, data: bytes) -> None:
    """Show this picture as the organisation's logo. Raises `InvalidInputError`."""
    # Rollcall reads a file only for people who may change the logo.
    async with viewing(actor, Permission.MANAGE_ORGANISATION) as view:
        await view.get_tenant()
    await _keep_logo(actor, await read_logo(actor, data))


@looks_first
async def remove_logo(actor: Principal) -> None:
    """Remove the organisation's logo."""
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


def _change(name: str, before: str, after: str) -> str:
    label = fields_of(OrganisationForm)[name].label
    if name in LONG:
        return label
    return f"{label}: {before or 'none'} → {after or 'none'}"


async def _replace_logo(act: Act, tenant: Tenant, image: Encoded | None) -> None:
    await pictures.keep(act.tx, tenant.id, None, image)
    tenant.logo = image.digest if image else ""
    action = TenantAction.LOGO_SET if image else TenantAction.LOGO_REMOVED
    await act.record(action, tenant_id=tenant.id)
    act.publish(TenantChanged(tenant_id=tenant.id))
