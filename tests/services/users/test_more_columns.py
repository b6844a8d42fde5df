"""When users were here last, what second factor they have, when they joined and by whom."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from models import Authenticator, Passkey, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.database.transaction import reading, transaction
from services.lists.query import from_url
from services.sessions import sessions
from services.users import listing
from services.users.list import USERS
from services.users.row import SecondFactorKind, UserRow
from tests.factories import create_admin, create_user, sign_in

MORE = "second_factor joined invited_by"


@pytest.fixture
async def people(admin: Actor, tenant: Tenant) -> None:
    """Pass has a passkey, App an app, Half an app that was never confirmed; each came so many days
    after the one before."""
    now = clock.now()
    for number, name in enumerate(("Pass", "App", "Half", "Never")):
        user = await create_user(tenant, first_name=name, last_name="Zzy")
        async with transaction() as tx:
            kept = await tx.get_one(User, user.id)
            kept.last_active_at = None if name == "Never" else now - timedelta(days=40 * number + 1)
            kept.first_sign_in_at = now - timedelta(days=10 * number)
            kept.invited_by_id = admin.user_id if name in ("Pass", "App") else None
            if name == "Pass":
                tx.add(
                    Passkey(
                        user_id=user.id,
                        credential_id=b"1",
                        public_key=b"",
                        name="Key",
                        created_at=now,
                    )
                )
            if name in ("Pass", "App", "Half"):
                tx.add(
                    Authenticator(
                        user_id=user.id,
                        sealed_secret=b"",
                        created_at=now,
                        confirmed_at=None if name == "Half" else now,
                    )
                )


async def _rows(actor: Actor, **asked: str) -> list[UserRow]:
    query = from_url(USERS, {"q": "zzy", "columns": MORE, **asked})
    return list((await listing.list_users(actor, query)).rows)


async def _names(actor: Actor, **asked: str) -> list[str]:
    return [row.name.split()[0] for row in await _rows(actor, **asked)]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("last_active", ["Never", "Half", "App", "Pass"]),
        ("second_factor", ["Pass", "App", "Half", "Never"]),
        ("joined", ["Never", "Half", "App", "Pass"]),
        ("invited_by", ["Half", "Never"]),
    ],
)
async def test_each_sorts_both_ways(
    admin: Actor, people: None, sort: str, order: list[str]
) -> None:
    up = await _names(admin, sort=sort)
    assert up[: len(order)] == order
    assert await _names(admin, sort=sort, dir="desc") == up[::-1]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"seen": "7"}, ["Pass"]),
        ({"seen": "not-30"}, ["App", "Half", "Never"]),
        ({"seen": "not-90"}, ["Never"]),
        ({"seen": "never"}, ["Never"]),
        ({"factor": "passkey"}, ["Pass"]),
        ({"factor": "app"}, ["App"]),
        ({"factor": "none"}, ["Half", "Never"]),
        ({"factor": "none", "seen": "never", "status": "active"}, ["Never"]),
    ],
)
async def test_each_filters(
    admin: Actor, people: None, asked: dict[str, str], found: list[str]
) -> None:
    assert await _names(admin, **asked) == found


async def test_the_first_days_are_filtered_from_and_to(admin: Actor, people: None) -> None:
    day = (clock.now() - timedelta(days=10)).date()
    assert await _names(admin, joined=f"{day}..{day}") == ["App"]
    assert await _names(admin, joined=f"..{day}") == ["App", "Half", "Never"]


async def test_the_list_goes_by_the_names_of_who_invited_and_then_by_their_own(
    admin: Actor, people: None, tenant: Tenant
) -> None:
    for first, names in (("Zoë", ("App", "Never")), ("Émile", ("Pass", "Half"))):
        inviter = await create_user(tenant, first_name=first, last_name="Inviter")
        async with transaction() as tx:
            for user in await tx.exec(select(User).where(col(User.first_name).in_(names))):
                user.invited_by_id = inviter.id
    order = ["Half", "Pass", "App", "Never"]
    assert await _names(admin, sort="invited_by") == order
    assert await _names(admin, sort="invited_by", dir="desc") == order[::-1]


async def test_who_invited_them_filters_and_is_offered_by_name(
    admin: Actor, people: None, other_tenant: Tenant
) -> None:
    assert admin.user_id is not None
    assert await _names(admin, inviter=str(admin.user_id)) == ["App", "Pass"]
    assert await _names(admin, inviter=str(other_tenant.id)) == []
    assert await listing.list_inviters(admin) == [(admin.user_id, "Grace Hopper")]
    stranger = await sign_in(await create_admin(other_tenant))
    assert await listing.list_inviters(stranger) == []


@pytest.mark.parametrize("sort", ["last_active", "second_factor", "joined", "invited_by"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_pages_of_each_follow_each_other(
    admin: Actor, people: None, sort: str, direction: str
) -> None:
    query = from_url(USERS, {"q": "zzy", "sort": sort, "dir": direction})
    seen: list[str] = []
    while len(seen) < 4:
        found = await listing.list_users(admin, replace(query, size=1))
        seen += [row.name.split()[0] for row in found.rows]
        query = replace(query, page=found.page + 1, near=found.cursor)
    assert seen == await _names(admin, sort=sort, dir=direction)


async def test_they_are_read_for_those_alone_who_see_them(admin: Actor, people: None) -> None:
    row = (await _rows(admin, q="pass"))[0]
    assert row.second_factor is SecondFactorKind.PASSKEY
    assert row.invited_by == "Grace Hopper"
    assert row.joined is not None
    bare = (await _rows(admin, q="pass", columns="email"))[0]
    assert (bare.second_factor, bare.invited_by, bare.joined) == (None, None, None)
    assert await listing.find_row(row.id) == bare


async def test_a_sign_in_and_signs_of_life_after_it_are_seen(tenant: Tenant) -> None:
    user = await create_user(tenant)
    actor = await sign_in(user)
    clock.shift(timedelta(minutes=5))
    await sessions.touch(actor)
    async with reading() as tx:
        kept = (await tx.exec(select(User).where(User.id == user.id))).one()
    assert kept.last_active_at is not None
    assert abs(clock.now() - kept.last_active_at) < timedelta(seconds=30)
