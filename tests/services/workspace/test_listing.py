"""The list of POCs: what is special about it. (What every list does is tested with the lists.)"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from models import PocStatus, TaskStatus, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.events import Event
from services.database.runtime import Runtime
from services.lists.events import RowChanged
from services.lists.query import ListQuery, from_url
from services.lists.wire import row_values
from services.workspace import listing, members, pocs, tasks
from services.workspace.poc_list import POCS
from services.workspace.pocs import HandOverForm, StatusForm
from services.workspace.tasks import TaskStatusForm
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, sign_in
from tests.services.workspace.scene import create_poc, create_task, deactivate
from tests.statements import heard


async def _titles(actor: Actor, **values: Any) -> list[str]:
    found = await listing.list_pocs(actor, from_url(POCS, values))
    return [row.title for row in found.rows]


def _later(days: int) -> date:
    return clock.now().date() + timedelta(days=days)


async def _several(actor: Actor) -> list[UUID]:
    """POCs that differ: due soon, without an end, due later, and one that is cancelled."""
    ids = [
        await create_poc(actor, "Beta", customer="Østlandet Energi", end_on=_later(2)),
        await create_poc(actor, "alpha", customer="Kauri Health"),
        await create_poc(actor, "Gamma", customer="Kauri Health", end_on=_later(60)),
        await create_poc(actor, "Delta", customer="Helvetia", end_on=_later(1)),
    ]
    await pocs.change_status(actor, ids[3], 1, StatusForm(status=PocStatus.CANCELLED))
    return ids


async def test_pocs_come_by_their_end_and_closed_ones_last(ada: Actor) -> None:
    await _several(ada)
    assert await _titles(ada) == ["Beta", "Gamma", "alpha", "Delta"]
    counts = (await listing.list_pocs(ada, ListQuery())).counts
    assert (counts["all"], counts["draft"], counts["cancelled"]) == (4, 3, 1)


async def test_no_page_of_the_list_counts_all_pocs(rollcall: Runtime, ada: Actor) -> None:
    await _several(ada)
    counting: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "count(" in statement and "FROM poc" in statement:
            counting.append(statement)

    engine = rollcall.database.reader.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        await listing.list_pocs(ada, ListQuery())
        await listing.list_pocs(ada, from_url(POCS, {"status": "draft"}))
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert not counting


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("title", ["alpha", "Beta", "Delta", "Gamma"]),
        ("customer", ["Delta", "alpha", "Gamma", "Beta"]),
        ("status", ["alpha", "Beta", "Gamma", "Delta"]),
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
    assert await _titles(ada, customer="Kauri Health") == ["Gamma", "alpha"]
    assert await _titles(ada, due=f"{_later(1)}..{_later(10)}", status="draft") == ["Beta"]


async def test_pocs_of_one_person_and_of_the_inactive_are_found(
    ada: Actor, joan: Actor, admin: Actor, joan_user: User
) -> None:
    await create_poc(ada, "Ada's")
    await create_poc(joan, "Joan's")
    assert await _titles(ada, owner=str(joan_user.id)) == ["Joan's"]
    assert await _titles(ada, owner_is="inactive") == []
    await deactivate(admin, joan_user.id)
    assert await _titles(ada, owner_is="inactive") == ["Joan's"]


async def test_the_pocs_are_found_on_which_somebody_works(
    ada: Actor, joan: Actor, joan_user: User
) -> None:
    beta, _, gamma, _ = await _several(ada)
    await create_poc(joan, "Theirs")
    for poc_id in (beta, gamma):
        await members.add_member(ada, poc_id, joan_user.id)
    await members.remove_member(ada, gamma, joan_user.id)
    assert sorted(await _titles(ada, works=str(joan_user.id))) == ["Beta", "Theirs"]
    assert await _titles(ada, works=str(joan_user.id), owner=str(joan_user.id)) == ["Theirs"]
    query = from_url(POCS, {"works": str(joan_user.id)})
    (row, _) = (await listing.list_pocs(ada, query)).rows
    assert row.member_ids == (ada.user_id, joan_user.id)
    file = "".join([piece async for piece in await listing.export_pocs(ada, query)])
    assert [title in file for title in ("Beta", "Theirs", "Gamma")] == [True, True, False]
    assert [name for _, name in await listing.list_workers(ada)] == ["Ada Lovelace", "Joan Clarke"]


async def test_a_change_of_the_team_makes_a_newer_row_that_says_who_it_was(
    rollcall: Runtime, ada: Actor, joan_user: User, events: list[Event]
) -> None:
    poc_id = await create_poc(ada)
    await rollcall.bus.drain()
    assert [one.was for one in events if isinstance(one, RowChanged)] == [None]
    alone, both = [str(ada.user_id)], [str(ada.user_id), str(joan_user.id)]
    changes = (
        (members.add_member, alone),
        (members.remove_member, both),
        (members.add_member, alone),
    )
    versions = [(await listing.find_row(poc_id)).version]
    for change, before in changes:
        events.clear()
        await change(ada, poc_id, joan_user.id)
        await rollcall.bus.drain()
        (told,) = [one.was for one in events if isinstance(one, RowChanged)]
        assert told is not None
        assert told["member_ids"] == before
        versions.append((await listing.find_row(poc_id)).version)
    assert versions == sorted(set(versions))


async def test_a_new_owner_is_told_to_the_lists_with_the_old_one(
    rollcall: Runtime, ada: Actor, joan_user: User, events: list[Event]
) -> None:
    poc_id = await create_poc(ada)
    await rollcall.bus.drain()
    events.clear()
    await pocs.hand_over(ada, poc_id, 1, HandOverForm(owner_id=joan_user.id))
    await rollcall.bus.drain()
    told = [one.was or {} for one in events if isinstance(one, RowChanged)]
    assert {was["owner_id"] for was in told} == {str(ada.user_id)}
    assert told[0]["member_ids"] == [str(ada.user_id)]


@ONE_DATABASE  # a plan of SQLite's, which doesn't depend on how many rows there are
async def test_who_works_on_pocs_is_found_by_an_index(rollcall: Runtime, ada: Actor) -> None:
    await _several(ada)
    with heard(here=True) as statements:
        await _titles(ada, works=str(ada.user_id))
    asked = [(text, values) for text, values in statements if "poc_member.user_id = " in text]
    assert asked
    async with rollcall.database.reader.connect() as connection:
        for text, values in asked:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
            steps = [step for *_, step in plan]
            assert [step for step in steps if "ix_poc_member_user_id" in step], steps
            assert not [step for step in steps if step.startswith("SCAN")], steps


async def test_each_organisation_has_its_own(
    ada: Actor, other_tenant: Tenant, platform_user: User, tenant: Tenant
) -> None:
    await create_poc(ada)
    stranger = await sign_in(await create_user(other_tenant))
    assert await _titles(stranger) == []
    assert await listing.list_customers(stranger) == []
    assert await _titles(await sign_in(platform_user, tenant)) == ["Trial"]


async def test_customers_are_named_once(ada: Actor) -> None:
    for name in ("Kauri Health", "Kauri Health", "Acme"):
        await create_poc(ada, customer=name)
    assert await listing.list_customers(ada) == ["Acme", "Kauri Health"]


async def test_a_row_says_who_owns_it_and_how_far_each_side_is(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    await create_task(ada, poc_id, due_on=_later(-1))
    values = row_values(POCS, await listing.find_row(poc_id))
    assert (values["owner"], values["owner_active"]) == ("Ada Lovelace", True)
    assert (values["team"], values["customer_side"]) == ([0, 1], [0, 0])
    assert values["overdue_tasks"] == 1


async def test_a_done_task_makes_a_newer_row_and_leaves_the_facts_as_they_were(
    rollcall: Runtime, ada: Actor, events: list[Event]
) -> None:
    poc_id = await create_poc(ada)
    task_id = await create_task(ada, poc_id)
    before = await listing.find_row(poc_id)
    await tasks.set_status(ada, task_id, 1, TaskStatusForm(status=TaskStatus.DONE))
    after = await listing.find_row(poc_id)
    assert after.version > before.version
    assert after.facts_version == before.facts_version
    await rollcall.bus.drain()
    told = [event for event in events if isinstance(event, RowChanged)]
    assert [event.row_id for event in told] == [poc_id] * 3
    assert told[0].was is None
    assert told[-1].was is not None


async def test_an_archived_poc_is_in_no_list_and_nothing_of_it_is_deleted(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    await pocs.set_archived(ada, poc_id, 1, archived=True)
    assert await _titles(ada) == []
    assert (await listing.list_pocs(ada, ListQuery())).counts["all"] == 0
    assert (await listing.get_details(ada, poc_id)).row.archived
