"""Every service call × every role, another tenant's ids, and a session that is over."""

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

import services
from models import EndReason, LoginSession, Role, SecondFactorPolicy, Tenant, User
from services.access.actor import Actor, Principal, lock_users
from services.core import clock
from services.core.errors import (
    NotAllowedError,
    NotFoundError,
    SecondFactorRequiredError,
    SessionEndedError,
)
from services.database import engines
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.lists.query import ListQuery
from services.sessions import sessions
from services.sessions.sessions import end
from services.users import accounts, listing
from tests import books, sizes
from tests.browser.waiting import PATIENCE
from tests.conftest import ONE_DATABASE
from tests.factories import create_tenant, create_user, sign_in
from tests.services.call import EVERYONE, Call
from tests.services.calls import CALLS, NAMES_A_TENANT, NEEDS_NO_ANSWER, connected
from tests.services.scenes import enough_roles, named, refusal_of, set_scenes
from tests.services.workspace_calls import WORKSPACE_CALLS

# What everybody may do, and not without a second factor where one is required.
FOR_WORK = [
    *WORKSPACE_CALLS,
    *(
        call
        for call in CALLS
        if call.name.startswith(("users.selection", "users.profile.get_portrait", "screens.home"))
    ),
]


async def _actor(tenant: Tenant, role: Role) -> Actor:
    home = None if role is Role.PLATFORM_ADMIN else tenant
    return await sign_in(await create_user(home, role=role), tenant)


def test_walk_leaves_out_no_service_call() -> None:
    found = set()
    for module_info in pkgutil.walk_packages(services.__path__, "services."):
        module = importlib.import_module(module_info.name)
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            first = next(iter(inspect.signature(function).parameters), "")
            if (
                first in {"actor", "principal"}
                and function.__module__ == module.__name__
                and name[0] != "_"
            ):
                found.add(f"{module_info.name.removeprefix('services.')}.{name}")
    assert found == {call.name.split()[0] for call in CALLS} | NEEDS_NO_ANSWER


@pytest.mark.first
@pytest.mark.stress
async def test_call_is_allowed_or_refused_by_role(rollcall: Runtime) -> None:
    wrong = {}
    for scene in await set_scenes(roles=enough_roles):
        allowed = scene.call.allowed
        # This call closes the organisation for callers that come later.
        roles = sorted(scene.actors, key=lambda role: role in allowed)
        outcomes = {
            role: await refusal_of(scene.call, scene.actors[role], scene.targets[role])
            for role in roles
        }
        expected = {role: None if role in allowed else NotAllowedError for role in roles}
        if outcomes != expected:
            wrong[scene.call.name] = outcomes
    assert wrong == {}


@ONE_DATABASE  # the table of who may what is Python's; that a policy is kept is tested on both
@pytest.mark.walk
@pytest.mark.stress
async def test_without_a_required_second_factor_only_ones_own_account_is_open(
    rollcall: Runtime,
) -> None:
    scenes = await set_scenes(roles=enough_roles)
    async with transaction() as tx:
        for scene in scenes:
            row = await tx.get_one(Tenant, scene.tenant.id)
            row.second_factor_policy = SecondFactorPolicy.EVERYONE
    wrong = {}
    for scene in scenes:
        call = scene.call
        for role in set(scene.actors) - {Role.PLATFORM_ADMIN}:
            is_own = call.allowed == EVERYONE and call not in FOR_WORK
            expected: set[object] = {None if is_own else SecondFactorRequiredError}
            if role not in call.allowed:
                expected.add(NotAllowedError)
            outcome = await refusal_of(call, scene.actors[role], scene.targets[role])
            if outcome not in expected:
                wrong[call.name, role] = outcome
    assert wrong == {}


async def _refusal(call: Call, actor: Actor, target: UUID) -> str:
    with named(call), pytest.raises(NotFoundError) as caught:
        await call.run(actor, target)
    return str(caught.value)


@pytest.mark.walk
async def test_another_tenants_user_answers_as_if_it_did_not_exist(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    stranger = await create_user(other_tenant, invited=True)
    platform_user = await create_user(None)
    inside = await _actor(tenant, Role.PLATFORM_ADMIN)
    for call in CALLS:
        if call.takes_id:
            nobody = await _refusal(call, admin, uuid4())
            assert await _refusal(call, admin, stranger.id) == nobody, call.name
            assert await _refusal(call, admin, platform_user.id) == nobody, call.name
            assert await _refusal(call, inside, stranger.id) == nobody, call.name
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


@pytest.mark.walk
async def test_nobody_acts_in_a_tenant_that_is_not_theirs(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    target = await create_user(other_tenant, invited=True)
    forged = Actor(admin.session_id, admin.user_id, other_tenant.id)
    above = Actor(admin.session_id, admin.user_id, None)
    for call in CALLS:
        assert await refusal_of(call, forged, target.id) is NotFoundError, call.name
        if call.name not in NAMES_A_TENANT:
            assert await refusal_of(call, above, target.id) is NotFoundError, call.name


async def _deactivate(actor: Actor, user: User) -> None:
    await accounts.set_active(actor, user.id, active=False)


@pytest.mark.walk
@pytest.mark.stress
async def test_nothing_is_done_for_a_user_from_the_commit_of_their_deactivation(
    rollcall: Runtime, tenant: Tenant
) -> None:
    # The second database answers each role by the same SQL: there, one half of the calls is asked
    # by somebody of the organisation, the other by somebody above it.
    of_all = sizes.soak or rollcall.database.is_sqlite
    halves = {Role.PLATFORM_ADMIN: CALLS[::2], Role.SALES_ENGINEER: CALLS[1::2]}
    for role in Role if of_all else halves:
        target = await create_user(tenant, invited=True)
        home = None if role is Role.PLATFORM_ADMIN else tenant
        user = await create_user(home, role=role)
        actor = await sign_in(user, tenant)
        boss = await sign_in(await create_user(None), tenant if home else None)
        await _deactivate(boss, user)
        for call in CALLS if of_all else halves[role]:
            assert await refusal_of(call, actor, target.id) is SessionEndedError, call.name


async def _those_that_wait(running: Sequence["asyncio.Future[object]"]) -> set[Any]:
    """The calls that wait for our locks. Those that only read are answered first, before the
    commit: however long a busy machine takes for it, none is left when three seconds bring none."""
    waiting: set[Any] = set(running)
    answered: set[Any] = {None}
    while answered and waiting:
        answered, waiting = await asyncio.wait(
            waiting, timeout=3, return_when=asyncio.FIRST_COMPLETED
        )
    return waiting


@pytest.fixture
def patient_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a row is held by the test, however long a busy machine takes for the others.
    (Connections are told it when they are made: before `rollcall`.)"""
    monkeypatch.setattr(engines, "ROW_LOCK_TIMEOUT", PATIENCE)


@pytest.mark.walk
@pytest.mark.usefixtures("patient_locks")
async def test_nothing_is_done_by_a_call_that_waited_while_its_user_was_deactivated(
    rollcall: Runtime, tenant: Tenant
) -> None:
    target = await create_user(tenant, invited=True)
    calls = [call for call in CALLS if Role.TENANT_ADMIN in call.allowed]
    users = [await create_user(tenant, role=Role.TENANT_ADMIN) for _ in calls]
    actors = [await sign_in(user) for user in users]
    await connected(actors[0])
    async with transaction() as tx:
        await lock_users(tx, [user.id for user in users])
        running = [
            asyncio.ensure_future(call.run(actor, target.id))
            for call, actor in zip(calls, actors, strict=True)
        ]
        waiting = await _those_that_wait(running)
        for user in users:
            row = await tx.get_one(User, user.id)
            row.deactivate(clock.now(), None)
            await end(tx, row, EndReason.DEACTIVATED, cause=uuid4())
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert len(outcomes) >= 12, "calls that change something"
    assert {type(outcome) for outcome in outcomes} == {SessionEndedError}
    assert await books.actions_of(tenant) == []


@pytest.mark.walk
@pytest.mark.stress
async def test_nothing_is_done_in_a_session_that_is_over(
    rollcall: Runtime, tenant: Tenant, admin_user: User
) -> None:
    target = await create_user(tenant, invited=True)
    signed_out = await sign_in(admin_user)
    await sessions.sign_out(signed_out)
    expired = await sign_in(admin_user)
    clock.shift(rollcall.settings.session_idle)
    made_up = Actor(uuid4(), admin_user.id, tenant.id)
    someone_elses = Actor((await sign_in(target)).session_id, admin_user.id, tenant.id)
    each = [signed_out, expired, made_up, someone_elses]
    for number, call in enumerate(CALLS):
        # On the second database each call is asked in one of them, in turn: what refuses the
        # session is the same for all calls.
        of_all = sizes.soak or rollcall.database.is_sqlite
        for actor in each if of_all else each[number % 4 :][:1]:
            assert await refusal_of(call, actor, target.id) is SessionEndedError, call.name


async def test_holding_an_actor_of_a_session_that_was_never_made_opens_nothing(
    rollcall: Runtime,
) -> None:
    tenant = await create_tenant("Empty")
    principal: Principal = Actor(uuid4(), uuid4(), tenant.id)
    with pytest.raises(SessionEndedError):
        await listing.list_users(principal, ListQuery())
    assert await books.count(LoginSession) == 0
