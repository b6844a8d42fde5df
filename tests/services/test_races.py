"""Two at the same moment: real concurrency, many rounds, on both databases."""

import asyncio
from uuid import UUID

import pytest

from models import LinkPurpose, Role, Tenant, User
from services import (
    invitations,
    links,
    password_change,
    sign_in,
    users,
)
from services.actor import COMMAND_LINE, Actor
from services.db import transaction
from services.errors import ConflictError, InvalidInputError
from services.invitations import InvitationForm
from services.runtime import Runtime
from tests import books, factories
from tests.factories import CALLER, PASSWORD, create_tenant, create_user, token_of
from tests.racing import ROUNDS, SLOW_ROUNDS, delayed, race


def form(email: str, role: str = "sales_engineer") -> InvitationForm:
    return InvitationForm(first_name="Ada", last_name="Lovelace", email=email, role=role)


async def test_two_invitations_of_one_address_make_one_account(
    tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    elsewhere = await factories.sign_in(await factories.create_admin(other_tenant))
    for number in range(ROUNDS):
        email = f"ada{number}@example.com"
        invited, refused = await race(
            invitations.invite(admin, form(email)),
            invitations.invite(elsewhere, form(email.upper())),
            invitations.invite(admin, form(email, "administrator")),
        )
        assert len(invited) == 1
        assert [str(error) for error in refused] == ["This email is already in use."] * 2
        (user,) = await books.users_with(email)
        assert user.id == invited[0].user_id
        assert len(await books.links_of(user.id)) == 1
    entries = [*await books.audit_of(tenant), *await books.audit_of(other_tenant)]
    assert len(entries) == ROUNDS


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.PLATFORM_ADMIN])
async def test_of_two_admins_who_deactivate_each_other_exactly_one_succeeds(
    rollcall: Runtime, role: Role
) -> None:
    tenant = None if role is Role.PLATFORM_ADMIN else await create_tenant()
    for _ in range(ROUNDS):
        one, other = [await create_user(tenant, role=role) for _ in range(2)]
        first, second = [await factories.sign_in(user) for user in (one, other)]
        done, refused = await race(
            users.set_active(first, other.id, active=False),
            users.set_active(second, one.id, active=False),
        )
        assert (len(done), len(refused)) == (1, 1)
        left = [user for user in (one, other) if (await books.user_of(user.id)).active]
        assert len(left) == 1
        if tenant is None:  # the next round begins with nobody in charge
            await _retire(left[0].id)


async def _retire(user_id: UUID) -> None:
    stand_in = await create_user(None)
    await users.set_active(COMMAND_LINE, user_id, active=False)
    async with transaction() as tx:
        await tx.delete(await tx.get_one(User, stand_in.id))


async def test_of_three_platform_admins_in_a_circle_one_is_left(rollcall: Runtime) -> None:
    for _ in range(ROUNDS):
        three = [await create_user(None) for _ in range(3)]
        actors = [await factories.sign_in(user) for user in three]
        await race(
            *(
                users.set_active(actor, three[(number + 1) % 3].id, active=False)
                for number, actor in enumerate(actors)
            )
        )
        left = [user for user in three if (await books.user_of(user.id)).active]
        assert left
        for user in left:
            await _retire(user.id)


async def test_toggles_of_two_admins_end_in_the_last_commits_state(
    tenant: Tenant, admin: Actor
) -> None:
    second = await factories.sign_in(await factories.create_admin(tenant))
    user = await create_user(tenant)
    for _ in range(ROUNDS):
        seen = (await books.user_of(user.id)).version
        before = len(await books.audit_of(tenant))
        wanted = not (await books.user_of(user.id)).active
        done, refused = await race(
            users.set_active(admin, user.id, wanted, seen_version=seen),
            users.set_active(second, user.id, wanted, seen_version=seen),
        )
        assert refused == []
        assert sorted(change.changed for change in done) == [False, True]
        assert (await books.user_of(user.id)).active is wanted
        assert len(await books.audit_of(tenant)) == before + 1


async def test_reactivating_against_reinviting_leaves_one_active_account(
    tenant: Tenant, admin: Actor
) -> None:
    # Another admin: two acts of one person come one after the other anyway.
    second = await factories.sign_in(await factories.create_admin(tenant))
    for number in range(ROUNDS):
        email = f"ada{number}@example.com"
        old = await create_user(tenant, email=email, active=False)
        outcomes = await asyncio.gather(
            users.set_active(second, old.id, active=True),
            invitations.invite(admin, form(email)),
            return_exceptions=True,
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert len(refused) == 1
        assert isinstance(refused[0], InvalidInputError | ConflictError), refused
        active = [user for user in await books.users_with(email) if user.active]
        assert len(active) == 1


async def test_reactivating_against_an_invitation_elsewhere_leaves_one_active_account(
    tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    elsewhere = await factories.sign_in(await factories.create_admin(other_tenant))
    for number in range(ROUNDS):
        email = f"ada{number}@example.com"
        old = await create_user(tenant, email=email, active=False)
        outcomes = await asyncio.gather(
            users.set_active(admin, old.id, active=True),
            invitations.invite(elsewhere, form(email)),
            return_exceptions=True,
        )
        (refusal,) = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert isinstance(refusal, InvalidInputError | ConflictError), refusal
        assert "in use" in str(refusal)
        assert len([user for user in await books.users_with(email) if user.active]) == 1


async def test_accepting_against_deactivation_leaves_nobody_in(
    tenant: Tenant, admin: Actor
) -> None:
    for number in range(SLOW_ROUNDS):
        user = await create_user(tenant, invited=True)
        token = await token_of(user)
        await asyncio.gather(
            invitations.accept(tenant.slug, token, PASSWORD, CALLER),
            delayed(number * 12, users.set_active(admin, user.id, active=False)),
            return_exceptions=True,
        )
        assert not (await books.user_of(user.id)).active
        assert await books.live_sessions_of(user.id) == []
        assert await books.live_links_of(user.id) == []


async def test_sign_in_against_deactivation_leaves_nobody_in(tenant: Tenant, admin: Actor) -> None:
    for number in range(ROUNDS):
        user = await create_user(tenant)
        await asyncio.gather(
            sign_in.sign_in(tenant.slug, user.email, PASSWORD, CALLER),
            delayed(number * 3, users.set_active(admin, user.id, active=False)),
            return_exceptions=True,
        )
        assert not (await books.user_of(user.id)).active
        assert await books.live_sessions_of(user.id) == []


async def test_reset_against_deactivation_leaves_nobody_in(tenant: Tenant, admin: Actor) -> None:
    for number in range(SLOW_ROUNDS):
        user = await create_user(tenant)
        async with transaction() as tx:
            links.issue(tx, LinkPurpose.RESET, user.id)
        token = await token_of(user, LinkPurpose.RESET)
        await asyncio.gather(
            password_change.reset(tenant.slug, token, "an entirely other sentence", CALLER),
            delayed(number * 12, users.set_active(admin, user.id, active=False)),
            return_exceptions=True,
        )
        assert await books.live_sessions_of(user.id) == []
        assert await books.live_links_of(user.id) == []


async def test_of_two_uses_of_one_link_one_succeeds(tenant: Tenant) -> None:
    for _ in range(SLOW_ROUNDS):
        user = await create_user(tenant, invited=True)
        token = await token_of(user)
        done, refused = await race(
            *(invitations.accept(tenant.slug, token, PASSWORD, CALLER) for _ in range(2))
        )
        assert (len(done), len(refused)) == (1, 1)
        assert len(await books.sessions_of(user.id)) == 1
