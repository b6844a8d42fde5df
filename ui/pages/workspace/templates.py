"""The templates of an organisation: a list of the groups, and a list of the tasks in them."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response
from nicegui import ui

from models import Side
from services.access.permissions import Permission, may
from services.sessions.sessions import Visit
from services.workspace import template_list, templates
from services.workspace.template_rows import GROUP_TEMPLATES, TASK_TEMPLATES
from services.workspace.templates import GroupTemplateForm, TaskTemplateForm
from ui import work_feed
from ui.actions import go_to, told
from ui.components.templates_table import TemplatesTable
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Outcome
from ui.frame import enter, frame
from ui.identity import require
from ui.input import to_do
from ui.page import add_file, add_page
from ui.pages.bulk_offers import BulkActs, bulk_item
from ui.pages.workspace.template import task_subject
from ui.paths import home_path
from ui.tables.feed import list_room
from ui.tables.live_table import HeadItem, ListTab, Opening, export_response, opened

MayView = Annotated[Visit, Depends(require(Permission.VIEW_TEMPLATES))]
GROUPS_HINT = "Make the first one, then put its tasks in order."
TASKS_HINT = "Make the first one here, or in a group, where it stands in an order."
OTHERS_HINT = "Administrators make them. Without one, a POC starts empty."


def register() -> None:
    """Route both lists and their exports. (The path of a group's page has an id where this one has
    a word, so this one comes first.)"""
    add_page("/t/{slug}/templates")(groups_page)
    add_page("/t/{slug}/templates/tasks")(tasks_page)
    add_file("/t/{slug}/templates.csv")(export_groups)
    add_file("/t/{slug}/templates/tasks.csv")(export_tasks)


async def groups_page(visit: MayView) -> None:
    """Build the list of group templates."""
    _enter(visit, GROUP_TEMPLATES.noun)
    begin, load = template_list.open_groups, template_list.list_groups
    opening = await opened(visit, GROUP_TEMPLATES, begin, load)
    with frame(visit, "Templates", current="templates") as toast:
        _TemplatesScreen(visit, toast).build_groups(opening)


async def tasks_page(visit: MayView) -> None:
    """Build the list of task templates."""
    _enter(visit, TASK_TEMPLATES.noun)
    begin, load = template_list.open_tasks, template_list.list_tasks
    opening = await opened(visit, TASK_TEMPLATES, begin, load)
    with frame(visit, "Templates", current="templates") as toast:
        _TemplatesScreen(visit, toast).build_tasks(opening)


def _enter(visit: Visit, noun: str) -> None:
    tenant_id = visit.actor.tenant_id
    enter(visit, list_room(noun, tenant_id), work_feed.workers_room(tenant_id))


class _TemplatesScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast
        self.may_change = may(visit.role, Permission.CREATE_TEMPLATES)
        self.base = f"{home_path(visit.tenant_slug)}/templates"
        self.tasks: TemplatesTable | None = None

    def build_groups(self, opening: Opening) -> None:
        """Lay the page of the groups out."""
        table = self._table(
            opening,
            base_url=self.base,
            head=self._head(opening, main="new_group"),
            export_url=f"{self.base}.csv",
            empty_hint=GROUPS_HINT if self.may_change else OTHERS_HINT,
        )
        self._offer_acts(table, opening)
        table.show_tabs(ListTab("Groups"), ListTab("Tasks", f"{self.base}/tasks", "tasks"))

    def build_tasks(self, opening: Opening) -> None:
        """Lay the page of the tasks out."""
        self.tasks = table = self._table(
            opening,
            head=self._head(opening, main="new_template"),
            export_url=f"{self.base}/tasks.csv",
            empty_hint=TASKS_HINT if self.may_change else OTHERS_HINT,
        )
        self._offer_acts(table, opening)
        table.show_tabs(ListTab("Groups", self.base, "groups"), ListTab("Tasks"))
        if not self.may_change:
            return
        self.edit = FormDialog(self.toast, "Edit template", TaskTemplateForm, submit="Save")
        guarded = told(self.toast)
        table.on_row_act("edit", guarded(self._open_edit))
        table.on_row_act("archive", guarded(partial(self._set_archived, archived=True)))
        table.on_row_act("restore", guarded(partial(self._set_archived, archived=False)))

    def _table(self, opening: Opening, **shown: Any) -> TemplatesTable:
        return TemplatesTable(self.visit, opening, title="Templates", **shown)

    def _offer_acts(self, table: TemplatesTable, opening: Opening) -> None:
        BulkActs(self.visit, self.toast, table, opening.live_list).offer()

    def _head(self, opening: Opening, *, main: str) -> list[HeadItem]:
        """Both buttons: the one of the open list is the main one."""
        if not self.may_change:
            return []
        group = FormDialog(
            self.toast,
            "New group",
            GroupTemplateForm,
            submit="Create Group",
            on_submit=self._create_group,
        )
        task = FormDialog(
            self.toast,
            "New template",
            TaskTemplateForm,
            submit="Create Template",
            on_submit=self._create_task,
        )
        opens = {
            "new_template": partial(task.open, {"side": Side.TEAM, "start_day": 1, "days": 1}),
            "new_group": partial(group.open, {}),
        }
        if to_do(ui.context.client) == "new":
            opens[main]()
        labels = {"new_template": "+ New Template", "new_group": "+ New Group"}
        return [
            *(
                HeadItem(
                    labels[name],
                    name=name,
                    on_click=open_form,
                    primary=name == main,
                    stays=name != main,
                )
                for name, open_form in opens.items()
            ),
            *bulk_item(self.visit, opening.live_list),
        ]

    async def _create_group(self, form: GroupTemplateForm) -> Outcome:
        group_id = await templates.create_group(self.actor, form)
        go_to(f"{self.base}/{group_id}")
        return f"“{form.title}” is made."

    async def _create_task(self, form: TaskTemplateForm) -> Outcome:
        task_id = await templates.create_task(self.actor, form)
        if self.tasks is None:
            go_to(f"{self.base}/tasks")
        else:
            self.tasks.bring(task_id)
        return f"“{form.title}” is made. Groups can take it in."

    async def _open_edit(self, task_id: UUID) -> None:
        task = await template_list.get_task(self.actor, task_id)
        self.edit.open(task_subject(self.actor, task))

    async def _set_archived(self, task_id: UUID, *, archived: bool) -> None:
        task = await template_list.get_task(self.actor, task_id)
        await templates.set_task_archived(
            self.actor, task_id, task.facts_version, archived=archived
        )
        back = told(self.toast)(partial(self._set_archived, task_id, archived=not archived))
        words = "is archived, and in no group any more." if archived else "is back where it was."
        self.toast.show(f"“{task.title}” {words}", "success", "Undo", back)


async def export_groups(request: Request, visit: MayView) -> Response:
    """The group templates that the url's query finds, as a CSV file."""
    export = partial(template_list.export_groups, visit.actor)
    return await export_response(request, GROUP_TEMPLATES, export, f"groups-{visit.tenant_slug}")


async def export_tasks(request: Request, visit: MayView) -> Response:
    """The task templates that the url's query finds, as a CSV file."""
    export = partial(template_list.export_tasks, visit.actor)
    return await export_response(request, TASK_TEMPLATES, export, f"tasks-{visit.tenant_slug}")
