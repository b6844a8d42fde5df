"""Single sign-on, of those who have no account yet: one is made where the organisation wants it."""

from datetime import timedelta

import pytest

from models import Role, Tenant
from services.access.actor import Actor
from services.core import clock
from services.core.errors import InvalidInputError
from services.sso import connections
from services.sso.errors import Refusal
from services.tenants import rules
from services.tenants.rules import ReviewEvery, RulesForm
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.racing import race
from tests.services.sso.conftest import arrive, form, refused
from tests.services.sso.provider import TestProvider


async def test_a_first_sign_in_makes_an_account_where_the_tenant_wants_that(
    tenant: Tenant, admin: Actor, provider: TestProvider
) -> None:
    await connections.connect(admin, form(provider, new_people="sales_engineer"))
    provider.sign_in("new@example.com", given_name="Nora", family_name="New")
    await arrive(tenant, provider)
    (user,) = await books.users_with("new@example.com")
    assert (user.full_name, user.role) == ("Nora New", Role.SALES_ENGINEER)
    assert (user.tenant_id, user.password_hash, user.invited) == (tenant.id, None, False)
    assert "user.created_by_sso" in await books.actions_of(tenant)


@ONE_DATABASE
async def test_a_name_taken_from_the_email_is_as_the_email_is_kept(
    tenant: Tenant, admin: Actor, provider: TestProvider
) -> None:
    await connections.connect(admin, form(provider, new_people="sales_engineer"))
    provider.sign_in("\uff4eora@example.com", given_name="No\nra", family_name="New")
    await arrive(tenant, provider)
    (user,) = await books.users_with("nora@example.com")
    assert (user.first_name, user.email) == ("nora", "nora@example.com")


@ONE_DATABASE
async def test_no_account_is_made_for_an_email_with_a_heap_of_accents(
    tenant: Tenant, admin: Actor, provider: TestProvider
) -> None:
    await connections.connect(admin, form(provider, new_people="sales_engineer"))
    provider.sign_in("q" + "\u0323" * 20 + "@example.com", given_name="No\nra", family_name="New")
    assert await refused(tenant, provider) is Refusal.EMAIL_MISSING


async def test_no_account_is_made_for_an_email_that_was_deactivated_here(
    tenant: Tenant, admin: Actor, provider: TestProvider
) -> None:
    await connections.connect(admin, form(provider, new_people="sales_engineer"))
    await factories.create_user(tenant, email="gone@example.com", active=False)
    provider.sign_in("gone@example.com")
    assert await refused(tenant, provider) is Refusal.INACTIVE


async def test_who_is_new_stays_no_longer_than_the_organisation_allows(
    tenant: Tenant, provider: TestProvider, admin: Actor
) -> None:
    limit = RulesForm(review_every=ReviewEvery.NEVER, longest_stay_days=90)
    await rules.edit_rules(admin, limit)
    await connections.connect(admin, form(provider, new_people="sales_engineer"))
    provider.sign_in("bob@example.com")
    await arrive(tenant, provider)
    (bob,) = await books.users_with("bob@example.com")
    assert bob.end_date == clock.now().date() + timedelta(days=90)


@ONE_DATABASE
@pytest.mark.parametrize("role", ["tenant_admin", "platform_admin", "nonsense"])
async def test_no_role_that_manages_users_is_given_to_new_people(
    admin: Actor, unconnected: TestProvider, role: str
) -> None:
    with pytest.raises(InvalidInputError):
        await connections.connect(admin, form(unconnected, new_people=role))


async def test_two_first_sign_ins_at_once_make_one_account_and_one_link(
    tenant: Tenant, admin: Actor, provider: TestProvider
) -> None:
    await connections.connect(admin, form(provider, new_people="sales_engineer"))
    for number in range(3):
        provider.sign_in(f"twin{number}@example.com")
        done, refusals = await race(arrive(tenant, provider), arrive(tenant, provider))
        assert (len(done), refusals) == (2, [])
        (user,) = await books.users_with(f"twin{number}@example.com")
        assert len(await books.identities_of(user.id)) == 1
