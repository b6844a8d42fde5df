"""Anything is found by a few words, by whoever may see it."""

from models import Tenant
from services.access.actor import Actor
from services.workspace.finding import OFFERED, Found, find_anything
from tests.factories import create_admin, create_user, create_users, sign_in
from tests.services.workspace.scene import create_group, create_poc


def _names(found: Found) -> list[str]:
    people = [row.name for row in found.people]
    return [*people, *(poc.title for poc in found.pocs), *(title for _, title in found.templates)]


async def test_people_pocs_and_templates_are_found_by_their_words(
    admin: Actor, author: Actor, ada: Actor, tenant: Tenant
) -> None:
    await create_user(tenant, first_name="Émile", last_name="Tremblay", active=False)
    await create_poc(ada, "Emil’s trial", customer="Tremor AG")
    await create_group(author, "Tremendous")
    assert _names(await find_anything(admin, "emil trem")) == ["Émile Tremblay", "Emil’s trial"]
    everything = ["Émile Tremblay", "Emil’s trial", "Tremendous"]
    assert _names(await find_anything(admin, "TREM")) == everything
    assert await find_anything(admin, " \0 ") == Found()


async def test_nobody_finds_whom_they_may_not_see(
    admin: Actor, ada: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    await create_poc(ada, "Lovelace trial")
    assert _names(await find_anything(admin, "lovelace")) == ["Ada Lovelace", "Lovelace trial"]
    assert _names(await find_anything(ada, "lovelace")) == ["Lovelace trial"]
    stranger = await sign_in(await create_admin(other_tenant, last_name="Stranger"))
    assert _names(await find_anything(stranger, "lovelace")) == []


async def test_whoever_can_sign_in_is_found_first_and_no_more_than_a_few(
    admin: Actor, tenant: Tenant
) -> None:
    await create_user(tenant, first_name="Aaa", last_name="Lovelace", active=False)
    await create_users(OFFERED, tenant)
    found = await find_anything(admin, "example")
    assert [row.active for row in found.people] == [True] * OFFERED
