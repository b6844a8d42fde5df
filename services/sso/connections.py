"""The provider that a tenant is connected to: what its admins set, and what the pages show."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import field_validator
from sqlmodel import select

from models import Role, SsoConnection, Tenant
from services.access.actor import Actor, find_open_tenant
from services.access.one_time_links import path_of
from services.access.permissions import Permission, Secret
from services.audit.acting import Act, acting, viewing
from services.core import clock
from services.core.emails import checked_domains
from services.core.errors import ConflictError, InvalidInputError, NotFoundError
from services.core.form_fields import Option
from services.core.forms import Form, choice, fields_of, password, text
from services.database import runtime, vault
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.sso.actions import SsoAction
from services.sso.errors import SsoError
from services.sso.provider import discover, issuer_of
from services.tenants.events import TenantChanged


class NewPeople(StrEnum):
    """What becomes of people without an account: they are refused, or their first sign-in makes
    them one. The role of that account never manages users."""

    NOBODY = "nobody"
    ADMINISTRATOR = Role.ADMINISTRATOR.value
    SALES_ENGINEER = Role.SALES_ENGINEER.value

    @property
    def role(self) -> Role | None:
        """The role of the account."""
        return None if self is NewPeople.NOBODY else Role(self.value)


NEW_PEOPLE = {who: who.role.label if who.role else "Are refused" for who in NewPeople}
LONGEST_DOMAINS = 2000
LONGEST_ISSUER = 450


class ConnectionForm(Form):
    """What an admin enters. An empty secret keeps the present one."""

    name: str = text("Name on the button", hint="Such as Entra or Okta.")
    discovery: str = text(
        "Discovery address",
        most=LONGEST_ISSUER,
        hint="The provider's address, up to /.well-known/openid-configuration.",
    )
    client_id: str = text("Client ID", most=255)
    client_secret: str = password(
        "Client secret",
        optional=True,
        hint="Stored encrypted, and never shown again. Empty: as it is.",
    )
    domains: str = text(
        "Email domains",
        most=LONGEST_DOMAINS,
        hint="By commas. Only verified emails of these are linked.",
        ask="Enter at least one email domain, such as example.com.",
    )
    new_people: NewPeople = choice(
        "People without an account",
        [Option(who, label) for who, label in NEW_PEOPLE.items()],
        hint="With a role: their first sign-in makes them an account.",
        ask="Choose one of the list.",
    )

    @field_validator("domains")
    @classmethod
    def _check_domains(cls, written: str) -> str:
        checked_domains(written)
        return written


class NewConnectionForm(ConnectionForm):
    """The same, if there is no secret yet that could be kept."""

    client_secret: str = password("Client secret", hint="Stored encrypted, and never shown again.")


@dataclass(frozen=True)
class TenantUrls:
    """What to enter at the provider."""

    redirect: str
    after_logout: str
    backchannel_logout: str


@dataclass(frozen=True)
class ConnectionView:
    """What the Settings page shows of a connection; never the secret."""

    name: str
    issuer: str
    client_id: str
    domains: tuple[str, ...]
    new_people: Role | None
    required: bool
    tested_at: datetime | None


@dataclass(frozen=True)
class Offer:
    """What a sign-in page offers: the provider's name, and whether most people must use it."""

    name: str
    required: bool


def tenant_urls(slug: str | None) -> TenantUrls:
    """A tenant's urls for its provider."""
    base = f"{runtime.current().settings.public_url}{path_of(slug)}/sso"
    return TenantUrls(f"{base}/callback", f"{base}/signed-out", f"{base}/backchannel-logout")


async def find_offer(slug: str | None) -> Offer | None:
    """What the sign-in page of this tenant offers, if it is connected."""
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
    """Connect the tenant to a provider, or change how; the provider is asked at once who it is.

    Needs a fresh sign-in. After a change of the provider or the client, the connection has to be
    tested again, and until then nobody is required to use it. Raises `InvalidInputError`.
    """
    # Rollcall asks a url only for people who may connect.
    async with viewing(actor, Secret.SINGLE_SIGN_ON) as view:
        before = await view.tx.get(SsoConnection, _tenant_id(actor))
    if before is None and not form.client_secret.strip():
        raise _secret_missing()
    try:
        provider = await discover(issuer_of(form.discovery), anew=True)
    except SsoError as error:
        raise InvalidInputError({"discovery": str(error)}) from error
    await _connect(actor, form, provider.issuer)


@looks_first
async def _connect(actor: Actor, form: ConnectionForm, issuer: str) -> None:
    domains, new_people = checked_domains(form.domains), form.new_people.role
    async with acting(actor, Secret.SINGLE_SIGN_ON) as act:
        tx, tenant = act.tx, await act.get_tenant(lock=True)
        connection = await tx.get(SsoConnection, tenant.id)
        if connection is None:
            connection = _new(tenant.id, form)
            tx.add(connection)
        elif form.client_secret.strip():
            connection.sealed_secret = vault.seal(form.client_secret.strip())
            connection.tested_at = None
        client = (issuer, form.client_id)
        if client != (connection.issuer, connection.client_id):
            connection.issuer, connection.client_id = client
            connection.required = False
            connection.tested_at = None
        connection.name, connection.domains = form.name, domains
        connection.new_people = new_people
        if connection not in tx.new and not tx.is_modified(connection):
            return
        await act.record(
            SsoAction.CONNECTED,
            issuer=connection.issuer,
            client_id=connection.client_id,
            domains=", ".join(domains),
            new_people=new_people.label if new_people else NewPeople.NOBODY.value,
        )
        act.publish(TenantChanged(tenant_id=tenant.id))


@looks_first
async def require(actor: Actor, required: bool) -> None:
    """Require single sign-on of everybody except Tenant Admins, or let people choose.

    Nobody is signed out. Needs a fresh sign-in. Raises `ConflictError` if the connection wasn't
    tested as it is now.
    """
    async with acting(actor, Secret.SINGLE_SIGN_ON) as act:
        tenant, connection = await _lock_connection(act)
        if connection.required == required:
            return
        if required and connection.tested_at is None:
            raise ConflictError(
                "Test the connection first, as it is now: a mistake in it would lock everyone out."
            )
        connection.required = required
        await act.record(SsoAction.REQUIRED_SET, required=required)
        act.publish(TenantChanged(tenant_id=tenant.id))


@looks_first
async def disconnect(actor: Actor) -> None:
    """Forget the connection and its secret.

    Links between people and accounts stay, in case the same provider is connected again; sessions
    that it began go on until they end. Needs a fresh sign-in.
    """
    async with acting(actor, Secret.SINGLE_SIGN_ON) as act:
        tenant, connection = await _lock_connection(act)
        await act.tx.delete(connection)
        await act.record(SsoAction.DISCONNECTED, issuer=connection.issuer)
        act.publish(TenantChanged(tenant_id=tenant.id))


async def find_connection(tx: Transaction, slug: str | None) -> tuple[Tenant, SsoConnection]:
    """A tenant and its connection, by the tenant's slug. Raises `NotFoundError`."""
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
        raise _secret_missing()
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


def _secret_missing() -> InvalidInputError:
    return InvalidInputError({"client_secret": fields_of(ConnectionForm)["client_secret"].missing})
