"""The list of POCs: search, filters, order, slices."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from models import PocStatus, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.workspace import listing, pocs
from services.workspace.pocs import StatusForm
from services.workspace.query import PocQuery
from tests.factories import create_user, sign_in
from tests.hostile import HOSTILE
from tests.services.workspace.scene import create_poc, deactivate


async def _titles(actor: Actor, **values: Any) -> list[str]:
    found = await listing.list_pocs(actor, PocQuery.from_url(values))
    return [row.title for row in found.rows]


async def _several(actor: Actor) -> list[UUID]:
    """POCs that differ: overdue, due soon, without an end, and one that is cancelled."""
    ids = [
        await create_poc(actor, "Beta", customer="Østlandet Energi", end_on=_later(2)),
        await create_poc(actor, "alpha", customer="Kauri Health"),
        await create_poc(actor, "Gamma", customer="Kauri Health", end_on=_later(60)),
        await create_poc(actor, "Delta", customer="Helvetia", end_on=_later(1)),
    ]
    await pocs.change_status(actor, ids[3], 1, StatusForm(status=PocStatus.CANCELLED))
    return ids


def _later(days: int) -> Any:
    return clock.now().date() + timedelta(days=days)


async def test_pocs_come_by_their_end_and_closed_ones_last(ada: Actor) -> None:
    await _several(ada)
    assert await _titles(ada) == ["Beta", "Gamma", "alpha", "Delta"]
    found = await listing.list_pocs(ada, PocQuery())
    assert found.total == 4
    assert found.counts == {PocStatus.DRAFT: 3, PocStatus.CANCELLED: 1}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("title", ["alpha", "Beta", "Delta", "Gamma"]),
        ("customer", ["Delta", "alpha", "Gamma", "Beta"]),
        ("status", ["alpha", "Beta", "Gamma", "Delta"]),
        ("owner", ["alpha", "Beta", "Delta", "Gamma"]),
    ],
)
async def test_pocs_are_sorted_both_ways(ada: Actor, sort: str, expected: Sequence[str]) -> None:
    await _several(ada)
    assert await _titles(ada, sort=sort) == expected
    assert await _titles(ada, sort=sort, dir="desc") == expected[::-1]


async def test_a_search_looks_at_title_and_customer_without_accents(ada: Actor) -> None:
    await _several(ada)
    assert await _titles(ada, q="ostland") == ["Beta"]
    assert await _titles(ada, q="kauri gam") == ["Gamma"]
    assert await _titles(ada, q="nothing") == []


async def test_filters_narrow_the_list(ada: Actor) -> None:
    await _several(ada)
    assert await _titles(ada, status="cancelled") == ["Delta"]
    assert await _titles(ada, status="open") == ["Beta", "Gamma", "alpha"]
    assert await _titles(ada, customer="kauri health") == ["Gamma", "alpha"]
    assert await _titles(ada, due="no_end") == ["alpha"]
    assert await _titles(ada, due="overdue") == []
    await create_poc(ada, "Late", end_on=_later(-1))
    assert await _titles(ada, due="overdue") == ["Late"]


async def test_pocs_of_mine_and_of_the_inactive_are_found(
    ada: Actor, joan: Actor, admin: Actor, joan_user: User
) -> None:
    await create_poc(ada, "Ada's")
    await create_poc(joan, "Joan's")
    assert await _titles(ada, owner="me") == ["Ada's"]
    assert await _titles(ada, owner="inactive") == []
    await deactivate(admin, joan_user.id)
    assert await _titles(ada, owner="inactive") == ["Joan's"]
    assert await _titles(ada, owner=str(joan_user.id)) == ["Joan's"]


@pytest.mark.parametrize("sort", ["title", "customer", "owner", "status", "due"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_slices_hold_every_poc_once(
    ada: Actor, monkeypatch: pytest.MonkeyPatch, sort: str, direction: str
) -> None:
    monkeypatch.setattr(listing, "SLICE", 2)
    await _several(ada)
    await create_poc(ada, "Beta", customer="Østlandet Energi", end_on=_later(2))
    wanted = PocQuery.from_url({"sort": sort, "dir": direction})
    seen: list[UUID] = []
    after: tuple[str, ...] | None = ()
    while after is not None:
        query = PocQuery.from_url({"sort": sort, "dir": direction, "after": list(after)})
        found = await listing.list_pocs(ada, query)
        assert len(found.rows) <= 2
        seen += [row.id for row in found.rows]
        after = found.next
    monkeypatch.setattr(listing, "SLICE", 50)
    everything = await listing.list_pocs(ada, wanted)
    assert seen == [row.id for row in everything.rows]
    assert len(set(seen)) == 5


@pytest.mark.parametrize("hostile", [hostile.text for hostile in HOSTILE])
def test_a_query_is_read_from_any_text(hostile: str) -> None:
    names = ("q", "owner", "status", "customer", "due", "sort", "dir", "archived", "after")
    query = PocQuery.from_url(dict.fromkeys(names, hostile))
    assert (query.owner, query.status, query.due, query.sort) == (None, None, None, "due")


async def test_a_cursor_that_makes_no_sense_is_as_none(ada: Actor) -> None:
    await create_poc(ada)
    for after in (
        ["x"],
        ["0", "2026-03-01", "trial", "no id"],
        ["0", "no day", "a", "b"],
        ["9" * 99, "2026-03-01", "a", str(UUID(int=1))],
    ):
        assert await _titles(ada, after=after) == ["Trial"]


async def test_each_organisation_has_its_own(
    ada: Actor, other_tenant: Tenant, platform_user: User, tenant: Tenant
) -> None:
    await create_poc(ada)
    stranger = await sign_in(await create_user(other_tenant))
    assert await _titles(stranger) == []
    assert await listing.list_customers(stranger) == []
    assert await _titles(await sign_in(platform_user, tenant)) == ["Trial"]


async def test_customers_are_named_once(ada: Actor) -> None:
    for name in ("Kauri Health", "KAURI health", "Acme"):
        await create_poc(ada, customer=name)
    assert len(await listing.list_customers(ada)) == 2


async def test_a_row_is_read_anew_for_the_open_pages(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    (row,) = (await listing.list_pocs(ada, PocQuery())).rows
    assert await listing.find_row(poc_id) == row


async def test_nothing_of_a_poc_is_ever_deleted(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    await pocs.set_archived(ada, poc_id, 1, archived=True)
    assert await _titles(ada, archived="1") == ["Trial"]
