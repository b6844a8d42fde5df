"""Whom entries of the log are about: names that look alike have their emails beside them."""

from uuid import uuid4

import pytest

from models import AuditEvent, Tenant, User
from services.access.actor import Actor
from services.audit.list import entry_of
from services.audit.reading import find_entry, list_entries
from services.core import clock
from services.lists.query import ListQuery
from services.users import accounts
from tests.factories import create_user

CYRILLIC_A = "\N{CYRILLIC CAPITAL LETTER A}"
ACA = (
    "Aca",
    "\N{CYRILLIC CAPITAL LETTER A}\N{CYRILLIC SMALL LETTER ES}\N{CYRILLIC SMALL LETTER A}",
)


async def _emails(admin: Actor) -> list[str]:
    page = await list_entries(admin, ListQuery())
    return [entry.subject_email for entry in page.entries]


async def _deactivate(admin: Actor, *users: User) -> None:
    for user in users:
        await accounts.set_active(admin, user.id, active=False)


async def test_two_users_of_one_name_are_told_apart_in_the_log(
    admin: Actor, tenant: Tenant
) -> None:
    one = await create_user(tenant, first_name="Alice", email="one@nordwind.example")
    two = await create_user(tenant, first_name="alicé", email="two@nordwind.example")
    await _deactivate(admin, one, two)
    assert await _emails(admin) == ["two@nordwind.example", "one@nordwind.example"]


async def test_a_name_that_nobody_else_bears_stands_alone_in_the_log(
    admin: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    await create_user(other_tenant, first_name="Alice")
    await _deactivate(admin, await create_user(tenant, first_name="Alice"))
    assert await _emails(admin) == [""]


async def test_a_name_that_somebody_else_bears_by_now_is_told_apart_in_the_log(
    admin: Actor, tenant: Tenant
) -> None:
    before = await create_user(tenant, first_name="Alice", email="before@nordwind.example")
    await _deactivate(admin, before)
    await accounts.rename(admin, before.id, "Alicia", "Lovelace")
    await create_user(tenant, first_name="Alice")
    assert await _emails(admin) == ["", "before@nordwind.example"]


@pytest.mark.parametrize("names", [ACA, ACA[::-1]])
async def test_a_name_in_another_script_that_looks_the_same_is_told_apart_in_the_log(
    admin: Actor, tenant: Tenant, names: tuple[str, str]
) -> None:
    users = [
        await create_user(tenant, first_name=name, last_name=name, email=f"{at}@nordwind.example")
        for at, name in enumerate(names)
    ]
    await _deactivate(admin, users[0])
    assert await _emails(admin) == ["0@nordwind.example"]


async def test_an_entry_that_arrives_says_whose_name_mixes_letters(
    admin: Actor, tenant: Tenant
) -> None:
    alice = await create_user(tenant, first_name=f"{CYRILLIC_A}lice", email="a@nordwind.example")
    await _deactivate(admin, alice)
    [entry] = (await list_entries(admin, ListQuery())).entries
    told = await find_entry(entry.id)
    assert (told.subject_email, told.actor_email) == ("a@nordwind.example", "")
    assert told.subject_mixed.startswith("This name mixes Cyrillic and Latin letters")


def test_who_acts_without_an_account_there_is_marked_for_a_name_that_mixes_letters() -> None:
    row = AuditEvent(
        chain_id=uuid4(),
        number=1,
        at=clock.now(),
        actor_id=uuid4(),
        actor_name=f"{CYRILLIC_A}lice",
        action="user.deactivated",
        subject_name="",
        ip="",
        details={},
        previous_hash="",
        hash="",
    )
    told = entry_of(row)
    assert told.actor_mixed.startswith("This name mixes Cyrillic and Latin letters")
    assert told.actor_email == ""
