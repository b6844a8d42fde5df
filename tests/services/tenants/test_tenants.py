"""Tenants: created and renamed by Platform Admins, found by their slug."""

import json
from uuid import uuid4

import pytest

from models import Tenant
from services.access.actor import COMMAND_LINE, Actor
from services.core.errors import InvalidInputError, NotFoundError
from services.core.events import Event
from services.database.runtime import Runtime
from services.lists.events import RowChanged
from services.lists.query import ListQuery, from_url
from services.lists.wire import patch_values
from services.tenants import closing, tenants
from services.tenants.actions import TenantAction
from services.tenants.events import TenantChanged
from services.tenants.list import TENANTS, facts_of
from services.tenants.organisation import Looks, find_looks
from services.users import accounts
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_user


async def test_created_tenant_has_an_address_and_a_log(
    rollcall: Runtime, platform: Actor, events: list[Event]
) -> None:
    tenant = await tenants.create_tenant(platform, " Zoë & Söhne ")
    assert (tenant.name, tenant.slug) == ("Zoë & Söhne", "zoe-sohne")
    (entry,) = await books.audit_of(tenant)
    assert (entry.action, entry.actor_name, entry.details) == (
        "tenant.created",
        "Robin Platform",
        {"name": "Zoë & Söhne"},
    )
    await rollcall.bus.drain()
    assert TenantChanged(tenant_id=tenant.id) in events


async def test_tenants_of_one_name_get_an_address_each(platform: Actor) -> None:
    slugs = [(await tenants.create_tenant(platform, "Acme")).slug for _ in range(3)]
    assert slugs == ["acme", "acme-2", "acme-3"]


async def test_a_name_that_another_tenant_has_is_told_with_its_address(platform: Actor) -> None:
    first = await tenants.create_tenant(platform, "Søren & Co")
    said = "Another organisation has this name: /t/soren-co."
    assert await tenants.check_field(platform, "name", " soren & co") == ("", said)
    renamed = await tenants.check_field(platform, "name", "Søren & Co", besides=first.id)
    assert renamed == await tenants.check_field(platform, "name", "Sørensen") == ("", "")


async def test_long_names_of_two_tenants_get_an_address_each(platform: Actor) -> None:
    slugs = [(await tenants.create_tenant(platform, "x" * 200)).slug for _ in range(2)]
    assert len(set(slugs)) == 2
    assert all(len(slug) <= 63 for slug in slugs)


async def test_chosen_address_is_taken_as_it_is(platform: Actor) -> None:
    assert (await tenants.create_tenant(platform, "Acme", "ae-2")).slug == "ae-2"
    with pytest.raises(InvalidInputError) as caught:
        await tenants.create_tenant(platform, "Acme", "ae-2")
    assert caught.value.fields == {"slug": "The address /t/ae-2 is taken. Choose another."}


@ONE_DATABASE
@pytest.mark.parametrize(
    ("name", "slug", "field"),
    [
        ("", "", "name"),
        ("a\nb", "", "name"),
        ("x" * 201, "", "name"),
        ("Acme", "Ac me", "slug"),
        ("Acme", "-", "slug"),
        ("Acme", "a" * 64, "slug"),
    ],
)
async def test_wrong_field_is_told(platform: Actor, name: str, slug: str, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await tenants.create_tenant(platform, name, slug)
    assert set(caught.value.fields) == {field}
    assert await books.count(Tenant) == 0


async def test_rename_keeps_the_address_and_says_what_it_was(
    platform: Actor, tenant: Tenant
) -> None:
    await tenants.rename_tenant(platform, tenant.id, "Acme International")
    assert await find_looks("acme") == Looks("Acme International")
    (entry,) = await books.audit_of(tenant)
    assert (entry.action, entry.details) == (
        "tenant.renamed",
        {"before": "Acme", "after": "Acme International"},
    )


async def test_rename_to_the_same_name_is_no_change(
    rollcall: Runtime, platform: Actor, tenant: Tenant, events: list[Event]
) -> None:
    await tenants.rename_tenant(platform, tenant.id, " Acme ")
    await rollcall.bus.drain()
    assert await books.actions_of(tenant) == []
    assert events == []


async def test_tenant_that_does_not_exist_is_not_renamed(platform: Actor) -> None:
    with pytest.raises(NotFoundError):
        await tenants.rename_tenant(platform, uuid4(), "Acme")


async def test_list_counts_the_users_of_each(
    platform: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    await create_user(tenant)
    await create_user(tenant, active=False)
    await create_user(tenant, invited=True)
    found = await tenants.list_tenants(platform, ListQuery())
    listed = [(row.name, row.users, row.active) for row in found.rows]
    assert listed == [("Acme", 3, 1), ("Other", 0, 0)]


async def test_list_is_searched_by_name_and_address_and_filtered_by_what_is_closed(
    platform: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    await tenants.create_tenant(platform, "Söderberg & Söhne", "sweden")
    await closing.close_tenant(platform, other_tenant.id, other_tenant.name)

    async def find(**asked: str) -> list[str]:
        found = await tenants.list_tenants(platform, from_url(TENANTS, asked))
        return [row.name for row in found.rows]

    assert await find(q="sohne SWED") == ["Söderberg & Söhne"]
    assert await find(status="closed") == ["Other"]
    assert await find(sort="name", dir="desc") == ["Söderberg & Söhne", "Other", "Acme"]
    assert await find(sort="closed_at") == ["Acme", "Söderberg & Söhne", "Other"]
    assert await find(sort="created") == ["Acme", "Other", "Söderberg & Söhne"]


async def test_row_of_a_tenant_grows_newer_with_all_that_it_shows(
    platform: Actor, tenant: Tenant, admin: Actor, events: list[Event], rollcall: Runtime
) -> None:
    user = await create_user(tenant)

    async def version() -> int:
        return (await tenants.get_row(platform, tenant.id)).version

    versions = [await version()]
    await tenants.rename_tenant(platform, tenant.id, "Acme Ltd")
    versions.append(await version())
    await accounts.set_active(admin, user.id, active=False)
    versions.append(await version())
    await accounts.set_active(admin, user.id, active=True)
    versions.append(await version())
    assert versions == sorted(set(versions))
    await rollcall.bus.drain()
    changed = [event for event in events if isinstance(event, RowChanged)]
    key = f"acme {tenant.slug}"
    assert [event.was for event in changed] == [{"key": key, "closed_at": None}]


async def test_patch_of_a_tenants_row_is_small(platform: Actor) -> None:
    made = await tenants.create_tenant(platform, "Söderberg & Söhne")
    await closing.close_tenant(platform, made.id, made.name)
    row = await tenants.get_row(platform, made.id)
    patch = patch_values(TENANTS, row, facts_of(made))
    assert len(json.dumps(patch, separators=(",", ":"), ensure_ascii=False).encode()) < 300


async def test_file_of_the_tenants_has_those_that_match_and_is_in_the_platforms_log(
    platform: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    pieces = await tenants.export_tenants(platform, from_url(TENANTS, {"q": "acme"}))
    text = "".join([piece async for piece in pieces])
    assert text.splitlines() == [
        '\ufeff"Name","Address","Users","Status"',
        f'"Acme","/t/{tenant.slug}","0","Open"',
        '"rows","1","",""',
    ]
    assert await books.actions_of(None) == [TenantAction.EXPORTED]


async def test_only_tenant_is_found_while_it_is_the_only_one(rollcall: Runtime) -> None:
    assert await tenants.find_only_slug() is None
    await tenants.create_tenant(COMMAND_LINE, "Acme")
    assert await tenants.find_only_slug() == "acme"
    await tenants.create_tenant(COMMAND_LINE, "Other")
    assert await tenants.find_only_slug() is None


@pytest.mark.parametrize("slug", ["nowhere", "", "ACME", "acme\0", "../acme", "%"])
async def test_no_tenant_lives_at_a_made_up_address(tenant: Tenant, slug: str) -> None:
    assert await find_looks(slug) is None
