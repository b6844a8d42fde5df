"""Templates: made, put in order, changed, archived; and what a POC gets of them."""

from datetime import date
from uuid import UUID

import pytest

from models import Side, Tenant
from services.access.actor import Actor
from services.core.errors import ConflictError, InvalidInputError, NotFoundError, StaleError
from services.core.events import Event
from services.database.runtime import Runtime
from services.lists.query import ListQuery
from services.workspace import plans, task_list, template_list, templates
from services.workspace.events import GroupTemplateChanged
from services.workspace.templates import GroupTemplateForm, TaskTemplateForm
from tests import books
from tests.services.workspace.scene import MONDAY, create_group, create_poc, tasks_of


async def _titles(author: Actor, group_id: UUID) -> list[str]:
    return [task.title for task in (await template_list.get_group(author, group_id)).tasks]


async def _version(author: Actor, group_id: UUID) -> int:
    return (await template_list.get_group(author, group_id)).row.facts_version


async def test_a_group_shows_its_tasks_in_their_order(author: Actor) -> None:
    group_id = await create_group(author)
    found = await template_list.get_group(author, group_id)
    assert [task.title for task in found.tasks] == ["Call", "Names"]
    assert (found.row.team, found.row.customer, found.row.days) == (1, 1, 4)
    assert found.may_change


async def test_a_task_is_moved_before_another_and_to_the_end(author: Actor) -> None:
    group_id = await create_group(author)
    call, names = [task.id for task in (await template_list.get_group(author, group_id)).tasks]
    await templates.put_in_group(author, group_id, await _version(author, group_id), names, call)
    assert await _titles(author, group_id) == ["Names", "Call"]
    await templates.put_in_group(author, group_id, await _version(author, group_id), names)
    assert await _titles(author, group_id) == ["Call", "Names"]


async def test_a_task_can_stand_in_two_groups_and_is_changed_in_both(author: Actor) -> None:
    one, two = await create_group(author), await create_group(author, "Another", ())
    task = (await template_list.get_group(author, one)).tasks[0]
    await templates.put_in_group(author, two, 1, task.id)
    await templates.edit_task(author, task.id, 1, TaskTemplateForm(title="Renamed", days=9))
    assert "Renamed" in await _titles(author, one)
    assert await _titles(author, two) == ["Renamed"]
    assert (await template_list.get_task(author, task.id)).groups == 2


async def test_a_task_that_is_taken_out_stays_a_template(author: Actor) -> None:
    group_id = await create_group(author)
    task = (await template_list.get_group(author, group_id)).tasks[0]
    version = await _version(author, group_id)
    await templates.take_out_of_group(author, group_id, version, task.id)
    assert await _titles(author, group_id) == ["Names"]
    assert (await template_list.get_task(author, task.id)).groups == 0


async def test_a_duplicate_has_the_same_tasks_and_goes_its_own_way(author: Actor) -> None:
    group_id = await create_group(author)
    copy_id = await templates.duplicate_group(author, group_id)
    copy = await template_list.get_group(author, copy_id)
    assert copy.row.title == "Kick-off (copy)"
    await templates.take_out_of_group(author, copy_id, copy.row.facts_version, copy.tasks[0].id)
    assert await _titles(author, group_id) == ["Call", "Names"]


async def test_all_that_is_wrong_is_told_together(author: Actor) -> None:
    with pytest.raises(InvalidInputError) as refused:
        TaskTemplateForm(title="", start_day=0, days=1000)
    assert refused.value.fields.keys() == {"title", "start_day", "days"}


async def test_who_has_seen_an_older_version_is_told(author: Actor) -> None:
    group_id = await create_group(author, tasks=())
    await templates.edit_group(author, group_id, 1, GroupTemplateForm(title="First"))
    with pytest.raises(StaleError, match="“First”"):
        await templates.edit_group(author, group_id, 1, GroupTemplateForm(title="Second"))
    assert (await template_list.get_group(author, group_id)).row.title == "First"


async def test_a_change_is_told_and_recorded(
    rollcall: Runtime, tenant: Tenant, author: Actor, events: list[Event]
) -> None:
    group_id = await create_group(author, tasks=())
    await templates.edit_group(author, group_id, 1, GroupTemplateForm(title="Renamed"))
    await rollcall.bus.drain()
    told = [event for event in events if isinstance(event, GroupTemplateChanged)]
    assert [event.template_id for event in told] == [group_id] * 2
    entry = (await books.audit_of(tenant))[-1]
    assert (entry.action, entry.subject_name) == ("template.edited", "Renamed")
    assert entry.details["before"] == "Kick-off"


async def test_an_archived_template_is_chosen_and_changed_no_more(author: Actor) -> None:
    group_id = await create_group(author)
    version = await _version(author, group_id)
    await templates.set_group_archived(author, group_id, version, archived=True)
    listed = await template_list.list_groups(author, ListQuery())
    assert (listed.rows, listed.counts["archived"]) == ([], 1)
    assert await template_list.list_to_begin_from(author) == []
    everything = ListQuery(filters={"archived": "1"})
    assert len((await template_list.list_groups(author, everything)).rows) == 1
    with pytest.raises(NotFoundError, match="“Kick-off” was archived"):
        await plans.preview(author, [group_id], MONDAY)
    with pytest.raises(ConflictError, match="Restore it first"):
        await templates.edit_group(author, group_id, version + 1, GroupTemplateForm(title="X"))
    await templates.set_group_archived(author, group_id, version + 1, archived=False)
    assert len(await template_list.list_to_begin_from(author)) == 1


async def test_an_archived_task_leaves_its_groups_and_comes_back_to_its_place(
    author: Actor,
) -> None:
    group_id = await create_group(author)
    task = (await template_list.get_group(author, group_id)).tasks[0]
    await templates.set_task_archived(author, task.id, 1, archived=True)
    assert await _titles(author, group_id) == ["Names"]
    await templates.set_task_archived(author, task.id, 2, archived=False)
    assert await _titles(author, group_id) == ["Call", "Names"]


async def test_a_search_finds_templates_by_any_part_without_accents(author: Actor) -> None:
    await create_group(author, "Métrics and reports", ())
    await create_group(author, "Kick-off", ())
    found = await template_list.list_groups(author, ListQuery(q="metr REP"))
    assert [group.title for group in found.rows] == ["Métrics and reports"]


async def test_a_preview_counts_days_from_the_start(author: Actor) -> None:
    group_id = await create_group(
        author, tasks=[("Sign-on", Side.TEAM, 4, 5), ("Devices", Side.CUSTOMER, 8, 4)]
    )
    plan = await plans.preview(author, [group_id], date(2026, 11, 30))
    days = [(task.start_on, task.due_on) for task in plan.groups[0].tasks]
    assert days == [
        (date(2026, 12, 3), date(2026, 12, 7)),
        (date(2026, 12, 7), date(2026, 12, 10)),
    ]
    assert (plan.tasks, plan.ends_on) == (2, date(2026, 12, 10))


async def test_the_groups_of_a_new_poc_stand_by_the_days_on_which_they_begin(
    author: Actor, ada: Actor
) -> None:
    access = await create_group(author, "Access", [("Sign-on", Side.TEAM, 2, 5)])
    empty = await create_group(author, "Ideas", [])
    poc_id = await create_poc(ada, group_ids=[empty, access, await create_group(author)])
    found = await task_list.list_groups(ada, poc_id)
    assert [group.title for group in found] == ["Kick-off", "Access", "Ideas"]


async def test_a_poc_gets_what_the_preview_said(author: Actor, ada: Actor) -> None:
    group_ids = [await create_group(author), await create_group(author, "Wrap-up")]
    plan = await plans.preview(ada, group_ids, MONDAY)
    got = await tasks_of(ada, await create_poc(ada, group_ids=group_ids))
    assert [(task.title, task.side, task.start_on, task.due_on) for task in got] == [
        (task.title, task.side, task.start_on, task.due_on)
        for group in plan.groups
        for task in group.tasks
    ]


async def test_a_poc_keeps_its_copy_when_the_template_changes(author: Actor, ada: Actor) -> None:
    group_id = await create_group(author)
    poc_id = await create_poc(ada, group_ids=[group_id])
    task = (await template_list.get_group(author, group_id)).tasks[0]
    await templates.edit_task(author, task.id, 1, TaskTemplateForm(title="Another"))
    assert [task.title for task in await tasks_of(ada, poc_id)] == ["Call", "Names"]
    assert (await template_list.get_group(author, group_id)).row.pocs == 1
