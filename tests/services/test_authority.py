"""Every service call × every role, another tenant's ids, and a session that is over."""

import importlib
import inspect
import pkgutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

import services
from models import LoginSession, Role, SsoConnection, Tenant, User
from services import (
    audit_log,
    clock,
    confirmation,
    directory,
    invitation_import,
    invitations,
    password_change,
    second_factors,
    sessions,
    tenants,
    users,
)
from services.actor import Acting, Actor
from services.audit_log import AuditQuery
from services.db import transaction
from services.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    SessionEndedError,
)
from services.invitation_import import ImportRow
from services.invitations import InvitationForm
from services.runtime import Runtime
from services.sso import connections, flow
from services.sso.connections import ConnectionForm
from services.sso.errors import SsoError
from services.user_query import UserQuery
from tests import books
from tests.factories import PASSWORD, create_tenant, create_user, open_session, sign_in

NEW_PASSWORD = "an entirely different sentence"
MANAGERS = {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}
EVERYONE = set(Role)


@dataclass(frozen=True)
class Call:
    """A service call: who may make it, and how. `run` gets the actor and a user's id."""

    name: str
    allowed: set[Role]
    run: Callable[[Actor, UUID], Awaitable[object]]
    takes_id: bool = True


def _form(role: Role) -> InvitationForm:
    email = f"{uuid4().hex}@example.com"
    return InvitationForm(first_name="New", last_name="Person", email=email, role=role.value)


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


async def _connected(actor: Actor) -> None:
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
    async with transaction() as tx:
        return await tx.get(SsoConnection, tenant_id) is not None


async def _connect(actor: Actor, _target: UUID) -> object:
    with suppress(InvalidInputError):  # of an empty form, which only who may send it hears
        await connections.connect(actor, ConnectionForm())
    return None


async def _require_sso(actor: Actor, _target: UUID) -> None:
    await _connected(actor)
    await connections.require(actor, False)


async def _disconnect(actor: Actor, _target: UUID) -> None:
    await _connected(actor)
    await connections.disconnect(actor)


async def _finish_test(actor: Actor, _target: UUID) -> object:
    await _connected(actor)
    with suppress(SsoError):  # of an answer to nothing
        await flow.finish_test(actor, "acme", None, {})
    return None


async def _reset_factors(actor: Actor, target: UUID) -> object:
    with suppress(ConflictError):  # of somebody who has none, which only who may do it hears
        await second_factors.reset(actor, target)
    return None


async def _finish_factor(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):
        await second_factors.finish(actor, "000000")
    return None


async def _renew_codes(actor: Actor, _target: UUID) -> object:
    with suppress(ConflictError):
        await second_factors.renew_codes(actor)
    return None


CALLS = [
    Call("users.get_impact", MANAGERS, users.get_impact),
    Call("users.set_active", MANAGERS, lambda a, t: users.set_active(a, t, active=False)),
    Call("users.rename", MANAGERS, lambda a, t: users.rename(a, t, "Re", uuid4().hex)),
    Call("users.set_end_date", MANAGERS, lambda a, t: users.set_end_date(a, t, None)),
    Call(
        "directory.list_users",
        MANAGERS,
        lambda a, _t: directory.list_users(a, UserQuery()),
        takes_id=False,
    ),
    Call("directory.get_details", MANAGERS, directory.get_details),
    Call(
        "invitations.invite",
        MANAGERS,
        lambda a, _t: invitations.invite(a, _form(Role.ADMINISTRATOR)),
        takes_id=False,
    ),
    Call(
        "invitations.invite of a Tenant Admin",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: invitations.invite(a, _form(Role.TENANT_ADMIN)),
        takes_id=False,
    ),
    Call(
        "invitations.check_field",
        MANAGERS,
        lambda a, _t: invitations.check_field(a, "email", "someone@example.com"),
        takes_id=False,
    ),
    Call(
        "invitation_import.invite_rows",
        MANAGERS,
        lambda a, _t: invitation_import.invite_rows(a, [ImportRow(2, _form(Role.ADMINISTRATOR))]),
        takes_id=False,
    ),
    Call("invitations.resend", MANAGERS, invitations.resend),
    Call("invitations.copy_link", MANAGERS, invitations.copy_link),
    Call("second_factors.get_of", MANAGERS, second_factors.get_of),
    Call("second_factors.reset", MANAGERS, _reset_factors),
    Call(
        "second_factors.get_own",
        EVERYONE,
        lambda a, _t: second_factors.get_own(a),
        takes_id=False,
    ),
    Call("second_factors.begin", EVERYONE, lambda a, _t: second_factors.begin(a), takes_id=False),
    Call("second_factors.finish", EVERYONE, _finish_factor, takes_id=False),
    Call("second_factors.renew_codes", EVERYONE, _renew_codes, takes_id=False),
    Call(
        "second_factors.remove",
        EVERYONE,
        lambda a, _t: second_factors.remove(a),
        takes_id=False,
    ),
    Call("sessions.list_open", MANAGERS, sessions.list_open),
    Call("sessions.revoke", MANAGERS, sessions.revoke),
    # Another tenant's user is asked about by a test of its own, below.
    Call("sessions.revoke of one session", MANAGERS, _revoke_one, takes_id=False),
    Call(
        "sessions.list_open of one's own",
        EVERYONE,
        lambda a, _t: sessions.list_open(a, a.user_id),
        takes_id=False,
    ),
    Call(
        "sessions.revoke of one's own",
        EVERYONE,
        lambda a, _t: sessions.revoke(a, a.user_id),
        takes_id=False,
    ),
    Call("sessions.sign_out", EVERYONE, lambda a, _t: sessions.sign_out(a), takes_id=False),
    Call(
        "audit_log.list_entries",
        MANAGERS,
        lambda a, _t: audit_log.list_entries(a, AuditQuery()),
        takes_id=False,
    ),
    Call("audit_log.export", MANAGERS, _export, takes_id=False),
    Call(
        "tenants.list_tenants",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: tenants.list_tenants(a),
        takes_id=False,
    ),
    Call(
        "tenants.create_tenant",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: tenants.create_tenant(a, "New"),
        takes_id=False,
    ),
    Call("tenants.rename_tenant", {Role.PLATFORM_ADMIN}, _rename_tenant, takes_id=False),
    Call(
        "confirmation.require_fresh",
        EVERYONE,
        lambda a, _t: confirmation.require_fresh(a),
        takes_id=False,
    ),
    Call(
        "confirmation.confirm_password",
        EVERYONE,
        lambda a, _t: confirmation.confirm_password(a, PASSWORD),
        takes_id=False,
    ),
    Call(
        "password_change.judge_new_password",
        EVERYONE,
        lambda a, _t: password_change.judge_new_password(a, NEW_PASSWORD),
        takes_id=False,
    ),
    Call(
        "password_change.change_password",
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
]
# A sign of life asks for nothing and tells nothing; `test_sessions` shows what it doesn't do.
NEEDS_NO_ANSWER = {"sessions.touch"}

each_call = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
each_call_with_an_id = pytest.mark.parametrize(
    "call", [call for call in CALLS if call.takes_id], ids=lambda call: call.name
)


async def _actor(tenant: Tenant, role: Role) -> Actor:
    home = None if role is Role.PLATFORM_ADMIN else tenant
    return await sign_in(await create_user(home, role=role), tenant)


def test_walk_leaves_out_no_service_call() -> None:
    found = set()
    for module_info in pkgutil.walk_packages(services.__path__, "services."):
        module = importlib.import_module(module_info.name)
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            first = next(iter(inspect.signature(function).parameters), "")
            if first == "actor" and function.__module__ == module.__name__ and name[0] != "_":
                found.add(f"{module_info.name.removeprefix('services.')}.{name}")
    assert found == {call.name.split()[0] for call in CALLS} | NEEDS_NO_ANSWER


@each_call
async def test_call_is_allowed_or_refused_by_role(
    rollcall: Runtime, tenant: Tenant, call: Call
) -> None:
    outcomes = {}
    for role in Role:
        target = await create_user(tenant, invited=True)
        actor = await _actor(tenant, role)
        try:
            await call.run(actor, target.id)
        except NotAllowedError:
            outcomes[role] = False
        else:
            outcomes[role] = True
    assert {role for role, allowed in outcomes.items() if allowed} == call.allowed


async def _refusal(call: Call, actor: Actor, target: UUID) -> str:
    with pytest.raises(NotFoundError) as caught:
        await call.run(actor, target)
    return str(caught.value)


@each_call_with_an_id
async def test_another_tenants_user_answers_as_if_it_did_not_exist(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant, admin: Actor, call: Call
) -> None:
    stranger = await create_user(other_tenant, invited=True)
    platform_user = await create_user(None)
    inside = await _actor(tenant, Role.PLATFORM_ADMIN)
    nobody = await _refusal(call, admin, uuid4())
    assert await _refusal(call, admin, stranger.id) == nobody
    assert await _refusal(call, admin, platform_user.id) == nobody
    assert await _refusal(call, inside, stranger.id) == nobody
    assert (await books.user_of(stranger.id)).version == stranger.version
    assert await books.actions_of(other_tenant) == []


async def test_another_users_session_answers_as_if_it_did_not_exist(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    colleague = await create_user(tenant)
    elsewhere = await sign_in(await create_user(other_tenant))
    for user_id in (colleague.id, admin.user_id):
        with pytest.raises(NotFoundError):
            await sessions.revoke(admin, user_id, elsewhere.session_id)
    assert await books.live_sessions_of(elsewhere.user_id)


@each_call
async def test_nobody_acts_in_a_tenant_that_is_not_theirs(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant, admin: Actor, call: Call
) -> None:
    target = await create_user(other_tenant, invited=True)
    forged = Actor(admin.session_id, admin.user_id, other_tenant.id)
    above = Actor(admin.session_id, admin.user_id, None)
    with pytest.raises(NotFoundError):
        await call.run(forged, target.id)
    if call.name != "tenants.rename_tenant":  # which names a tenant by itself
        with pytest.raises(NotFoundError):
            await call.run(above, target.id)


async def _deactivate(actor: Actor, user: User) -> None:
    await users.set_active(actor, user.id, active=False)


@each_call
async def test_nothing_is_done_for_a_user_from_the_commit_of_their_deactivation(
    rollcall: Runtime, tenant: Tenant, call: Call
) -> None:
    for role in Role:
        target = await create_user(tenant, invited=True)
        home = None if role is Role.PLATFORM_ADMIN else tenant
        user = await create_user(home, role=role)
        actor = await sign_in(user, tenant)
        boss = await sign_in(await create_user(None), tenant if home else None)
        await _deactivate(boss, user)
        with pytest.raises(SessionEndedError):
            await call.run(actor, target.id)


@each_call
async def test_nothing_is_done_in_a_session_that_is_over(
    rollcall: Runtime, tenant: Tenant, admin_user: User, call: Call
) -> None:
    target = await create_user(tenant, invited=True)
    signed_out = await sign_in(admin_user)
    await sessions.sign_out(signed_out)
    expired = await sign_in(admin_user)
    clock.shift(rollcall.settings.session_idle)
    made_up = Actor(uuid4(), admin_user.id, tenant.id)
    someone_elses = Actor((await sign_in(target)).session_id, admin_user.id, tenant.id)
    for actor in (signed_out, expired, made_up, someone_elses):
        with pytest.raises(SessionEndedError):
            await call.run(actor, target.id)


async def test_holding_an_actor_of_a_session_that_was_never_made_opens_nothing(
    rollcall: Runtime,
) -> None:
    tenant = await create_tenant("Empty")
    acting: Acting = Actor(uuid4(), uuid4(), tenant.id)
    with pytest.raises(SessionEndedError):
        await directory.list_users(acting, UserQuery())
    assert await books.count(LoginSession) == 0
