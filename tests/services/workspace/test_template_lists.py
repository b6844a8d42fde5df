"""The live lists of templates: what they show, what they leave out, and what they tell."""

import csv
import io
import json
from uuid import UUID

import pytest

from models import Side, Tenant
from services.access.actor import Actor
from services.core.events import Event
from services.database.runtime import Runtime
from services.lists.events import RowChanged
from services.lists.query import ListQuery, from_url
from services.lists.slices import find_row
from services.lists.wire import patch_values
from services.workspace import template_list, templates
from services.workspace.actions import TemplateAction
from services.workspace.template_rows import GROUP_TEMPLATES, TASK_TEMPLATES
from services.workspace.templates import TakeInForm, TaskTemplateForm
from tests import books
from tests.services.workspace.scene import create_group, create_poc


async def _told(rollcall: Runtime, events: list[Event], noun: str) -> set[UUID]:
    await rollcall.bus.drain()
    return {e.row_id for e in events if isinstance(e, RowChanged) and e.noun == noun}


async def test_a_group_shows_its_sides_its_length_and_its_pocs(author: Actor, ada: Actor) -> None:
    group_id = await create_group(author)
    await create_poc(ada, group_ids=[group_id])
    (row,) = (await template_list.list_groups(author, ListQuery())).rows
    assert (row.tasks, row.team, row.customer, row.days, row.pocs) == (2, 1, 1, 4, 1)


async def test_archived_ones_are_listed_only_where_they_are_asked_for(author: Actor) -> None:
    task_id = await templates.create_task(author, TaskTemplateForm(title="Old"))
    await templates.create_task(author, TaskTemplateForm(title="New"))
    await templates.set_task_archived(author, task_id, 1, archived=True)
    usual = await template_list.list_tasks(author, from_url(TASK_TEMPLATES, {}))
    too = await template_list.list_tasks(author, from_url(TASK_TEMPLATES, {"archived": "1"}))
    assert ([row.title for row in usual.rows], usual.total) == (["New"], 1)
    assert ([row.title for row in too.rows], too.total) == (["New", "Old"], 2)
    assert usual.counts == {"all": 2, "archived": 1, "groups": 0}


async def test_tasks_are_narrowed_to_a_side_and_sorted_by_their_last_change(author: Actor) -> None:
    first = await templates.create_task(author, TaskTemplateForm(title="A"))
    await templates.create_task(author, TaskTemplateForm(title="B"))
    await templates.create_task(author, TaskTemplateForm(title="C", side=Side.CUSTOMER))
    await templates.edit_task(author, first, 1, TaskTemplateForm(title="A", days=2))
    query = from_url(TASK_TEMPLATES, {"side": "team", "sort": "changed_at", "dir": "desc"})
    found = await template_list.list_tasks(author, query)
    assert [row.title for row in found.rows] == ["A", "B"]


async def test_a_change_of_a_task_is_told_of_its_groups_and_in_a_later_version(
    rollcall: Runtime, author: Actor, events: list[Event]
) -> None:
    group_id = await create_group(author)
    before = await find_row(GROUP_TEMPLATES, group_id)
    task = (await template_list.get_group(author, group_id)).tasks[0]
    await rollcall.bus.drain()
    events.clear()
    await templates.edit_task(author, task.id, 1, TaskTemplateForm(title="Call", days=99))
    assert group_id in await _told(rollcall, events, GROUP_TEMPLATES.noun)
    now = await find_row(GROUP_TEMPLATES, group_id)
    assert now.days == 99
    assert now.version > before.version


async def test_a_new_poc_is_counted_at_once_by_the_groups_that_it_has(
    rollcall: Runtime, author: Actor, ada: Actor, events: list[Event]
) -> None:
    group_id, other = await create_group(author), await create_group(author, "Other")
    await rollcall.bus.drain()
    events.clear()
    await create_poc(ada, group_ids=[group_id])
    told = await _told(rollcall, events, GROUP_TEMPLATES.noun)
    assert group_id in told
    assert other not in told


async def test_a_task_that_there_is_comes_to_a_group_once(
    rollcall: Runtime, author: Actor, events: list[Event]
) -> None:
    group_id = await create_group(author)
    task_id = await templates.create_task(author, TaskTemplateForm(title="Wrap up"))
    offered = await template_list.list_to_take_in(author, group_id)
    assert [task.id for task in offered] == [task_id]
    version = (await template_list.get_group(author, group_id)).row.facts_version
    form = TakeInForm(task_ids=(task_id,))
    await templates.take_in(author, group_id, version, form)
    await templates.take_in(author, group_id, version + 1, form)
    found = await template_list.get_group(author, group_id)
    assert [task.title for task in found.tasks] == ["Call", "Names", "Wrap up"]
    assert await template_list.list_to_take_in(author, group_id) == []
    assert task_id in await _told(rollcall, events, TASK_TEMPLATES.noun)


async def test_a_row_is_sent_in_few_bytes_however_long_its_description(author: Actor) -> None:
    form = TaskTemplateForm(title="Long", description="word " * 500)
    task_id = await templates.create_task(author, form)
    row = await find_row(TASK_TEMPLATES, task_id)
    patch = json.dumps(patch_values(TASK_TEMPLATES, row, {}), separators=(",", ":"))
    assert len(patch) < 340
    assert "facts_version" not in patch


@pytest.mark.parametrize("kind", ["groups", "tasks"])
async def test_an_export_has_what_is_shown_and_stands_in_the_log(
    tenant: Tenant, author: Actor, kind: str
) -> None:
    await create_group(author)
    export = getattr(template_list, f"export_{kind}")
    text = "".join([piece async for piece in await export(author, ListQuery())])
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    shown = {
        "groups": [["Title", "Tasks", "Length", "POCs"], ["Kick-off", "2", "4", "0"]],
        "tasks": [["Title", "Side", "Starts", "Length"], ["Call", "Team", "Day 1", "1"]],
    }[kind]
    assert [row[:4] for row in rows[:2]] == shown
    assert (await books.actions_of(tenant))[-1] == TemplateAction.EXPORTED
