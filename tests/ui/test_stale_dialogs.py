"""A dialog that was refused, because somebody else was first, reads what they changed. Before that
has arrived it is closed, and opened again: for another thing, or for the same."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from nicegui import Client, ui
from nicegui.events import GenericEventArguments

from models import (
    GroupTemplate,
    Importance,
    Poc,
    PocStatus,
    Resource,
    ResourceKind,
    Role,
    Side,
    SuccessCriterion,
    Task,
    TaskGroup,
    TaskTemplate,
    Tenant,
)
from services.database.transaction import transaction
from services.sessions.sessions import Visit, recognise
from services.workspace import (
    criteria,
    groups,
    listing,
    resources,
    task_list,
    tasks,
    template_list,
    templates,
)
from services.workspace.criteria import CriterionForm
from services.workspace.groups import NewGroupForm
from services.workspace.resource_forms import ResourceForm
from services.workspace.tasks import NewTaskForm
from services.workspace.templates import TaskTemplateForm
from tests import factories
from tests.conftest import ONE_DATABASE
from tests.services.workspace.rows import Rows, create_rows
from tests.ui.slow_reading import slow
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog
from ui.pages.workspace import poc_resources
from ui.pages.workspace.poc import _PocScreen
from ui.pages.workspace.poc_criteria import _CriteriaScreen
from ui.pages.workspace.poc_tasks import _TasksScreen
from ui.pages.workspace.resource_list import ResourceList, ResourceSource
from ui.pages.workspace.template import _TemplateScreen

pytestmark = ONE_DATABASE

Opener = Callable[[UUID], Awaitable[None]]


@dataclass(frozen=True)
class Shown:
    """A page's dialog, how it is opened for one of two things, and how one is read anew."""

    dialog: FormDialog[Any]
    open: Opener
    second: UUID
    read: tuple[Any, str]


async def _tasks_tab(visit: Visit, rows: Rows) -> _TasksScreen:
    details = await listing.get_details(visit.actor, rows.poc)
    found = await task_list.list_groups(visit.actor, rows.poc)
    with Client(ui.page("/tasks")):
        tab = _TasksScreen(visit, Toast(), details)
        tab.build(found, "list")
    return tab


async def _task(visit: Visit, rows: Rows) -> Shown:
    form = NewTaskForm(title="Second", group_id=rows.group)
    second = await tasks.add_task(visit.actor, form)
    tab = await _tasks_tab(visit, rows)

    async def open_it(task_id: UUID) -> None:
        await tab._act("edit", {"id": str(task_id)})

    return Shown(tab.edit_task, open_it, second, (task_list, "list_groups"))


async def _group(visit: Visit, rows: Rows) -> Shown:
    second = await groups.add_group(visit.actor, rows.poc, NewGroupForm(title="Second"))
    tab = await _tasks_tab(visit, rows)

    async def open_it(group_id: UUID) -> None:
        await tab._act("edit_group", {"id": str(group_id)})

    return Shown(tab.edit_group, open_it, second, (task_list, "list_groups"))


async def _criteria_tab(visit: Visit, rows: Rows) -> tuple[_CriteriaScreen, UUID]:
    form = CriterionForm(title="Second", importance=Importance.MUST, side=Side.TEAM)
    second = await criteria.add_criterion(visit.actor, rows.poc, form)
    details = await listing.get_details(visit.actor, rows.poc)
    with Client(ui.page("/criteria")):
        tab = _CriteriaScreen(visit, Toast(), details)
        tab.build(await criteria.list_criteria(visit.actor, rows.poc), [])
    return tab, second


async def _criterion(visit: Visit, rows: Rows) -> Shown:
    tab, second = await _criteria_tab(visit, rows)

    async def open_it(row_id: UUID) -> None:
        await tab._do("edit", row_id, 1, None)

    return Shown(tab.edit, open_it, second, (criteria, "list_criteria"))


async def _result(visit: Visit, rows: Rows) -> Shown:
    tab, second = await _criteria_tab(visit, rows)

    async def open_it(row_id: UUID) -> None:
        await tab._do("result", row_id, 1, None)

    return Shown(tab.result, open_it, second, (criteria, "list_criteria"))


async def _resource(visit: Visit, rows: Rows) -> Shown:
    form = ResourceForm(title="Second", kind=ResourceKind.NOTE, content="Said")
    second = await resources.add_to_poc(visit.actor, rows.poc, form)
    source = ResourceSource(
        load=lambda: resources.list_of_poc(visit.actor, rows.poc),
        owners=partial(poc_resources._owners, visit.actor, rows.poc),
        add=partial(poc_resources._add, visit.actor, rows.poc),
        edit=poc_resources._edit,
        archive=resources.set_archived_of_poc,
        files="/files",
    )
    with Client(ui.page("/resources")):
        shown = ResourceList(visit, Toast(), source, may_change=True)
        await shown.build()

    async def open_it(row_id: UUID) -> None:
        await shown._do("edit", row_id, 1)

    return Shown(shown.edit, open_it, second, (resources, "list_of_poc"))


async def _template_page(visit: Visit, rows: Rows) -> _TemplateScreen:
    details = await template_list.get_group(visit.actor, rows.group_template)
    with Client(ui.page("/template")):
        screen = _TemplateScreen(visit, rows.group_template, Toast())
        screen.build(details)
        await screen.show(details)
    return screen


async def _template_task(visit: Visit, rows: Rows) -> Shown:
    form = TaskTemplateForm(title="Second", side=Side.TEAM, start_day=1, days=1)
    group = {"group_id": rows.group_template}
    second = await templates.create_task(visit.actor, form, **group)
    screen = await _template_page(visit, rows)

    async def open_it(task_id: UUID) -> None:
        await screen._act("edit", {"id": str(task_id)})

    return Shown(screen.edit_task, open_it, second, (template_list, "get_task"))


async def _group_template(visit: Visit, rows: Rows) -> Shown:
    screen = await _template_page(visit, rows)

    async def open_it(_id: UUID) -> None:
        screen._open_edit()

    return Shown(screen.edit, open_it, rows.group_template, (template_list, "get_group"))


async def _poc_page(visit: Visit, rows: Rows) -> _PocScreen:
    details = await listing.get_details(visit.actor, rows.poc)
    with Client(ui.page("/poc")):
        screen = _PocScreen(visit, rows.poc, Toast())
        screen.build(details, "")
    return screen


async def _poc(visit: Visit, rows: Rows) -> Shown:
    screen = await _poc_page(visit, rows)

    async def open_it(_id: UUID) -> None:
        screen._open_edit()

    return Shown(screen.edit, open_it, rows.poc, (listing, "get_details"))


async def _visit(tenant: Tenant, build: Any) -> tuple[Visit, Rows]:
    """Somebody who may change it, and the rows."""
    owner = await factories.create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    if build in (_template_task, _group_template):
        owner = await factories.create_user(tenant, role=Role.ADMINISTRATOR)
    _, token = await factories.open_session(owner)
    return await recognise(token, tenant.slug, factories.CALLER), rows


async def _change(model: Any, row_id: UUID) -> None:
    """Somebody else is first to change it."""
    async with transaction() as tx:
        row = await tx.get(model, row_id)
        assert row is not None
        row.title = "Theirs"
        row.version += 1


async def _said(model: Any, row_id: UUID, field: str) -> Any:
    async with transaction() as tx:
        return getattr(await tx.get(model, row_id), field)


async def _submit(dialog: FormDialog[Any], **typed: str) -> None:
    """What the browser sends of the open dialog, with what was typed there."""
    shown = dialog._shown
    assert shown is not None
    opening = shown._props["opening"]
    args = opening["values"] | typed | {"about:opening": opening["number"]}
    await dialog._submitted(GenericEventArguments(sender=shown, client=shown.client, args=args))


def _close(dialog: FormDialog[Any]) -> None:
    """What the browser tells when it has closed the dialog."""
    shown = dialog._shown
    assert shown is not None
    dialog._closed(shown)


@pytest.mark.parametrize(
    ("build", "model", "first", "field"),
    [
        (_task, Task, "task", "title"),
        (_group, TaskGroup, "group", "title"),
        (_criterion, SuccessCriterion, "criterion", "title"),
        (_result, SuccessCriterion, "criterion", "achieved"),
        (_resource, Resource, "resource", "title"),
        (_template_task, TaskTemplate, "task_template", "title"),
    ],
)
async def test_a_dialog_opened_for_the_next_thing_is_not_saved_into_the_first(
    build: Any, model: Any, first: str, field: str, tenant: Tenant
) -> None:
    visit, rows = await _visit(tenant, build)
    shown: Shown = await build(visit, rows)
    first_id = getattr(rows, first)
    await shown.open(first_id)
    await _change(model, first_id)
    was = await _said(model, first_id, field)
    async with slow(*shown.read, _submit(shown.dialog, **{field: "Mine"})):
        _close(shown.dialog)
        await shown.open(shown.second)
    await _submit(shown.dialog, **{field: "Of the second"})
    assert await _said(model, first_id, field) == was
    assert await _said(model, shown.second, field) == "Of the second"


@pytest.mark.parametrize(
    ("build", "model", "first"),
    [(_group_template, GroupTemplate, "group_template"), (_poc, Poc, "poc")],
)
async def test_a_dialog_opened_again_does_not_save_over_what_it_does_not_show(
    build: Any, model: Any, first: str, tenant: Tenant
) -> None:
    visit, rows = await _visit(tenant, build)
    shown: Shown = await build(visit, rows)
    row_id = getattr(rows, first)
    await shown.open(row_id)
    await _change(model, row_id)
    async with slow(*shown.read, _submit(shown.dialog, description="Mine")):
        _close(shown.dialog)
        await shown.open(row_id)
    await _submit(shown.dialog, description="Mine")
    assert await _said(model, row_id, "title") == "Theirs"


async def _ask_owner(screen: _PocScreen) -> FormDialog[Any]:
    screen._open_owner()
    return screen.owner


async def _ask_end(screen: _PocScreen) -> FormDialog[Any]:
    await screen._ask_status(PocStatus.DRAFT, PocStatus.CANCELLED)
    return screen.endings[PocStatus.CANCELLED]


async def _ask_to_archive(screen: _PocScreen) -> FormDialog[Any]:
    await screen._open_archive()
    return screen.archive


@pytest.mark.parametrize("ask", [_ask_owner, _ask_end, _ask_to_archive])
async def test_a_question_about_a_poc_is_not_for_what_others_made_of_it_meanwhile(
    ask: Callable[[_PocScreen], Awaitable[FormDialog[Any]]], tenant: Tenant
) -> None:
    visit, rows = await _visit(tenant, _poc)
    colleague = await factories.create_user(tenant)
    screen = await _poc_page(visit, rows)
    asked = await ask(screen)
    await _change(Poc, rows.poc)
    await screen._refresh()  # the page has heard of it
    fields = ("owner_id", "status", "archived_at")
    before = [await _said(Poc, rows.poc, field) for field in fields]
    await _submit(asked, owner_id=str(colleague.id), note="", outcome="")
    assert [await _said(Poc, rows.poc, field) for field in fields] == before


async def test_what_a_poc_showed_is_sent_again_by_who_was_told_that_others_changed_it(
    tenant: Tenant,
) -> None:
    visit, rows = await _visit(tenant, _poc)
    screen = await _poc_page(visit, rows)
    asked = await _ask_end(screen)
    await _change(Poc, rows.poc)
    for status in (PocStatus.DRAFT, PocStatus.CANCELLED):
        await _submit(asked, outcome="Too slow")
        assert await _said(Poc, rows.poc, "status") is status


async def test_a_question_about_an_archive_is_sent_again_by_who_was_told_that_others_changed_it(
    tenant: Tenant,
) -> None:
    visit, rows = await _visit(tenant, _poc)
    screen = await _poc_page(visit, rows)
    asked = await _ask_to_archive(screen)
    await _change(Poc, rows.poc)
    await _submit(asked)
    assert await _said(Poc, rows.poc, "archived_at") is None
    await _submit(asked)
    assert await _said(Poc, rows.poc, "archived_at") is not None
