"""The provider that a tenant is connected to: what its admins set, and what the pages show."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import select

from models import Role, SsoConnection, Tenant
from services.access.actor import Actor, find_open_tenant
from services.access.one_time_links import path_of
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.audit.writing import Action
from services.core import clock, runtime, vault
from services.core.db import Transaction, reading
from services.core.emails import email_key
from services.core.errors import ConflictError, InvalidInputError, NotFoundError
from services.core.looking import looks_first
from services.core.names import clean_name
from services.sso.errors import SsoError
from services.sso.provider import discover, issuer_of
from services.tenants.events import TenantChanged

# Roles that a first sign-in may create: none that manages users.
NEW_PEOPLE = (Role.ADMINISTRATOR, Role.SALES_ENGINEER)
NOBODY = "nobody"
LONGEST_DOMAINS = 2000
LONGEST_ISSUER = 450


class ConnectionForm(BaseModel):
    """What the form sends, unchecked. An empty secret keeps the one that is there."""

    name: str = ""
    discovery: str = ""
    client_id: str = ""
    client_secret: str = Field("", repr=False)
    domains: str = ""
    new_people: str = ""


@dataclass(frozen=True)
class Addresses:
    """What to enter at the provider."""

    redirect: str
    after_logout: str
    backchannel_logout: str


@dataclass(frozen=True)
class ConnectionView:
    """What the Settings page shows of a connection; the secret is never among it."""

    name: str
    issuer: str
    client_id: str
    domains: tuple[str, ...]
    new_people: Role | None
    required: bool
    tested_at: datetime | None


@dataclass(frozen=True)
class Offer:
    """What a sign-in page offers: the provider's name, and whether most must use it."""

    name: str
    required: bool


def addresses_of(slug: str | None) -> Addresses:
    """A tenant's addresses for its provider."""
    base = f"{runtime.current().settings.public_url}{path_of(slug)}/sso"
    return Addresses(f"{base}/callback", f"{base}/signed-out", f"{base}/backchannel-logout")


async def find_offer(slug: str | None) -> Offer | None:
    """What the sign-in page of this tenant offers, where it is connected."""
    async with reading() as tx:
        tenant = await find_open_tenant(tx, slug)
        connection = await tx.get(SsoConnection, tenant.id) if tenant else None
    return Offer(connection.name, connection.required) if connection else None


async def get_connection(actor: Actor) -> ConnectionView | None:
    """The connection of the tenant in which the actor works, if there is one."""
    async with viewing(actor, Permission.MANAGE_SIGN_IN) as view:
        connection = await view.tx.get(SsoConnection, _tenant_id(actor))
    if connection is None:
        return None
    return ConnectionView(
        name=connection.name,
        issuer=connection.issuer,
        client_id=connection.client_id,
        domains=tuple(connection.domains),
        new_people=connection.new_people,
        required=connection.required,
        tested_at=connection.tested_at,
    )


async def connect(actor: Actor, form: ConnectionForm) -> None:
    """Connect the tenant to a provider, or change how; the provider is asked who it is at once.

    Needs a fresh sign-in. A change of the provider or the client has to be tested anew, and until
    then nobody is required to use it. Raises `InvalidInputError`.
    """
    # Only who may connect has Rollcall ask an address.
    async with viewing(actor, Permission.MANAGE_SIGN_IN, fresh=True) as view:
        before = await view.tx.get(SsoConnection, _tenant_id(actor))
    name, domains, new_people = _checked(form, has_secret=before is not None)
    try:
        provider = await discover(issuer_of(form.discovery), anew=True)
    except SsoError as error:
        raise InvalidInputError({"discovery": str(error)}) from error
    await _connect(actor, form, provider.issuer, name, domains, new_people)


@looks_first
async def _connect(
    actor: Actor,
    form: ConnectionForm,
    issuer: str,
    name: str,
    domains: list[str],
    new_people: Role | None,
) -> None:
    async with acting(actor, Permission.MANAGE_SIGN_IN, fresh=True) as act:
        tx, tenant = act.tx, await act.get_tenant(lock=True)
        connection = await tx.get(SsoConnection, tenant.id)
        if connection is None:
            connection = _new(tenant.id, form)
            tx.add(connection)
        elif form.client_secret.strip():
            connection.sealed_secret = vault.seal(form.client_secret.strip())
            connection.tested_at = None
        client = (issuer, form.client_id.strip())
        if client != (connection.issuer, connection.client_id):
            connection.issuer, connection.client_id = client
            connection.required = False
            connection.tested_at = None
        connection.name, connection.domains, connection.new_people = name, domains, new_people
        if connection not in tx.new and not tx.is_modified(connection):
            return
        await act.record(
            Action.SSO_CONNECTED,
            issuer=connection.issuer,
            client_id=connection.client_id,
            domains=", ".join(domains),
            new_people=new_people.label if new_people else NOBODY,
        )
        act.publish(TenantChanged(tenant_id=tenant.id))


@looks_first
async def require(actor: Actor, required: bool) -> None:
    """Have everyone but Tenant Admins use single sign-on alone, or leave it to them.

    Nobody is signed out. Needs a fresh sign-in. Raises `ConflictError` where the connection wasn't
    tested as it is.
    """
    async with acting(actor, Permission.MANAGE_SIGN_IN, fresh=True) as act:
        tenant, connection = await _lock_connection(act)
        if connection.required == required:
            return
        if required and connection.tested_at is None:
            raise ConflictError(
                "Test the connection first, as it is now: a mistake in it would lock everyone out."
            )
        connection.required = required
        await act.record(Action.SSO_REQUIRED_SET, required=required)
        act.publish(TenantChanged(tenant_id=tenant.id))


@looks_first
async def disconnect(actor: Actor) -> None:
    """Forget the connection and its secret. Who is linked to whom stays, for the day when the same
    provider is connected again; sessions that it began last until they end. Needs a fresh sign-in.
    """
    async with acting(actor, Permission.MANAGE_SIGN_IN, fresh=True) as act:
        tenant, connection = await _lock_connection(act)
        await act.tx.delete(connection)
        await act.record(Action.SSO_DISCONNECTED, issuer=connection.issuer)
        act.publish(TenantChanged(tenant_id=tenant.id))


async def find_connection(tx: Transaction, slug: str | None) -> tuple[Tenant, SsoConnection]:
    """A tenant and its connection, by the tenant's address. Raises `NotFoundError`."""
    tenant = await find_open_tenant(tx, slug)
    connection = await tx.get(SsoConnection, tenant.id) if tenant else None
    if tenant is None or connection is None:
        raise NotFoundError("Single sign-on isn't set up here. Check the address.")
    return tenant, connection


async def _lock_connection(act: Act) -> tuple[Tenant, SsoConnection]:
    tenant = await act.get_tenant(lock=True)
    connection = (
        await act.tx.exec(select(SsoConnection).where(SsoConnection.tenant_id == tenant.id))
    ).first()
    if connection is None:
        raise NotFoundError("Single sign-on isn't connected.")
    return tenant, connection


def _new(tenant_id: UUID, form: ConnectionForm) -> SsoConnection:
    secret = form.client_secret.strip()
    if not secret:  # disconnected by somebody else while this was sent
        raise InvalidInputError({"client_secret": "Client secret is required."})
    return SsoConnection(
        tenant_id=tenant_id,
        name="",
        issuer="",
        client_id="",
        sealed_secret=vault.seal(secret),
        created_at=clock.now(),
    )


def _tenant_id(actor: Actor) -> UUID:
    if actor.tenant_id is None:
        raise NotFoundError
    return actor.tenant_id


def _checked(form: ConnectionForm, *, has_secret: bool) -> tuple[str, list[str], Role | None]:
    """The name, the domains and the role. Raises `InvalidInputError` for each wrong field."""
    wrong: dict[str, str] = {}
    name, domains = "", []
    try:
        name = clean_name(form.name, "Name")
    except ValueError as error:
        wrong["name"] = str(error)
    if not 0 < len(form.discovery.strip()) <= LONGEST_ISSUER:
        wrong["discovery"] = "Discovery address is required: the provider names it."
    client_id = form.client_id.strip()
    if not client_id or len(client_id) > 255 or not client_id.isprintable():
        wrong["client_id"] = "Client ID is required: one line, 255 characters at most."
    if not form.client_secret.strip() and not has_secret:
        wrong["client_secret"] = "Client secret is required."  # noqa: S105 - a sentence
    try:
        domains = checked_domains(form.domains)
    except ValueError as error:
        wrong["domains"] = str(error)
    new_people = {role.value: role for role in NEW_PEOPLE}.get(form.new_people)
    if form.new_people not in {"", NOBODY} and new_people is None:
        wrong["new_people"] = "Choose one of the list."
    if wrong:
        raise InvalidInputError(wrong)
    return name, domains, new_people


def checked_domains(written: str) -> list[str]:
    """Email domains, as `email_key` compares them, from a list by commas or spaces.

    Raises `ValueError` with a sentence.
    """
    if len(written) > LONGEST_DOMAINS:
        raise ValueError("These are too many domains.")
    domains = []
    for word in written.replace(",", " ").replace(";", " ").split():
        domain = domain_of(f"x@{word.removeprefix('@')}")
        if "." not in domain or "@" in word.removeprefix("@"):
            raise ValueError(f"{word} isn't an email domain, such as example.com.")
        domains.append(domain)
    if not domains:
        raise ValueError("Enter at least one email domain, such as example.com.")
    return sorted(set(domains))


def domain_of(email: str) -> str:
    """The domain of an address, as two are compared."""
    return email_key(email).rpartition("@")[2]
