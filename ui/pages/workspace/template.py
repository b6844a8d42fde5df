"""The editor of one group template: its tasks in their order, and what a POC would get."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from nicegui import ui

from models import Side
from services.access.actor import Actor
from services.access.permissions import Permission
from services.core.days import today_in
from services.core.errors import NotFoundError, RollcallError
from services.core.form_fields import Option
from services.core.words import count_words
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.workspace import plans, template_list, templates
from services.workspace.plans import Plan
from services.workspace.template_list import GroupTemplateDetails
from services.workspace.template_rows import TaskTemplateRow
from services.workspace.templates import GroupTemplateForm, TakeInForm, TaskTemplateForm
from ui import work_feed
from ui.actions import go_to, told
from ui.components.day_field import DayField
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.template_tasks import TemplateTasks
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome, Subject
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.input import as_uuid, as_version
from ui.own_versions import OwnVersions
from ui.page import add_page
from ui.pages.workspace.parts import button, link
from ui.pages.workspace.template_preview import show_plan
from ui.pages.workspace.template_resources import TemplateResources
from ui.paths import home_path

MayView = Annotated[Visit, Depends(require(Permission.VIEW_TEMPLATES))]
Handler = Callable[[TaskTemplateRow, Mapping[str, Any]], Awaitable[None]]
EMPTY = "Add what is to be done in each POC, in its order."


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/templates/{group_id}")(template_page)


async def template_page(visit: MayView, group_id: str) -> None:
    """Build the page; another organisation's template is shown as one that doesn't exist."""
    wanted = as_uuid(group_id)
    if wanted is None:
        raise NotFoundError("This template doesn't exist.")
    enter(visit, work_feed.templates_room(visit.actor.tenant_id))
    details = await template_list.get_group(visit.actor, wanted)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, details.row.title, current="templates") as toast:
        screen = _TemplateScreen(visit, wanted, toast)
        screen.build(details)
        await screen.show(details)
        with screen.resource_box:
            await screen.resources.build(details)


class _TemplateScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, group_id: UUID, toast: Toast) -> None:
        self.actor = visit.actor
        self.group_id = group_id
        self.toast = toast
        self.taking: ui.element | None = None  # "Add Existing Tasks", where it may be offered
        self.base = f"{home_path(visit.tenant_slug)}/templates"
        self.resources = TemplateResources(visit, toast, group_id)
        self.own = OwnVersions()
        self.options: dict[str, list[Option]] = {}
        self.start_on = today_in(visit.time_zone)

    def build(self, details: GroupTemplateDetails) -> None:
        """Lay the page out."""
        self.edit = FormDialog(
            self.toast,
            "Edit template",
            GroupTemplateForm,
            submit="Save",
        )
        self.add = FormDialog(
            self.toast, "Add task", TaskTemplateForm, submit="Add Task", on_submit=self._add
        )
        self.edit_task = FormDialog(self.toast, "Edit task", TaskTemplateForm, submit="Save")
        self.take_in = FormDialog(
            self.toast,
            "Add existing tasks",
            TakeInForm,
            submit="Add Tasks",
            on_submit=self._take_in,
            helpers=Helpers(options=self.options),
        )
        link("← All templates", self.base, "back-link")
        self.head = Part(ui.element("div").classes("page-head"), self._head)
        with ui.element("div").classes("home-columns"):
            with ui.element("div").classes("template-parts"):
                with ui.element("div").classes("card-head"):
                    self.title = Part(ui.element("div").classes("details-title"), self._tasks_title)
                    self.acts = Part(ui.element("div").classes("actions"), self._tasks_acts)
                self.tasks = TemplateTasks(
                    [_task_row(task) for task in details.tasks],
                    details.row.facts_version,
                    may_change=self._may_change(details),
                    empty=EMPTY if details.may_change else "",
                    on_act=self._act,
                )
                self.resource_box = ui.element("div")
            with section("card template-preview"):
                text("h2", "What a POC gets")
                DayField("If it starts on", self.start_on, self._start_on)
                self.preview = Part(ui.element("div"), self._preview)
        Refresher("rollcall_templates", self._refresh, self.toast)

    async def _refresh(self) -> None:
        await self.show(await template_list.get_group(self.actor, self.group_id))

    async def show(self, details: GroupTemplateDetails) -> None:
        """Show the template as it is now."""
        self.details = details
        row, may_change = details.row, self._may_change(details)
        # Buttons stay while tasks come and go: a click on one that is replaced would be lost.
        shown = (row.title, row.description, row.is_archived, row.pocs, details.may_change)
        self.head.show(key=shown)
        self.title.show(len(details.tasks), may_change)
        self.acts.show(may_change)
        if self.taking is not None:
            self.taking.set_visibility(details.can_take_in)
        self._show_tasks()
        self.resources.show(details)
        plan, start_on = None, self.start_on
        if not details.row.is_archived:
            plan = await plans.preview(self.actor, [self.group_id], start_on)
        if start_on == self.start_on:  # else another day was chosen meanwhile, which is read by now
            self.preview.show(plan, key=(details.row, details.tasks, start_on))

    @staticmethod
    def _may_change(details: GroupTemplateDetails) -> bool:
        return details.may_change and not details.row.is_archived

    def _show_tasks(self) -> None:
        details = self.details
        rows = [_task_row(task) for task in details.tasks]
        self.tasks.show(rows, details.row.facts_version, may_change=self._may_change(details))

    def _head(self) -> None:
        row = self.details.row
        with ui.element("div").classes("details-title"):
            text("h1", row.title).props('dir="auto"')
            if row.is_archived:
                text("span", "Archived", "chip chip-inactive")
            if row.pocs:
                text("span", f"In {count_words(row.pocs, 'POC')}", "chip chip-inactive")
        if self.details.may_change:
            with ui.element("div").classes("actions"):
                if row.is_archived:
                    button("Restore", told(self.toast)(self._restore))
                else:
                    button("Edit", self._open_edit)
                    button("Duplicate", told(self.toast)(self._duplicate))
                    button("Archive", told(self.toast)(self._archive))
        if row.description:
            text("p", row.description, "muted lines head-text").props('dir="auto"')

    @staticmethod
    def _tasks_title(count: int, may_change: bool) -> None:
        text("h2", "Tasks")
        text("span", f"{count:,}", "muted")
        if may_change:
            text("span", "Every change is saved at once.", "small muted")

    def _tasks_acts(self, may_change: bool) -> None:
        self.taking = None
        if may_change:
            self.taking = button(
                "Add Existing Tasks", told(self.toast)(self._open_take_in), look="btn"
            )
            button("+ Add Task", self._open_add, look="btn btn-primary")

    def _preview(self, plan: Plan | None) -> None:
        show_plan(plan, self.start_on, self.details)

    async def _start_on(self, day: date) -> None:
        self.start_on = day
        await told(self.toast)(self._refresh)()

    async def _act(self, act: str, sent: Mapping[str, Any]) -> None:
        known = {task.id: task for task in self.details.tasks}
        task = known.get(as_uuid(sent.get("id")) or self.group_id)
        if task is None:
            self._show_tasks()
            return
        handlers = {"move": self._move, "set": self._set, "edit": self._open_task}
        handler = handlers.get(act, self._take_out)
        await told(self.toast)(partial(self._do, handler, task, sent))()

    async def _do(self, handler: Handler, task: TaskTemplateRow, sent: Mapping[str, Any]) -> None:
        try:
            await handler(task, sent)
        except RollcallError:
            self._show_tasks()  # what the browser showed early isn't true
            raise

    def _open_add(self) -> None:
        after = max((task.start_day + task.days for task in self.details.tasks), default=1)
        self.add.open({"side": Side.TEAM, "start_day": after, "days": 1})

    def _open_edit(self) -> None:
        self.edit.open(self._subject())

    def _subject(self) -> Subject[GroupTemplateForm]:
        row = self.details.row  # what others change from here on isn't in the fields
        values = {"title": row.title, "description": row.description}
        return Subject(values, partial(self._edit, row.facts_version), self._anew)

    async def _anew(self) -> Subject[GroupTemplateForm]:
        await self._refresh()
        return self._subject()

    async def _edit(self, seen: int, form: GroupTemplateForm) -> Outcome:
        edit = partial(templates.edit_group, self.actor, self.group_id, form=form)
        await self.own.change(self.group_id, seen, edit)
        return "Saved."

    async def _add(self, form: TaskTemplateForm) -> Outcome:
        await templates.create_task(self.actor, form, group_id=self.group_id)
        return f"“{form.title}” is added."

    async def _open_take_in(self) -> None:
        found = await template_list.list_to_take_in(self.actor, self.group_id)
        if not found:
            self.toast.show("Every task template stands in this group already.")
            return
        self.options["task_ids"] = [
            Option(str(task.id), task.title, f"{task.side.label}, {count_words(task.days, 'day')}")
            for task in found
        ]
        self.take_in.open({})

    async def _take_in(self, form: TakeInForm) -> Outcome:
        version = self.details.row.facts_version
        await templates.take_in(self.actor, self.group_id, version, form)
        return f"{count_words(len(form.task_ids), 'task')} added."

    async def _open_task(self, task: TaskTemplateRow, _sent: Mapping[str, Any]) -> None:
        self.edit_task.open(task_subject(self.actor, task))

    async def _set(self, task: TaskTemplateRow, sent: Mapping[str, Any]) -> None:
        await self.own.change(task.id, task.facts_version, partial(self._set_values, task.id, sent))

    async def _set_values(self, task_id: UUID, sent: Mapping[str, Any], version: int) -> int:
        task = await template_list.get_task(self.actor, task_id)
        values = form_values(task)
        changed = {name: sent[name] for name in ("side", "start_day", "days") if name in sent}
        form = TaskTemplateForm(**values | changed)
        made = await templates.edit_task(self.actor, task.id, version, form)
        back = told(self.toast)(partial(self._set_back, task.id, values))
        where = "" if task.groups < 2 else f" in all {task.groups} groups that have it"
        self.toast.show(f"“{task.title}” is changed{where}.", "success", "Undo", back)
        return made

    async def _set_back(self, task_id: UUID, values: dict[str, Any]) -> None:
        version = (await template_list.get_task(self.actor, task_id)).facts_version
        await templates.edit_task(self.actor, task_id, version, TaskTemplateForm(**values))

    async def _move(self, task: TaskTemplateRow, sent: Mapping[str, Any]) -> None:
        version = as_version(sent.get("version"))
        if version is None:
            return
        back = self._back_to(task)
        await self.own.change(
            self.group_id,
            version,
            partial(
                templates.put_in_group,
                self.actor,
                self.group_id,
                task_id=task.id,
                before_id=as_uuid(sent.get("before")),
            ),
        )
        self.toast.show(f"“{task.title}” is moved.", "success", "Undo", back)

    async def _take_out(self, task: TaskTemplateRow, _sent: Mapping[str, Any]) -> None:
        back, seen = self._back_to(task), self.details.row.facts_version
        take_out = partial(templates.take_out_of_group, self.actor, self.group_id, task_id=task.id)
        await self.own.change(self.group_id, seen, take_out)
        self.toast.show(f"“{task.title}” is taken out.", "success", "Undo", back)

    def _back_to(self, task: TaskTemplateRow) -> Callable[[], Awaitable[None]]:
        """Puts a task back where it is now."""
        rest = [other.id for other in self.details.tasks]
        after = rest[rest.index(task.id) + 1 :][:1] if task.id in rest else []
        return told(self.toast)(partial(self._put_back, task, after[0] if after else None))

    async def _put_back(self, task: TaskTemplateRow, before_id: UUID | None) -> None:
        version = (await template_list.get_group(self.actor, self.group_id)).row.facts_version
        await templates.put_in_group(self.actor, self.group_id, version, task.id, before_id)

    async def _duplicate(self) -> None:
        copy_id = await templates.duplicate_group(self.actor, self.group_id)
        go_to(f"{self.base}/{copy_id}")

    async def _archive(self) -> None:
        row = self.details.row
        await templates.set_group_archived(self.actor, row.id, row.facts_version, archived=True)
        words = f"“{row.title}” is archived: no new POC starts from it."
        self.toast.show(words, "success", "Undo", told(self.toast)(self._restore))

    async def _restore(self) -> None:
        row = (await template_list.get_group(self.actor, self.group_id)).row
        await templates.set_group_archived(self.actor, row.id, row.facts_version, archived=False)
        self.toast.show(f"“{row.title}” is back.", tone="success")


def form_values(task: TaskTemplateRow) -> dict[str, Any]:
    """A task template's values as its form has them."""
    return {name: getattr(task, name) for name in TaskTemplateForm.model_fields}


def task_subject(actor: Actor, task: TaskTemplateRow) -> Subject[TaskTemplateForm]:
    """What the dialog that edits a task template is opened for."""

    async def anew() -> Subject[TaskTemplateForm]:
        return task_subject(actor, await template_list.get_task(actor, task.id))

    return Subject(form_values(task), partial(_edit_task, actor, task), anew)


async def _edit_task(actor: Actor, task: TaskTemplateRow, form: TaskTemplateForm) -> Outcome:
    await templates.edit_task(actor, task.id, task.facts_version, form)
    return "Saved, in every group that has it."


def _task_row(task: TaskTemplateRow) -> dict[str, Any]:
    """A task template as its row shows it."""
    return {"id": str(task.id), "resources": task.resources, **form_values(task)}
