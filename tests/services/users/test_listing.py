"""The directory: searched, filtered, sorted and paged on the server."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from models import Role, Tenant
from services.access.actor import Actor
from services.core.errors import NotFoundError
from services.lists.query import PAGE_SIZE, ListQuery, from_url
from services.lists.slices import Slice
from services.users import accounts, listing
from services.users.list import USERS
from services.users.listing import list_users
from services.users.row import UserRow
from tests.factories import create_user


async def _names(actor: Actor, **asked: Any) -> list[str]:
    page = await list_users(actor, from_url(USERS, asked))
    return [row.name for row in page.rows]


@pytest.mark.parametrize(
    "q", ["zoe", "ZOË", "d’arcy", "neill zo", "oe d", "zoe.d@", "EXAMPLE.org", "  zoë   "]
)
async def test_search_finds_any_part_whatever_the_accents_and_the_case(
    admin: Actor, tenant: Tenant, q: str
) -> None:
    await create_user(
        tenant, first_name="Zoë", last_name="D’Arcy-O’Neill", email="zoe.d@example.org"
    )
    assert await _names(admin, q=q) == ["Zoë D’Arcy-O’Neill"]


@pytest.mark.parametrize("q", ["%", "_", "100%", "\\", "' OR 1=1 --", "\0", "\ud800q9"])
async def test_what_means_something_to_a_database_means_itself(
    admin: Actor, tenant: Tenant, q: str
) -> None:
    await create_user(tenant)
    page = await list_users(admin, from_url(USERS, {"q": q}))
    assert page.total == (2 if q == "\0" else 0)


async def test_filters_combine(admin: Actor, tenant: Tenant) -> None:
    await create_user(tenant, first_name="One", role=Role.ADMINISTRATOR)
    await create_user(tenant, first_name="Two", role=Role.ADMINISTRATOR, active=False)
    await create_user(tenant, first_name="Three", invited=True)
    assert await _names(admin, role="administrator") == ["One Lovelace", "Two Lovelace"]
    assert await _names(admin, role="administrator", status="inactive") == ["Two Lovelace"]
    assert await _names(admin, invited="1") == ["Three Lovelace"]
    assert await _names(admin, q="t", status="active") == ["Three Lovelace"]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("name", "Ada", "Grace"),
        ("email", "Eve", "Grace"),
        ("role", "Eve", "Grace"),
        ("status", "Ada", "Eve"),
    ],
)
async def test_every_column_sorts_both_ways(
    admin: Actor, tenant: Tenant, sort: str, first: str, last: str
) -> None:
    await create_user(tenant, first_name="Ada", email="b@example.com")
    await create_user(
        tenant, first_name="Eve", email="a@example.com", role=Role.ADMINISTRATOR, active=False
    )
    up = await _names(admin, sort=sort, dir="asc")
    assert (up[0].split()[0], up[-1].split()[0]) == (first, last)
    assert await _names(admin, sort=sort, dir="desc") == up[::-1]


async def test_pages_hold_everybody_once(admin: Actor, tenant: Tenant) -> None:
    for number in range(PAGE_SIZE + 5):
        await create_user(tenant, last_name=f"L{number:03}")
    first = await list_users(admin, ListQuery())
    second = await list_users(admin, ListQuery(page=2))
    assert (first.total, first.pages, len(second.rows)) == (PAGE_SIZE + 6, 2, 6)
    assert len({row.id for row in (*first.rows, *second.rows)}) == PAGE_SIZE + 6


async def _turn(
    actor: Actor, values: dict[str, Any], page: int, near: Any, size: int = PAGE_SIZE
) -> Slice[UserRow]:
    asked = {**values, "page": page, "near": near.to_values() if near else None}
    return await list_users(actor, replace(from_url(USERS, asked), size=size))


@pytest.mark.parametrize("sort", ["name", "email", "role", "status"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_turning_pages_is_jumping_to_them(
    admin: Actor, tenant: Tenant, sort: str, direction: str
) -> None:
    for number in range(17):  # pages end in the middle of a status, of a role and of equal names
        await create_user(
            tenant,
            last_name=f"L{number // 5}",
            role=Role.ADMINISTRATOR if number % 3 else Role.SALES_ENGINEER,
            active=number % 4 != 0,
        )
    for filters in ({}, {"role": "administrator"}, {"status": "active"}, {"q": "ada l"}):
        values = {"sort": sort, "dir": direction, **filters}
        page = await _turn(admin, values, 1, None, 3)
        jumped = [await _turn(admin, values, 1 + number, None, 3) for number in range(page.pages)]
        for number in range(2, page.pages + 1):
            page = await _turn(admin, values, number, page.cursor, 3)
            assert page.rows == jumped[number - 1].rows
        for number in range(page.pages - 1, 0, -1):
            page = await _turn(admin, values, number, page.cursor, 3)
            assert page.rows == jumped[number - 1].rows
        everyone = [row.id for page in jumped for row in page.rows]
        assert len(everyone) == len(set(everyone)) == page.total


async def test_who_turns_pages_misses_nobody_when_somebody_comes(
    admin: Actor, tenant: Tenant
) -> None:
    for number in range(PAGE_SIZE + 5):
        await create_user(tenant, last_name=f"L{number:03}")
    first = await list_users(admin, ListQuery())
    await create_user(tenant, first_name="Aaron")
    second = await _turn(admin, {}, 2, first.cursor)
    assert first.rows[-1].name == "Ada L049"
    assert second.rows[0].name == "Ada L050"


@pytest.mark.parametrize(
    "near",
    [
        5,
        {},
        {"page": "1", "first": [], "last": []},
        {"page": 1, "first": ["x"], "last": ["x"]},
        {"page": 1, "first": ["a", "not-an-id"], "last": ["a", "not-an-id"]},
        {"page": 1, "first": ["a", 5], "last": [None, "a"]},
        {"page": 1, "first": ["\0", str(UUID(int=0))], "last": ["\ud800", str(UUID(int=0))]},
    ],
)
async def test_a_place_that_makes_no_sense_is_left_out(
    admin: Actor, tenant: Tenant, near: object
) -> None:
    for number in range(PAGE_SIZE + 5):
        await create_user(tenant, last_name=f"L{number:03}")
    meant = await list_users(admin, ListQuery(page=2))
    asked = from_url(USERS, {"page": 2, "near": near})
    if asked.near is None:
        assert (await list_users(admin, asked)).rows == meant.rows
    else:
        assert (await list_users(admin, asked)).rows[0].name.startswith("Ada")


async def test_a_page_past_the_end_is_the_last_one(admin: Actor) -> None:
    assert (await list_users(admin, ListQuery(page=999))).page == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"page": "-1"},
        {"page": "1e9"},
        {"page": "9" * 400},
        {"page": "²"},
        {"sort": "name; DROP TABLE user_account"},
        {"role": "emperor"},
        {"status": "maybe"},
        {"dir": ["desc"]},
        {"q": None, "page": None},
        {"q": 5, "invited": {}},
    ],
)
def test_what_makes_no_sense_in_an_address_is_left_out(asked: dict[str, Any]) -> None:
    query = from_url(USERS, asked)
    assert (query.sort, query.filters, query.page) == ("name", {}, 1)


async def test_counts_tell_the_whole_tenant_and_no_other(
    admin: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    await create_user(tenant, active=False)
    await create_user(tenant, invited=True)
    await create_user(other_tenant)
    page = await list_users(admin, ListQuery(q="nobody"))
    assert page.total == 0
    assert page.counts == {"all": 3, "active": 2, "inactive": 1, "invited": 1}


async def test_details_of_another_tenants_user_do_not_exist(
    admin: Actor, other_tenant: Tenant
) -> None:
    stranger = await create_user(other_tenant)
    with pytest.raises(NotFoundError):
        await listing.get_details(admin, stranger.id)


async def test_a_new_name_is_what_searches_find(admin: Actor, tenant: Tenant) -> None:
    user = await create_user(tenant)
    await accounts.rename(admin, user.id, "Ada", "Kíng")
    assert await _names(admin, q="king") == ["Ada Kíng"]
    assert await _names(admin, q="lovelace") == []
