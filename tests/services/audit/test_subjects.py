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
from services.workspace.customers import people, visits
from tests.factories import create_customer, create_user, open_customer_session

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


async def test_a_customers_person_and_a_user_of_one_name_are_told_apart_in_the_log(
    admin: Actor, tenant: Tenant
) -> None:
    user = await create_user(tenant, email="user@nordwind.example")
    outside = await create_customer(
        tenant, first_name="Ada", last_name="Lovelace", email="ada@helvetia.example"
    )
    await _deactivate(admin, user)
    await people.set_active(admin, outside.id, active=False)
    assert await _emails(admin) == ["ada@helvetia.example", "user@nordwind.example"]
    page = await list_entries(admin, ListQuery())
    assert [entry.subject_path for entry in page.entries] == ["", f"users/{user.id}"]


async def test_two_of_customers_people_who_act_are_told_apart_in_the_log(
    admin: Actor, tenant: Tenant
) -> None:
    for email in ("one@helvetia.example", "two@helvetia.example"):
        person = await create_customer(tenant, email=email)
        customer, _ = await open_customer_session(person)
        await visits.leave(customer)
    page = await list_entries(admin, ListQuery())
    emails = ["two@helvetia.example", "one@helvetia.example"]
    assert [entry.actor_email for entry in page.entries] == emails


async def test_an_entry_that_arrives_says_whose_name_mixes_letters(
    admin: Actor, tenant: Tenant
) -> None:
    alice = await create_user(tenant, first_name=f"{CYRILLIC_A}lice", email="a@nordwind.example")
    await _deactivate(admin, alice)
    [entry] = (await list_entries(admin, ListQuery())).entries
    told = await find_entry(entry.id)
    assert (told.subject_email, told.actor_email) == ("a@nordwind.example", "")
    assert told.subject_mixed.startswith("This name mixes Cyrillic and Latin letters")


def test_who_acts_from_above_the_organisation_is_marked_for_a_name_that_mixes_letters() -> None:
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
