"""A tenant requires a second factor: of whom, from when on, and who is exempt."""

import pyotp
import pytest

from models import Role, SecondFactorPolicy, SignInMethod, Tenant, User
from services.access.actor import FRESH_FOR, Actor
from services.access.second_factor_policy import lacks
from services.core import clock
from services.core.errors import (
    ConflictError,
    FreshSignInNeededError,
    InvalidInputError,
    NotFoundError,
    OwnSecondFactorMissingError,
    SecondFactorRequiredError,
)
from services.database.transaction import transaction
from services.lists.query import ListQuery
from services.sessions.sessions import recognise
from services.sign_in import policy as sign_in_policy
from services.sign_in.forms import SecondFactorRule
from services.sign_in.second_factors import totp
from services.users import listing
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.factories import CALLER

EVERYONE = SecondFactorPolicy.EVERYONE
ADMINS = SecondFactorPolicy.ADMINS


async def _enrol(actor: Actor) -> None:
    secret = (await totp.begin(actor)).secret
    await totp.finish(actor, pyotp.TOTP(secret).at(clock.now()))


async def _lacks(user: User, policy: SecondFactorPolicy, method: SignInMethod) -> bool:
    async with transaction() as tx:
        return await lacks(tx, user, method, policy)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("policy", "role", "required"),
    [
        (SecondFactorPolicy.OPTIONAL, Role.TENANT_ADMIN, False),
        (ADMINS, Role.TENANT_ADMIN, True),
        (ADMINS, Role.ADMINISTRATOR, False),
        (ADMINS, Role.SALES_ENGINEER, False),
        (EVERYONE, Role.TENANT_ADMIN, True),
        (EVERYONE, Role.ADMINISTRATOR, True),
        (EVERYONE, Role.SALES_ENGINEER, True),
    ],
)
async def test_it_is_required_of_nobody_of_admins_or_of_everyone(
    tenant: Tenant, policy: SecondFactorPolicy, role: Role, required: bool
) -> None:
    user = await factories.create_user(tenant, role=role)
    assert await _lacks(user, policy, SignInMethod.PASSWORD) is required


async def test_single_sign_on_is_asked_for_none(tenant: Tenant) -> None:
    user = await factories.create_user(tenant)
    assert not await _lacks(user, EVERYONE, SignInMethod.SSO)
    assert await _lacks(user, EVERYONE, SignInMethod.LINK)


async def test_it_counts_at_the_next_call_and_until_one_is_set_up(
    admin: Actor, tenant: Tenant
) -> None:
    colleague = await factories.create_admin(tenant)
    _, token = await factories.open_session(colleague)
    actor = (await recognise(token, tenant.slug, CALLER)).actor
    await _enrol(admin)
    await sign_in_policy.require_second_factor(admin, ADMINS)
    assert (await sign_in_policy.get_policy(admin)).second_factor is ADMINS
    assert (await recognise(token, tenant.slug, CALLER)).lacks_second_factor
    with pytest.raises(SecondFactorRequiredError):
        await listing.list_users(actor, ListQuery())
    await _enrol(actor)
    assert not (await recognise(token, tenant.slug, CALLER)).lacks_second_factor
    await listing.list_users(actor, ListQuery())


async def test_an_app_without_its_first_code_is_none(admin: Actor, tenant: Tenant) -> None:
    await totp.begin(admin)
    assert await _lacks(await books.user_of(admin.user_id), ADMINS, SignInMethod.PASSWORD)


async def test_nobody_requires_of_themselves_what_they_lack(admin: Actor, tenant: Tenant) -> None:
    with pytest.raises(ConflictError, match="of your own"):
        await sign_in_policy.require_second_factor(admin, EVERYONE)
    assert (await sign_in_policy.get_policy(admin)).second_factor is SecondFactorPolicy.OPTIONAL


async def test_what_is_required_cannot_be_removed_by_oneself(admin: Actor, tenant: Tenant) -> None:
    await _enrol(admin)
    await sign_in_policy.require_second_factor(admin, ADMINS)
    with pytest.raises(ConflictError, match="requires"):
        await totp.remove(admin)
    assert (await totp.get_own(admin)).since is not None


async def test_whoever_was_reset_is_asked_for_a_new_one(admin: Actor, tenant: Tenant) -> None:
    await _enrol(admin)
    await sign_in_policy.require_second_factor(admin, ADMINS)
    boss = await factories.create_admin(tenant)
    actor = await factories.sign_in(boss)
    await _enrol(actor)
    await totp.reset(actor, admin.user_id)
    with pytest.raises(SecondFactorRequiredError):
        await listing.list_users(admin, ListQuery())
    await _enrol(admin)
    await listing.list_users(admin, ListQuery())


async def test_platform_admins_in_the_tenant_are_asked_for_none(
    platform: Actor, tenant: Tenant
) -> None:
    inside = Actor(platform.session_id, platform.user_id, tenant.id)
    await sign_in_policy.require_second_factor(inside, EVERYONE)
    await listing.list_users(inside, ListQuery())


async def test_the_change_is_logged_once(admin: Actor, tenant: Tenant) -> None:
    await _enrol(admin)
    before = await books.actions_of(tenant)
    await sign_in_policy.require_second_factor(admin, EVERYONE)
    await sign_in_policy.require_second_factor(admin, EVERYONE)
    assert await books.actions_of(tenant) == [*before, "tenant.second_factor_policy_set"]


async def test_setting_it_needs_a_fresh_sign_in_a_tenant_and_a_choice_of_the_list(
    admin: Actor, platform: Actor
) -> None:
    with pytest.raises(InvalidInputError):
        SecondFactorRule(second_factor="of nobody and everyone")
    with pytest.raises(NotFoundError):
        await sign_in_policy.require_second_factor(platform, EVERYONE)
    await _enrol(admin)
    clock.shift(FRESH_FOR * 2)
    with pytest.raises(FreshSignInNeededError):
        await sign_in_policy.require_second_factor(admin, EVERYONE)


async def test_who_has_none_is_told_so_before_the_password_is_asked_for(admin: Actor) -> None:
    clock.shift(FRESH_FOR * 2)
    with pytest.raises(OwnSecondFactorMissingError):
        await sign_in_policy.require_second_factor(admin, EVERYONE)
