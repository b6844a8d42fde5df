"""The editor of one group template: its tasks in their order, and what a POC would get."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from nicegui import ui

from models import Side
from services.access.permissions import Permission
from services.core import clock
from services.core.errors import NotFoundError
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.workspace import files, plans, resources, template_list, templates
from services.workspace.plans import Plan
from services.workspace.template_list import GroupTemplateDetails, TaskTemplateRow
from services.workspace.templates import GroupTemplateForm, TaskTemplateForm
from ui import work_feed
from ui.actions import told
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Outcome
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.input import as_uuid
from ui.pages.workspace.file_drops import dropped
from ui.pages.workspace.parts import button, empty, link
from ui.pages.workspace.poc_files import file_url, template_upload_url
from ui.pages.workspace.resource_list import Place, ResourceList
from ui.paths import home_path
from ui.work_words import count_words, day_words

MayView = Annotated[Visit, Depends(require(Permission.VIEW_TEMPLATES))]


def register() -> None:
    """Route the page."""
    ui.page("/t/{slug}/templates/{group_id}")(template_page)


async def template_page(visit: MayView, group_id: str) -> None:
    """Build the page; another organisation's template is told as one that doesn't exist."""
    wanted = as_uuid(group_id)
    if wanted is None:
        raise NotFoundError("This template doesn't exist.")
    enter(visit, work_feed.templates_room(visit.actor.tenant_id))
    details = await template_list.get_group(visit.actor, wanted)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, details.row.title, current="templates") as toast:
        screen = _TemplateScreen(visit, wanted, toast)
        screen.build()
        await screen.show(details)
        await _resources(visit, toast, details)


async def _resources(visit: Visit, toast: Toast, details: GroupTemplateDetails) -> None:
    place = Place(
        load=partial(resources.list_of_group_template, visit.actor, details.row.id),
        add=partial(resources.add_to_template, visit.actor, group_template_id=details.row.id),
        edit=resources.edit_of_template,
        archive=resources.set_archived_of_template,
        event="rollcall_templates",
        shared_with="the customer",
        file_url=partial(file_url, visit),
    )
    text("h2", "Resources", "part-title")
    may_change = details.may_change and not details.row.is_archived
    await ResourceList(visit, toast, place, may_change=may_change).build()
    if may_change:
        url = template_upload_url(visit, details.row.id)
        find_room = partial(files.get_room_of_group, visit.actor, details.row.id)
        await dropped(toast, url, find_room, event="rollcall_templates")


class _TemplateScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, group_id: UUID, toast: Toast) -> None:
        self.actor = visit.actor
        self.group_id = group_id
        self.toast = toast
        self.base = f"{home_path(visit.tenant_slug)}/templates"
        self.task: TaskTemplateRow | None = None

    def build(self) -> None:
        """Lay the page out."""
        self.edit = FormDialog(
            self.toast, "Edit template", GroupTemplateForm, submit="Save", on_submit=self._edit
        )
        self.add = FormDialog(
            self.toast, "Add task", TaskTemplateForm, submit="Add Task", on_submit=self._add
        )
        self.edit_task = FormDialog(
            self.toast, "Edit task", TaskTemplateForm, submit="Save", on_submit=self._edit_task
        )
        link("← All templates", self.base, "back-link")
        self.head = Part(ui.element("div").classes("page-head"), self._head)
        with ui.element("div").classes("home-columns"):
            self.tasks = Part(section("card card-flush"), self._tasks)
            self.preview = Part(section(), self._preview)
        Refresher("rollcall_templates", self._refresh, self.toast)

    async def _refresh(self) -> None:
        await self.show(await template_list.get_group(self.actor, self.group_id))

    async def show(self, details: GroupTemplateDetails) -> None:
        """Show the template as it is now."""
        self.details = details
        self.may_change = details.may_change and not details.row.is_archived
        self.head.show(details.row, details.may_change)
        self.tasks.show(details.tasks, self.may_change)
        today = clock.now().date()
        plan = None
        if not details.row.is_archived:
            plan = await plans.preview(self.actor, [self.group_id], today)
        self.preview.show(plan, today, key=(details.tasks, today))

    def _head(self, *_: object) -> None:
        row = self.details.row
        with ui.element("div").classes("details-title"):
            text("h1", row.title).props('dir="auto"')
            if row.is_archived:
                text("span", "Archived", "chip chip-inactive")
        if self.details.may_change:
            with ui.element("div").classes("actions"):
                if not row.is_archived:
                    button("+ Add Task", self._open_add, look="btn btn-primary")
                    button("Edit", self._open_edit)
                    button("Duplicate", told(self.toast)(self._duplicate))
                label = "Restore" if row.is_archived else "Archive"
                button(label, told(self.toast)(self._archive))
        if row.description:
            text("p", row.description, "muted lines head-text").props('dir="auto"')

    def _tasks(self, tasks: tuple[TaskTemplateRow, ...], may_change: bool) -> None:
        if not tasks:
            hint = "Add what is to be done in each POC, in its order." if may_change else ""
            empty("No tasks yet", hint)
            return
        with ui.element("ol").classes("home-rows template-tasks"):
            for at, task in enumerate(tasks):
                with ui.element("li"):
                    with ui.element("div").classes("home-what"):
                        text("span", task.title, "task-title").props('dir="auto"')
                        days = f"from day {task.start_day}, {count_words(task.days, 'day')}"
                        text("span", f"{task.side.label}, {days}", "small muted")
                    if may_change:
                        self._task_buttons(tasks, at)

    def _task_buttons(self, tasks: tuple[TaskTemplateRow, ...], at: int) -> None:
        task, quiet = tasks[at], "btn btn-quiet"
        with ui.element("span").classes("row-actions"):
            if at:
                up = told(self.toast)(partial(self._move, task, tasks[at - 1].id))
                button("Move up", up, look=quiet, about=task.title)
            if at + 1 < len(tasks):
                after = tasks[at + 2].id if at + 2 < len(tasks) else None
                down = told(self.toast)(partial(self._move, task, after))
                button("Move down", down, look=quiet, about=task.title)
            button("Edit", partial(self._open_task, task), look=quiet, about=task.title)
            out = told(self.toast)(partial(self._take_out, task))
            button("Remove", out, look=quiet, about=task.title)

    def _preview(self, plan: Plan | None, today: date) -> None:
        text("h2", "What a POC would get")
        text("p", f"If it starts on {day_words(today)}:", "muted")
        if plan is None or not plan.tasks:
            text("p", "Nothing yet.", "muted")
            return
        with ui.element("ul").classes("preview-rows"):
            for group in plan.groups:
                for task in group.tasks:
                    with ui.element("li"):
                        text("span", task.title).props('dir="auto"')
                        days = f"{day_words(task.start_on)} to {day_words(task.due_on)}"
                        text("span", days, "small muted")

    def _open_add(self) -> None:
        after = max((task.start_day + task.days for task in self.details.tasks), default=1)
        self.add.open({"side": Side.TEAM, "start_day": after, "days": 1})

    def _open_edit(self) -> None:
        row = self.details.row
        self.edit.open({"title": row.title, "description": row.description})

    async def _edit(self, form: GroupTemplateForm) -> Outcome:
        await templates.edit_group(self.actor, self.group_id, self.details.row.version, form)
        return "Saved."

    async def _add(self, form: TaskTemplateForm) -> Outcome:
        await templates.create_task(self.actor, form, group_id=self.group_id)
        return f"“{form.title}” is added."

    def _open_task(self, task: TaskTemplateRow) -> None:
        self.task = task
        values = {"title": task.title, "description": task.description, "side": task.side}
        self.edit_task.open({**values, "start_day": task.start_day, "days": task.days})

    async def _edit_task(self, form: TaskTemplateForm) -> Outcome:
        if self.task is not None:
            await templates.edit_task(self.actor, self.task.id, self.task.version, form)
        return "Saved, in every group that has it."

    async def _move(self, task: TaskTemplateRow, before_id: UUID | None) -> None:
        version = self.details.row.version
        await templates.put_in_group(self.actor, self.group_id, version, task.id, before_id)

    async def _take_out(self, task: TaskTemplateRow) -> None:
        version = self.details.row.version
        await templates.take_out_of_group(self.actor, self.group_id, version, task.id)
        rest = [other.id for other in self.details.tasks]
        after = rest[rest.index(task.id) + 1 :][:1] if task.id in rest else []
        back = told(self.toast)(partial(self._put_back, task, after[0] if after else None))
        self.toast.show(f"“{task.title}” is taken out.", "success", "Undo", back)

    async def _put_back(self, task: TaskTemplateRow, before_id: UUID | None) -> None:
        version = (await template_list.get_group(self.actor, self.group_id)).row.version
        await templates.put_in_group(self.actor, self.group_id, version, task.id, before_id)

    async def _duplicate(self) -> None:
        copy_id = await templates.duplicate_group(self.actor, self.group_id)
        ui.navigate.to(f"{self.base}/{copy_id}")

    async def _archive(self) -> None:
        row = self.details.row
        then = not row.is_archived
        await templates.set_group_archived(self.actor, row.id, row.version, archived=then)
        words = "is archived: no new POC starts from it." if then else "is back."
        self.toast.show(f"“{row.title}” {words}", tone="success")
