"""Every service call that somebody signed in can make, and who may make it."""

from contextlib import suppress
from uuid import UUID, uuid4

from models import Role, SsoConnection, Tenant
from services.access.actor import Actor
from services.access.permissions import Permission
from services.audit import reading as audit_log
from services.core import clock
from services.core.errors import (
    InvalidInputError,
)
from services.database.transaction import reading, transaction
from services.lists import choices
from services.lists.query import ListQuery
from services.operations import system
from services.operations.doctor import VERSION_NAME
from services.sessions import sessions
from services.sso import connections, flow
from services.sso.connections import ConnectionForm
from services.sso.errors import SsoError
from services.tenants import closing, tenants
from services.users import accounts, counts, invitations, listing, selection
from services.users.invitation_form import InvitationForm
from services.users.list import USERS
from services.workspace import finding
from tests import books
from tests.factories import create_tenant, create_user, open_session
from tests.services.bulk_calls import BULK_CALLS
from tests.services.call import EVERYONE, MANAGERS, Call
from tests.services.import_calls import IMPORT_CALLS
from tests.services.organisation_calls import ORGANISATION_CALLS
from tests.services.review_calls import REVIEW_CALLS
from tests.services.screen_calls import SCREEN_CALLS
from tests.services.sign_in_calls import SIGN_IN_CALLS
from tests.services.stay_calls import STAY_CALLS
from tests.services.workspace_calls import WORKSPACE_CALLS

WITHOUT_SECRET = ConnectionForm(
    name="Identity",
    discovery="https://127.0.0.1:1",
    client_id="rollcall",
    domains="example.com",
    new_people="nobody",
)


def _form(role: Role) -> InvitationForm:
    email = f"{uuid4().hex}@example.com"
    return InvitationForm(first_name="New", last_name="Person", email=email, role=role.value)


async def _invited_admin(target: UUID) -> UUID:
    """An invited Tenant Admin of the tenant of a user."""
    tenant_id = (await books.user_of(target)).tenant_id
    async with reading() as tx:
        tenant = await tx.get_one(Tenant, tenant_id)
    return (await create_user(tenant, role=Role.TENANT_ADMIN, invited=True)).id


async def _resend_to_admin(actor: Actor, target: UUID) -> object:
    return await invitations.resend(actor, await _invited_admin(target))


async def _copy_admin_link(actor: Actor, target: UUID) -> object:
    return await invitations.copy_link(actor, await _invited_admin(target))


async def _export_users(actor: Actor, _target: UUID) -> object:
    return [piece async for piece in await listing.export_users(actor, ListQuery())]


async def _tenant_row(actor: Actor, _target: UUID) -> object:
    return await tenants.get_row(actor, (await create_tenant()).id)


async def _export_tenants(actor: Actor, _target: UUID) -> object:
    return [piece async for piece in await tenants.export_tenants(actor, ListQuery())]


async def _export(actor: Actor, _target: UUID) -> object:
    return [piece async for piece in await audit_log.export(actor, ListQuery())]


async def _revoke_one(actor: Actor, target: UUID) -> object:
    _, token = await open_session(await books.user_of(target))
    session_id = await sessions.find_session_id(token)
    return await sessions.revoke(actor, target, session_id)


async def _rename_tenant(actor: Actor, _target: UUID) -> object:
    assert actor.tenant_id is not None
    await tenants.rename_tenant(actor, actor.tenant_id, f"Acme {uuid4().hex}")
    return None


async def connected(actor: Actor) -> None:
    """Give the tenant of an actor a provider, if it has none."""
    if actor.tenant_id is None or await _is_connected(actor.tenant_id):
        return
    row = SsoConnection(
        tenant_id=actor.tenant_id,
        name="Identity",
        issuer="https://identity.example.com",
        client_id="rollcall",
        sealed_secret=b"",
        created_at=clock.now(),
    )
    async with transaction() as tx:
        tx.add(row)


async def _is_connected(tenant_id: UUID) -> bool:
    async with reading() as tx:
        return await tx.get(SsoConnection, tenant_id) is not None


async def _connect(actor: Actor, _target: UUID) -> object:
    with suppress(InvalidInputError):  # no secret; told only to people who may connect
        await connections.connect(actor, WITHOUT_SECRET)
    return None


async def _require_sso(actor: Actor, _target: UUID) -> None:
    await connected(actor)
    await connections.require(actor, False)


async def _disconnect(actor: Actor, _target: UUID) -> None:
    await connected(actor)
    await connections.disconnect(actor)


async def _finish_test(actor: Actor, _target: UUID) -> object:
    await connected(actor)
    slug = (await _tenant_of(actor)).slug if actor.tenant_id else "acme"
    with suppress(SsoError):  # of an answer to nothing
        await flow.finish_test(actor, slug, None, {})
    return None


async def _tenant_of(actor: Actor) -> Tenant:
    assert actor.tenant_id is not None
    async with reading() as tx:
        return await tx.get_one(Tenant, actor.tenant_id)


async def _close_tenant(actor: Actor, _target: UUID) -> object:
    tenant = await _tenant_of(actor)
    return await closing.close_tenant(actor, tenant.id, tenant.name)


async def _reopen_tenant(actor: Actor, _target: UUID) -> object:
    assert actor.tenant_id is not None
    await closing.reopen_tenant(actor, actor.tenant_id)
    return None


CALLS = [
    Call("users.accounts.get_impact", MANAGERS, accounts.get_impact),
    Call(
        "users.accounts.set_active", MANAGERS, lambda a, t: accounts.set_active(a, t, active=False)
    ),
    Call("users.accounts.rename", MANAGERS, lambda a, t: accounts.rename(a, t, "Re", uuid4().hex)),
    Call("users.accounts.set_end_date", MANAGERS, lambda a, t: accounts.set_end_date(a, t, None)),
    Call(
        "users.listing.list_users",
        MANAGERS,
        lambda a, _t: listing.list_users(a, ListQuery()),
        takes_id=False,
    ),
    Call(
        "users.listing.open_users",
        MANAGERS,
        lambda a, _t: listing.open_users(a, {}),
        takes_id=False,
    ),
    Call(
        "users.listing.list_inviters",
        MANAGERS,
        lambda a, _t: listing.list_inviters(a),
        takes_id=False,
    ),
    Call("users.listing.export_users", MANAGERS, _export_users, takes_id=False),
    Call(
        "lists.choices.find_choices",
        EVERYONE,
        lambda a, _t: choices.find_choices(a, USERS),
        takes_id=False,
    ),
    Call(
        "lists.choices.keep_columns",
        EVERYONE,
        lambda a, _t: choices.keep_columns(a, USERS, ["email"]),
        takes_id=False,
    ),
    Call(
        "lists.choices.keep_rows",
        EVERYONE,
        lambda a, _t: choices.keep_rows(a, USERS, size=25, compact=True),
        takes_id=False,
    ),
    Call(
        "lists.choices.save_view",
        EVERYONE,
        lambda a, _t: choices.save_view(a, USERS, "Invited", {"status": "invited"}),
        takes_id=False,
    ),
    Call(
        "lists.choices.remove_view",
        EVERYONE,
        lambda a, _t: choices.remove_view(a, USERS, "Invited"),
        takes_id=False,
    ),
    Call("users.listing.get_details", MANAGERS, listing.get_details),
    Call(
        "workspace.finding.find_anything",
        EVERYONE,
        lambda a, _t: finding.find_anything(a, "a"),
        takes_id=False,
    ),
    Call(
        "users.selection.list_selectable",
        EVERYONE,
        lambda a, _t: selection.list_selectable(a, Permission.RUN_POCS, "ada"),
        takes_id=False,
    ),
    Call(
        "users.counts.lacks_tenant_admin",
        MANAGERS,
        lambda a, _t: counts.lacks_tenant_admin(a),
        takes_id=False,
    ),
    Call(
        "users.invitations.invite",
        MANAGERS,
        lambda a, _t: invitations.invite(a, _form(Role.ADMINISTRATOR)),
        takes_id=False,
    ),
    Call(
        "users.invitations.invite of a Tenant Admin",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: invitations.invite(a, _form(Role.TENANT_ADMIN)),
        takes_id=False,
    ),
    Call(
        "users.invitations.check_field",
        MANAGERS,
        lambda a, _t: invitations.check_field(a, "email", "someone@example.com"),
        takes_id=False,
    ),
    Call("users.invitations.resend", MANAGERS, invitations.resend),
    Call("users.invitations.copy_link", MANAGERS, invitations.copy_link),
    Call(
        "users.invitations.resend to a Tenant Admin",
        {Role.PLATFORM_ADMIN},
        _resend_to_admin,
        takes_id=False,
    ),
    Call(
        "users.invitations.copy_link of a Tenant Admin",
        {Role.PLATFORM_ADMIN},
        _copy_admin_link,
        takes_id=False,
    ),
    *SIGN_IN_CALLS,
    Call("sessions.sessions.list_open", MANAGERS, sessions.list_open),
    Call("sessions.sessions.revoke", MANAGERS, sessions.revoke),
    # Another tenant's user is asked about by a test of its own, below.
    Call("sessions.sessions.revoke of one session", MANAGERS, _revoke_one, takes_id=False),
    Call(
        "sessions.sessions.list_open of one's own",
        EVERYONE,
        lambda a, _t: sessions.list_open(a, a.user_id),
        takes_id=False,
    ),
    Call(
        "sessions.sessions.revoke of one's own",
        EVERYONE,
        lambda a, _t: sessions.revoke(a, a.user_id),
        takes_id=False,
    ),
    Call(
        "sessions.sessions.sign_out", EVERYONE, lambda a, _t: sessions.sign_out(a), takes_id=False
    ),
    Call(
        "audit.reading.list_entries",
        MANAGERS,
        lambda a, _t: audit_log.list_entries(a, ListQuery()),
        takes_id=False,
    ),
    Call("audit.reading.export", MANAGERS, _export, takes_id=False),
    Call(
        "tenants.tenants.list_tenants",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: tenants.list_tenants(a, ListQuery()),
        takes_id=False,
    ),
    Call(
        "tenants.tenants.open_tenants",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: tenants.open_tenants(a, {}),
        takes_id=False,
    ),
    Call("tenants.tenants.get_row", {Role.PLATFORM_ADMIN}, _tenant_row, takes_id=False),
    Call("tenants.tenants.export_tenants", {Role.PLATFORM_ADMIN}, _export_tenants, takes_id=False),
    Call(
        "tenants.tenants.check_field",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: tenants.check_field(a, "name", "New"),
        takes_id=False,
    ),
    Call(
        "tenants.tenants.create_tenant",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: tenants.create_tenant(a, "New"),
        takes_id=False,
    ),
    Call("tenants.closing.close_tenant", {Role.PLATFORM_ADMIN}, _close_tenant, takes_id=False),
    Call("tenants.closing.reopen_tenant", {Role.PLATFORM_ADMIN}, _reopen_tenant, takes_id=False),
    Call("tenants.tenants.rename_tenant", {Role.PLATFORM_ADMIN}, _rename_tenant, takes_id=False),
    Call(
        "operations.system.examine",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: system.examine(a, [VERSION_NAME]),
        takes_id=False,
    ),
    Call(
        "sso.connections.get_connection",
        MANAGERS,
        lambda a, _t: connections.get_connection(a),
        takes_id=False,
    ),
    Call("sso.connections.connect", MANAGERS, _connect, takes_id=False),
    Call("sso.connections.require", MANAGERS, _require_sso, takes_id=False),
    Call("sso.connections.disconnect", MANAGERS, _disconnect, takes_id=False),
    Call("sso.flow.finish_test", MANAGERS, _finish_test, takes_id=False),
    *IMPORT_CALLS,
    *REVIEW_CALLS,
    *ORGANISATION_CALLS,
    *BULK_CALLS,
    *STAY_CALLS,
    *WORKSPACE_CALLS,
    *SCREEN_CALLS,
]
# A sign of life asks for nothing and tells nothing; `test_sessions` shows what it doesn't do.
# An import goes on by `invite_next`, which asks; what is refused is told in the import. A bulk act
# goes on by `act_on_next` in the same way.
NEEDS_NO_ANSWER = {
    "sessions.sessions.touch",
    "users.imports.worker.work_off",
    "workspace.bulk_worker.work_off",
}
# These say by themselves which tenant they are about.
NAMES_A_TENANT = {
    "tenants.tenants.rename_tenant",
    "tenants.closing.close_tenant",
    "tenants.closing.reopen_tenant",
}
