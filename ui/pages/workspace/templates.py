"""The templates of an organisation: groups, and the tasks that stand in them."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission, may
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.workspace import template_list, templates
from services.workspace.template_list import GroupTemplateRow, TaskTemplateRow, Templates
from services.workspace.templates import GroupTemplateForm
from ui import work_feed
from ui.actions import told
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Outcome
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.input import to_do
from ui.pages.workspace.parts import button, empty, link
from ui.paths import home_path
from ui.work_words import count_words

MayView = Annotated[Visit, Depends(require(Permission.VIEW_TEMPLATES))]


def register() -> None:
    """Route the page."""
    ui.page("/t/{slug}/templates")(templates_page)


async def templates_page(visit: MayView) -> None:
    """Build the page."""
    enter(visit, work_feed.templates_room(visit.actor.tenant_id))
    archived = ui.context.client.request.query_params.get("archived") == "1"
    found = await template_list.list_templates(visit.actor, archived=archived)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Templates", current="templates") as toast:
        _TemplatesScreen(visit, toast, archived=archived).build(found)


class _TemplatesScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast, *, archived: bool) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.archived = archived
        self.may_change = may(visit.role, Permission.CREATE_TEMPLATES)
        self.base = f"{home_path(visit.tenant_slug)}/templates"

    def build(self, found: Templates) -> None:
        """Lay the page out."""
        self.new = FormDialog(
            self.toast,
            "New template",
            GroupTemplateForm,
            submit="Create Template",
            on_submit=self._create,
        )
        if self.may_change and to_do(ui.context.client) == "new":
            self.new.open({})
        with ui.element("div").classes("page-head"):
            text("h1", "Templates")
            if self.may_change:
                button("+ New Template", partial(self.new.open, {}), look="btn btn-primary")
        text(
            "p",
            "POCs are started from these. What a POC gets are copies: a change here reaches new "
            "POCs alone.",
            "muted",
        )
        self.list = Part(ui.element("div").classes("template-parts"), self._parts)
        self.list.show(found)
        Refresher("rollcall_templates", self._refresh, self.toast)

    async def _refresh(self) -> None:
        self.list.show(await template_list.list_templates(self.actor, archived=self.archived))

    def _parts(self, found: Templates) -> None:
        with section("card card-flush"):
            if not found.groups:
                hint = "Make the first one with “+ New Template”, then put its tasks in order."
                others = "Administrators make them. Without one, a POC starts empty."
                empty("No templates yet", hint if self.may_change else others)
            else:
                self._groups(found.groups)
        if found.tasks:
            with section("card card-flush"):
                with ui.element("div").classes("task-group-head"):
                    text("h2", "Task templates")
                self._tasks(found.tasks)
        hidden = found.archived_groups + found.archived_tasks
        if hidden and not self.archived:
            link(f"Show {count_words(hidden, 'archived template')}", f"{self.base}?archived=1")
        elif self.archived:
            link("Hide archived templates", self.base)

    def _groups(self, groups: Sequence[GroupTemplateRow]) -> None:
        with ui.element("div").classes("task-group-head"):
            text("h2", "Group templates")
        with ui.element("ul").classes("home-rows"):
            for group in groups:
                with ui.element("li"):
                    with ui.element("div").classes("home-what"):
                        link(group.title, f"{self.base}/{group.id}")
                        if group.description:
                            text("span", group.description, "small muted clip").props('dir="auto"')
                    if group.is_archived:
                        text("span", "Archived", "chip chip-inactive")
                    sides = (
                        f"{count_words(group.tasks, 'task')}, {group.customer} of the customer’s"
                    )
                    text("span", sides, "small muted")
                    text("span", count_words(group.days, "day"), "small muted")
                    text("span", f"in {count_words(group.pocs, 'POC')}", "small muted")

    def _tasks(self, tasks: Sequence[TaskTemplateRow]) -> None:
        with ui.element("ul").classes("home-rows"):
            for task in tasks:
                with ui.element("li"):
                    with ui.element("div").classes("home-what"):
                        text("span", task.title).props('dir="auto"')
                    if task.is_archived:
                        text("span", "Archived", "chip chip-inactive")
                    text("span", f"{task.side.label}’s side", "small muted")
                    days = f"day {task.start_day}, {count_words(task.days, 'day')}"
                    text("span", days, "small muted")
                    text("span", f"in {count_words(task.groups, 'group')}", "small muted")
                    if self.may_change:
                        self._task_button(task)

    def _task_button(self, task: TaskTemplateRow) -> None:
        label = "Restore" if task.is_archived else "Archive"
        archive = told(self.toast)(partial(self._archive_task, task))
        button(label, archive, look="btn btn-quiet", about=task.title)

    async def _archive_task(self, task: TaskTemplateRow) -> None:
        then = not task.is_archived
        await templates.set_task_archived(self.actor, task.id, task.version, archived=then)
        words = "is archived, and in no group any more." if then else "is back where it was."
        self.toast.show(f"“{task.title}” {words}", tone="success")

    async def _create(self, form: GroupTemplateForm) -> Outcome:
        group_id = await templates.create_group(self.actor, form)
        ui.navigate.to(f"{self.base}/{group_id}")
        return f"“{form.title}” is made."
