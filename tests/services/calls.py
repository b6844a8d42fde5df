"""Every service call that somebody signed in can make, and who may make it."""

from contextlib import suppress
from uuid import UUID, uuid4

from models import Passkey, Role, SsoConnection, Tenant
from services.access.actor import Actor
from services.audit import reading as audit_log
from services.audit.reading import AuditQuery
from services.core import clock
from services.core.db import reading, transaction
from services.core.errors import (
    ConflictError,
    InvalidInputError,
    PasskeyRefusedError,
)
from services.operations import system
from services.operations.doctor import VERSION_NAME
from services.sessions import sessions
from services.sign_in import confirmation, password_change, password_links, policy
from services.sign_in.second_factors import passkeys, totp
from services.sso import connections, flow
from services.sso.connections import ConnectionForm
from services.sso.errors import SsoError
from services.tenants import closing, tenants
from services.users import accounts, invitations, listing
from services.users.invitation_form import InvitationForm
from services.users.query import UserQuery
from tests import books
from tests.factories import PASSWORD, create_user, open_session
from tests.services.call import EVERYONE, MANAGERS, Call
from tests.services.import_calls import IMPORT_CALLS

NEW_PASSWORD = "an entirely different sentence"


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


async def _admin_of(target: UUID) -> UUID:
    """A Tenant Admin of the tenant of a user, with a password."""
    tenant_id = (await books.user_of(target)).tenant_id
    async with reading() as tx:
        tenant = await tx.get_one(Tenant, tenant_id)
    return (await create_user(tenant, role=Role.TENANT_ADMIN)).id


async def _copy_password_link(actor: Actor, target: UUID) -> object:
    with suppress(ConflictError):  # of somebody invited, which only who may do it hears
        return await password_links.copy_link(actor, target)
    return None


async def _copy_admin_password_link(actor: Actor, target: UUID) -> object:
    return await password_links.copy_link(actor, await _admin_of(target))


async def _mail_password_link(actor: Actor, target: UUID) -> object:
    with suppress(ConflictError):  # without a mail server, too
        await password_links.mail_link(actor, target)
    return None


async def _export(actor: Actor, _target: UUID) -> object:
    return [piece async for piece in await audit_log.export(actor, AuditQuery())]


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
    with suppress(InvalidInputError):  # of an empty form, which only who may send it hears
        await connections.connect(actor, ConnectionForm())
    return None


async def _require_sso(actor: Actor, _target: UUID) -> None:
    await connected(actor)
    await connections.require(actor, False)


async def _disconnect(actor: Actor, _target: UUID) -> None:
    await connected(actor)
    await connections.disconnect(actor)


async def _finish_test(actor: Actor, _target: UUID) -> object:
    await connected(actor)
    with suppress(SsoError):  # of an answer to nothing
        await flow.finish_test(actor, "acme", None, {})
    return None


async def _reset_factors(actor: Actor, target: UUID) -> object:
    with suppress(ConflictError):  # of somebody who has none, which only who may do it hears
        await totp.reset(actor, target)
    return None


async def _finish_factor(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):
        await totp.finish(actor, "000000")
    return None


async def _begin_passkey(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):  # at an address that has none
        await passkeys.begin(actor)
    return None


async def _finish_passkey(actor: Actor, _target: UUID) -> object:
    with suppress(PasskeyRefusedError):
        await passkeys.finish(actor, "{}")
    return None


async def _remove_passkey(actor: Actor, _target: UUID) -> object:
    # Two, as the last one may have to stay.
    own = [
        Passkey(
            user_id=actor.user_id,
            credential_id=uuid4().bytes,
            public_key=b"",
            name="Device",
            created_at=clock.now(),
        )
        for _ in range(2)
    ]
    async with transaction() as tx:
        tx.add_all(own)
    await passkeys.remove(actor, own[0].id)
    return None


async def _renew_codes(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):
        await totp.renew_codes(actor)
    return None


async def _close_tenant(actor: Actor, _target: UUID) -> object:
    assert actor.tenant_id is not None
    return await closing.close_tenant(actor, actor.tenant_id)


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
        lambda a, _t: listing.list_users(a, UserQuery()),
        takes_id=False,
    ),
    Call("users.listing.get_details", MANAGERS, listing.get_details),
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
    Call("sign_in.password_links.copy_link", MANAGERS, _copy_password_link),
    Call("sign_in.password_links.mail_link", MANAGERS, _mail_password_link),
    Call(
        "sign_in.password_links.copy_link for a Tenant Admin",
        {Role.PLATFORM_ADMIN},
        _copy_admin_password_link,
        takes_id=False,
    ),
    Call(
        "sign_in.policy.get_policy",
        MANAGERS,
        lambda a, _t: policy.get_policy(a),
        takes_id=False,
    ),
    Call(
        "sign_in.policy.require_second_factor",
        MANAGERS,
        lambda a, _t: policy.require_second_factor(a, "optional"),
        takes_id=False,
    ),
    Call("sign_in.second_factors.totp.get_of", MANAGERS, totp.get_of),
    Call("sign_in.second_factors.totp.reset", MANAGERS, _reset_factors),
    Call(
        "sign_in.second_factors.totp.get_own",
        EVERYONE,
        lambda a, _t: totp.get_own(a),
        takes_id=False,
    ),
    Call(
        "sign_in.second_factors.totp.begin", EVERYONE, lambda a, _t: totp.begin(a), takes_id=False
    ),
    Call("sign_in.second_factors.totp.finish", EVERYONE, _finish_factor, takes_id=False),
    Call("sign_in.second_factors.totp.renew_codes", EVERYONE, _renew_codes, takes_id=False),
    Call(
        "sign_in.second_factors.totp.remove",
        EVERYONE,
        lambda a, _t: totp.remove(a),
        takes_id=False,
    ),
    Call("sign_in.second_factors.passkeys.begin", EVERYONE, _begin_passkey, takes_id=False),
    Call("sign_in.second_factors.passkeys.finish", EVERYONE, _finish_passkey, takes_id=False),
    Call("sign_in.second_factors.passkeys.remove", EVERYONE, _remove_passkey, takes_id=False),
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
        lambda a, _t: audit_log.list_entries(a, AuditQuery()),
        takes_id=False,
    ),
    Call("audit.reading.export", MANAGERS, _export, takes_id=False),
    Call(
        "tenants.tenants.list_tenants",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: tenants.list_tenants(a),
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
        "sign_in.confirmation.require_fresh",
        EVERYONE,
        lambda a, _t: confirmation.require_fresh(a),
        takes_id=False,
    ),
    Call(
        "sign_in.confirmation.confirm_password",
        EVERYONE,
        lambda a, _t: confirmation.confirm_password(a, PASSWORD),
        takes_id=False,
    ),
    Call(
        "sign_in.password_change.judge_new_password",
        EVERYONE,
        lambda a, _t: password_change.judge_new_password(a, NEW_PASSWORD),
        takes_id=False,
    ),
    Call(
        "sign_in.password_change.change_password",
        EVERYONE,
        lambda a, _t: password_change.change_password(a, PASSWORD, NEW_PASSWORD),
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
]
# A sign of life asks for nothing and tells nothing; `test_sessions` shows what it doesn't do.
NEEDS_NO_ANSWER = {"sessions.sessions.touch"}
# These say by themselves which tenant they are about.
NAMES_A_TENANT = {
    "tenants.tenants.rename_tenant",
    "tenants.closing.close_tenant",
    "tenants.closing.reopen_tenant",
}
