"""`acting`: each principal is checked by its own rule, reaches only one tenant, and is recorded."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from models import OutgoingMail, Role, Tenant, User
from services.access.actor import COMMAND_LINE, FRESH_FOR, ROLLCALL, Actor, Principal, noun_of
from services.access.permissions import Permission, Secret
from services.audit.acting import acting, viewing
from services.audit.actions import LogAction
from services.audit.check import verify
from services.core import clock
from services.core.errors import (
    FreshSignInNeededError,
    NotAllowedError,
    NotFoundError,
    SessionEndedError,
)
from services.core.events import Event
from services.database.looking import looks_first
from services.database.runtime import Runtime
from services.database.transaction import Transaction
from services.tenants.actions import TenantAction
from services.users.actions import UserAction
from services.users.events import UserEdited
from tests import books
from tests.factories import create_user, sign_in


@dataclass(frozen=True)
class Screen:
    """A principal of another kind: a screen on a wall, which may see one tenant's users."""

    tenant_id: UUID | None
    is_on: bool = True
    name: str = "Screen in the hall"
    ip: str = "192.0.2.9"
    session_id: None = None
    holder_id: None = None
    user_id: None = None

    def reaches(self, tenant_id: UUID | None) -> bool:
        return tenant_id == self.tenant_id

    async def check(
        self, tx: Transaction, permission: Permission, *, fresh: bool, writes: bool
    ) -> None:
        if not self.is_on:
            raise SessionEndedError
        if fresh or permission is not Permission.VIEW_USERS:
            raise NotAllowedError


@dataclass(frozen=True)
class Poc:
    """A row that the log can be about, and that is no person."""

    id: UUID
    tenant_id: UUID | None
    log_name: str


async def test_a_principal_of_another_kind_comes_in_by_the_same_door(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant
) -> None:
    user, stranger = await create_user(tenant), await create_user(other_tenant)
    screen: Principal = Screen(tenant.id)
    async with viewing(screen, Permission.VIEW_USERS) as view:
        assert (await view.get(User, user.id)).email == user.email
        with pytest.raises(NotFoundError):
            await view.get(User, stranger.id)
        with pytest.raises(NotAllowedError):
            await view.require(Secret.AUDIT_EXPORT)
        with pytest.raises(SessionEndedError):  # it has no account of its own
            _ = view.own


async def test_every_principal_is_asked_before_anything_is_read(
    rollcall: Runtime, tenant: Tenant
) -> None:
    with pytest.raises(SessionEndedError):
        async with viewing(Screen(tenant.id, is_on=False), Permission.VIEW_USERS):
            pytest.fail("it was let in")
    with pytest.raises(NotAllowedError):
        async with acting(Screen(tenant.id), Permission.EDIT_USERS):
            pytest.fail("it was let in")


async def test_an_entry_names_who_acted_and_what_it_is_about(
    rollcall: Runtime, tenant: Tenant, admin: Actor, admin_user: User
) -> None:
    poc = Poc(uuid4(), tenant.id, "Warehouse robots")
    async with acting(admin, Permission.EDIT_USERS) as act:
        first = await act.record(UserAction.RENAMED, poc, before="Robots")
    async with acting(Screen(tenant.id), Permission.VIEW_USERS) as act:
        await act.record(UserAction.RENAMED, poc)
    async with acting(ROLLCALL, Permission.EDIT_USERS) as act:
        await act.record(UserAction.RENAMED, poc)
    entries = await books.audit_of(tenant)
    assert first == entries[0].id
    assert [(entry.actor_name, entry.actor_id, entry.ip) for entry in entries] == [
        (admin_user.full_name, admin_user.id, admin.ip),
        ("Screen in the hall", None, "192.0.2.9"),
        ("Rollcall", None, ""),
    ]
    assert {(entry.subject_id, entry.subject_name) for entry in entries} == {
        (poc.id, "Warehouse robots")
    }
    assert entries[0].details == {"before": "Robots"}


async def test_an_entry_about_nobody_stands_in_the_log_of_the_tenant_of_the_act(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    async with acting(admin, Permission.EDIT_USERS) as act:
        await act.record(LogAction.EXPORTED)
        await act.record(TenantAction.RENAMED, tenant_id=other_tenant.id)
    assert await books.actions_of(tenant) == [LogAction.EXPORTED]
    assert await books.actions_of(other_tenant) == [TenantAction.RENAMED]


async def test_another_tenants_row_answers_as_if_it_did_not_exist(
    rollcall: Runtime, tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    stranger = await create_user(other_tenant)
    async with acting(admin, Permission.EDIT_USERS, lock=(stranger.id,)) as act:
        said = set()
        for user_id in (stranger.id, uuid4()):
            with pytest.raises(NotFoundError) as caught:
                await act.get(User, user_id)
            said.add(str(caught.value))
    assert said == {"This user doesn't exist."}


async def test_the_command_line_reaches_every_tenant(rollcall: Runtime, tenant: Tenant) -> None:
    user = await create_user(tenant)
    async with acting(COMMAND_LINE, Permission.EDIT_USERS, lock=(user.id,)) as act:
        assert (await act.get(User, user.id)).id == user.id
        with pytest.raises(NotFoundError):  # it works in none
            await act.get_tenant()


async def test_what_an_act_did_is_undone_with_it(
    rollcall: Runtime, tenant: Tenant, admin: Actor, events: list[Event]
) -> None:
    user = await create_user(tenant)

    async def break_off() -> None:
        async with acting(admin, Permission.EDIT_USERS, lock=(user.id,)) as act:
            (await act.get(User, user.id)).first_name = "Changed"
            await act.record(UserAction.RENAMED, user)
            act.publish(UserEdited(tenant_id=tenant.id, user_id=user.id, old_search_key=""))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await break_off()
    await rollcall.bus.drain()
    assert events == []
    assert (await books.user_of(user.id)).first_name == user.first_name
    assert await books.audit_of(tenant) == []


async def test_entries_that_are_undone_to_a_savepoint_leave_the_chain_whole(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant)
    async with acting(admin, Permission.EDIT_USERS, lock=(user.id,)) as act:
        await act.record(UserAction.RENAMED, user, before="first")
        with suppress(LookupError):
            async with act.tx.begin_nested():
                await act.record(UserAction.RENAMED, user, before="undone once written")
                await act.tx.flush()
                await act.record(UserAction.RENAMED, user, before="undone before that")
                raise LookupError
        await act.record(UserAction.RENAMED, user, before="last")
    entries = await books.audit_of(tenant)
    assert [entry.details["before"] for entry in entries] == ["first", "last"]
    assert (await verify())[1] is None


async def test_a_sensitive_act_needs_a_fresh_proof(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    clock.shift(FRESH_FOR + timedelta(seconds=1))
    async with viewing(admin, Permission.MANAGE_SIGN_IN):
        pass
    with pytest.raises(FreshSignInNeededError):
        async with viewing(admin, Permission.MANAGE_SIGN_IN, fresh=True):
            pytest.fail("it was let in")
    with pytest.raises(FreshSignInNeededError):
        async with acting(admin, Permission.MANAGE_SIGN_IN, fresh=True):
            pytest.fail("it was let in")
    with pytest.raises(FreshSignInNeededError):
        async with acting(admin, Secret.OWN_SECOND_FACTOR):
            pytest.fail("it was let in")


async def test_of_two_acts_about_each_other_the_second_sees_what_the_first_did(
    rollcall: Runtime, tenant: Tenant
) -> None:
    ada = await create_user(tenant, role=Role.TENANT_ADMIN)
    bob = await create_user(tenant, role=Role.TENANT_ADMIN)
    by_ada, by_bob = await sign_in(ada), await sign_in(bob)

    @looks_first
    async def shut_out(principal: Principal, user_id: UUID) -> None:
        async def found(tx: Transaction) -> list[UUID]:
            return [user_id]

        async with acting(principal, Permission.SWITCH_USERS, lock=found, urgent=True) as act:
            user = await act.get(User, user_id)
            await asyncio.sleep(0)
            user.active = False
            await act.tx.flush()

    done = await asyncio.gather(
        shut_out(by_ada, bob.id), shut_out(by_bob, ada.id), return_exceptions=True
    )
    assert sorted(map(repr, done)) == ["None", repr(SessionEndedError())]


def test_a_table_is_called_what_people_call_a_row_of_it() -> None:
    assert noun_of(User) == "user"
    assert noun_of(OutgoingMail) == "outgoing mail"
