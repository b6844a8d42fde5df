"""The directory: searched, filtered, sorted and paged on the server."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models import Role, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import NotFoundError
from services.database.transaction import transaction
from services.lists.query import PAGE_SIZE, ListQuery, from_url
from services.lists.slices import Slice
from services.sessions import presence
from services.users import accounts, invitations, listing
from services.users.invitation_form import InvitationForm
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
    assert await _names(admin, status="invited") == ["Three Lovelace"]
    assert await _names(admin, q="t", status="invited") == ["Three Lovelace"]
    assert await _names(admin, q="t", status="active") == []


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
def test_what_makes_no_sense_in_a_url_is_left_out(asked: dict[str, Any]) -> None:
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
    assert page.counts == {"all": 3, "active": 1, "inactive": 1, "invited": 1, "here": 0}


async def test_everybody_has_one_status_and_the_counts_add_up(admin: Actor, tenant: Tenant) -> None:
    await create_user(tenant, first_name="In")
    await create_user(tenant, first_name="Out", active=False)
    await create_user(tenant, first_name="Asked", invited=True)
    await create_user(tenant, first_name="Asked", invited=True, active=False)
    for filters in ({}, {"role": "sales_engineer"}, {"q": "lovelace"}):
        parts = [
            await list_users(admin, from_url(USERS, {**filters, "status": status}))
            for status in ("active", "invited", "inactive")
        ]
        ids = [row.id for part in parts for row in part.rows]
        assert sum(part.total for part in parts) == len(ids) == len(set(ids))
        assert len(ids) == (await list_users(admin, from_url(USERS, filters))).total
    sorted_ = [
        row.active and not row.invited
        for row in (await list_users(admin, from_url(USERS, {"sort": "status"}))).rows
    ]
    assert sorted_ == [True, True, False, False, False]


async def test_an_invitation_says_when_it_ends(admin: Actor, tenant: Tenant) -> None:
    form = InvitationForm(
        first_name="Hedy", last_name="Lamarr", email="hedy@example.com", role="sales_engineer"
    )
    invited = await invitations.invite(admin, form)
    (row,) = (await list_users(admin, from_url(USERS, {"status": "invited"}))).rows
    assert row.expires is not None
    assert timedelta(days=6) < row.expires - clock.now() <= timedelta(days=7)
    assert (await listing.find_row(invited.user_id)).expires == row.expires
    await accounts.set_active(admin, invited.user_id, active=False)
    assert (await list_users(admin, from_url(USERS, {"status": "invited"}))).rows == []


async def test_those_who_are_here_are_found_and_counted(
    admin: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    here = await create_user(tenant, first_name="Here")
    elsewhere = await create_user(other_tenant)
    visitor = uuid4()  # a Platform Admin at work in the tenant, say
    came = ((here.id, tenant.id), (elsewhere.id, other_tenant.id), (visitor, tenant.id))
    for user_id, at in came:
        presence.page_opened(user_id, at)
    try:
        assert await _names(admin, here="1") == ["Here Lovelace"]
        page = await list_users(admin, from_url(USERS, {"here": "1", "status": "active"}))
        assert (page.total, page.counts["here"]) == (1, 1)
        assert (await list_users(admin, from_url(USERS, {"here": "1", "q": "grace"}))).rows == []
    finally:
        for user_id, at in came:
            presence.page_closed(user_id, at)
    assert (await list_users(admin, ListQuery())).counts["here"] == 0


async def test_a_replaced_account_points_to_its_successor(admin: Actor, tenant: Tenant) -> None:
    old = await create_user(tenant)
    new = await create_user(tenant)
    async with transaction() as tx:
        (await tx.get_one(User, old.id)).successor_id = new.id
    assert (await listing.find_row(old.id)).successor_id is None, "it is in use still"
    await accounts.set_active(admin, old.id, active=False)
    assert (await listing.find_row(old.id)).successor_id == new.id


async def _set_active(user_ids: Sequence[UUID], active: bool) -> None:
    async with transaction() as tx:
        for user_id in user_ids:
            (await tx.get_one(User, user_id)).active = active


async def test_what_leaves_a_page_takes_nobody_else_out_of_reach(
    admin: Actor, tenant: Tenant
) -> None:
    for number in range(59):
        await create_user(tenant, last_name=f"L{number:03}")
    asked = {"status": "active"}
    first = await list_users(admin, from_url(USERS, asked))
    assert (first.total, first.pages, first.has_next) == (60, 2, True)
    await _set_active([row.id for row in first.rows[:10]], False)
    second = await _turn(admin, asked, 2, first.cursor)
    assert [row.name for row in second.rows] == [
        f"Ada L{number:03}" for number in range(50, 59)
    ] + ["Grace Hopper"]
    assert (second.total, second.page, second.pages) == (50, 2, 2)
    assert (second.has_previous, second.has_next) == (True, False)
    back = await _turn(admin, asked, 1, second.cursor)
    assert [row.name for row in back.rows][:2] == ["Ada L010", "Ada L011"]
    assert (back.page, back.has_previous) == (1, False)


@pytest.mark.parametrize("sort", ["name", "email", "role", "status"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_whoever_turns_while_rows_change_sees_each_that_stays_once(
    admin: Actor, tenant: Tenant, sort: str, direction: str
) -> None:
    chance = random.Random(11)  # noqa: S311 - the same steps each time
    users = [
        await create_user(tenant, last_name=f"L{number:02}", role=chance.choice(list(Role)[1:]))
        for number in range(24)
    ]
    asked = {"sort": sort, "dir": direction, "status": "active"}
    leaving = {user.id for user in users[::3]}
    seen: list[UUID] = []
    page = await _turn(admin, asked, 1, None, 4)
    while True:
        seen += [row.id for row in page.rows]
        await _set_active(chance.sample(sorted(leaving), 4), False)
        await _set_active(chance.sample(sorted(leaving), 2), True)
        if not page.has_next:
            break
        page = await _turn(admin, asked, page.page + 1, page.cursor, 4)
    assert len(seen) == len(set(seen))
    assert {user.id for user in users} - leaving <= set(seen)


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
