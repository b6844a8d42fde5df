"""The tasks of a POC: the tab Tasks, as a list, a board or a timeline."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from models import Side, TaskStatus
from services.access.permissions import Permission
from services.core.errors import NotFoundError, RollcallError
from services.core.forms import Form, checkbox, lines, people
from services.sessions.sessions import Visit
from services.users import selection
from services.users.selection import Selection
from services.workspace import assigning, groups, task_list, tasks
from services.workspace.fields import OF_CUSTOMER, customers_field
from services.workspace.groups import GroupForm, NewGroupForm
from services.workspace.listing import PocDetails
from services.workspace.task_list import GroupView, TaskView
from services.workspace.tasks import MANAGE_TASKS, NewTaskForm, TaskForm, TaskStatusForm
from ui.actions import told
from ui.components.poc_tasks import Look, PocTasks, Showing
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome, Subject
from ui.forms.helpers import renewed
from ui.input import as_text, as_uuid, as_version
from ui.own_versions import OwnVersions
from ui.pages.workspace.poc_task_values import chosen_of, facts_of, standing_of, values_of
from ui.paths import home_path
from ui.work_words import span_words

Handler = Callable[[UUID, Mapping[str, Any]], Awaitable[None]]
EMPTY = "Add a group, then its tasks."
# How the tasks can be looked at: the last part of the path of each, and its label.
LOOKS: Mapping[Look, tuple[str, str]] = {
    "list": ("", "List"),
    "board": ("board", "Board"),
    "timeline": ("timeline", "Timeline"),
}


class AssigneesForm(Form):
    """Who does a task, or sees to a group."""

    assignee_ids: tuple[UUID, ...] = people("Assignees", among=MANAGE_TASKS, optional=True)
    customer_ids: tuple[UUID, ...] = customers_field()


class ReasonForm(Form):
    """Why a task is blocked."""

    reason: str = lines("Reason")
    shared: bool = checkbox("Show this to the customer")


class AddedTaskForm(TaskForm):
    """A task to add to the group that the dialog is about."""

    assignee_ids: tuple[UUID, ...] = people("Assignees", among=MANAGE_TASKS, optional=True)
    customer_ids: tuple[UUID, ...] = customers_field()


async def build(visit: Visit, toast: Toast, details: PocDetails, *, look: Look) -> None:
    """Lay the tab out."""
    screen = _TasksScreen(visit, toast, details)
    screen.build(await task_list.list_groups(visit.actor, details.row.id), look)


class _TasksScreen:
    """The handlers of one open tab."""

    def __init__(self, visit: Visit, toast: Toast, details: PocDetails) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.poc_id = details.row.id
        self.row = details.row
        self.accepts = details.with_access > 0
        self.url = f"{home_path(visit.tenant_slug)}/pocs/{details.row.id}"
        self.may_change = details.may_change and not details.row.archived
        self.reading: UUID | None = None
        self.own = OwnVersions()

    def build(self, found: Sequence[GroupView], look: Look) -> None:
        """Lay the tab out."""
        find_people = Helpers(people=self._find_people)
        self.new_group = FormDialog(
            self.toast,
            "New group",
            NewGroupForm,
            submit="Add Group",
            on_submit=self._add_group,
            helpers=find_people,
        )
        self.edit_group = FormDialog(
            self.toast,
            "Edit group",
            GroupForm,
            submit="Save",
        )
        self.new_task = FormDialog(
            self.toast,
            "Add task",
            AddedTaskForm,
            submit="Add Task",
            helpers=find_people,
        )
        self.edit_task = FormDialog(
            self.toast,
            "Edit task",
            TaskForm,
            submit="Save",
            helpers=Helpers(on_stale=self._read_again),
        )
        self.assignees = FormDialog(
            self.toast, "Assign", AssigneesForm, submit="Save", helpers=find_people
        )
        self.group_assignees = FormDialog(
            self.toast, "Assign", AssigneesForm, submit="Save", helpers=find_people
        )
        self.blocked = FormDialog(self.toast, "What is in the way?", ReasonForm, submit="Save")
        urls = [
            (name, label, f"{self.url}/{path}".rstrip("/")) for name, (path, label) in LOOKS.items()
        ]
        showing = Showing(
            look=look,
            looks=urls,
            me=str(self.actor.user_id),
            today=self.row.today,
            span=(self.row.start_on, self.row.due),
            may_change=self.may_change,
            empty=EMPTY if self.may_change else "Whoever works on this POC adds them.",
            accepts=self.accepts,
        )
        self.view = PocTasks(
            *values_of(found), showing, on_act=self._act, on_missed=told(self.toast)(self._show)
        )

    async def _find_people(
        self, among: Permission | None, words: str, chosen: Sequence[UUID]
    ) -> Selection:
        if among is OF_CUSTOMER:
            return await assigning.list_assignable(self.actor, self.poc_id, words, chosen)
        return await selection.list_selectable(self.actor, among, words, chosen)

    async def _show(self) -> None:
        found = await task_list.list_groups(self.actor, self.poc_id)
        self.view.show(*values_of(found))

    async def _act(self, act: str, sent: Mapping[str, Any]) -> None:
        if act == "add":
            await told(self.toast)(self._open_new_task)(as_uuid(sent.get("group")))
            return
        if act == "new_group":
            self.new_group.open({"side": Side.TEAM})
            return
        row_id = as_uuid(sent.get("id"))
        if row_id is None:
            return
        handlers = {
            "status": self._status,
            "move": self._move,
            "schedule": self._schedule,
            "edit": self._open_edit,
            "assign": self._open_assign,
            "archive": self._archive,
            "edit_group": self._open_edit_group,
            "assign_group": self._open_assign_group,
            "move_group": self._move_group,
            "archive_group": self._archive_group,
        }
        await told(self.toast)(partial(self._do, handlers[act], row_id, sent))()

    async def _do(self, handler: Handler, row_id: UUID, sent: Mapping[str, Any]) -> None:
        try:
            await handler(row_id, sent)
        except RollcallError:
            await self._show()  # what the browser showed early isn't true
            raise

    async def _open_new_task(self, group_id: UUID | None = None) -> None:
        found = await task_list.list_groups(self.actor, self.poc_id)
        if not found:
            self.new_group.open({"side": Side.TEAM}, body="Tasks stand in groups: begin with one.")
            return
        group = next((group for group in found if group.id == group_id), found[0])
        new = Subject({"side": Side.TEAM}, partial(self._add_task, group.id))
        self.new_task.open(new, title=f"Add task to “{group.title}”")

    async def _add_group(self, form: NewGroupForm) -> Outcome:
        await groups.add_group(self.actor, self.poc_id, form)
        return f"“{form.title}” is added."

    async def _open_edit_group(self, group_id: UUID, _sent: Mapping[str, Any]) -> None:
        self.edit_group.open(self._group_subject(await self._find_group(group_id)))

    def _group_subject(self, group: GroupView) -> Subject[GroupForm]:
        return Subject(
            facts_of(group),
            partial(self._edit_group, group),
            partial(renewed, self._find_group, group.id, self._group_subject),
        )

    async def _edit_group(self, group: GroupView, form: GroupForm) -> Outcome:
        await groups.edit_group(self.actor, group.id, group.version, form)
        return "Saved."

    async def _open_assign_group(self, group_id: UUID, _sent: Mapping[str, Any]) -> None:
        group = await self._find_group(group_id)
        title = f"Who sees to “{group.title}”?"
        self.group_assignees.open(self._seeing_to(group), title=title)

    def _seeing_to(self, group: GroupView) -> Subject[AssigneesForm]:
        return Subject(
            chosen_of(group),
            partial(self._assign_group, group),
            partial(renewed, self._find_group, group.id, self._seeing_to),
        )

    async def _assign_group(self, group: GroupView, form: AssigneesForm) -> Outcome:
        await groups.assign_group(
            self.actor, group.id, group.version, form.assignee_ids, form.customer_ids
        )
        return "Saved."

    async def _move_group(self, group_id: UUID, sent: Mapping[str, Any]) -> None:
        version = as_version(sent.get("version"))
        if version is not None:
            before = as_uuid(sent.get("before"))
            move = partial(groups.move_group, self.actor, group_id, before_id=before)
            await self.own.change(group_id, version, move)

    async def _archive_group(self, group_id: UUID, _sent: Mapping[str, Any]) -> None:
        group = await self._find_group(group_id)
        await self._take_out(group, partial(groups.set_archived, self.actor, group.id))

    async def _take_out(
        self, row: TaskView | GroupView, set_archived: Callable[..., Awaitable[int]]
    ) -> None:
        """Archive a task or a group, also behind one's own act on it that is still under way."""
        made = row.version

        async def archive(version: int) -> int:
            nonlocal made
            made = await set_archived(version, archived=True)
            return made

        await self.own.change(row.id, row.version, archive)
        restore = partial(set_archived, archived=False)
        back = told(self.toast)(partial(self.own.change, row.id, made, restore))
        self.toast.show(f"“{row.title}” is archived.", "success", "Undo", back)

    async def _add_task(self, group_id: UUID, form: AddedTaskForm) -> Outcome:
        await tasks.add_task(self.actor, NewTaskForm(**form.model_dump(), group_id=group_id))
        return f"“{form.title}” is added."

    async def _find_group(self, group_id: UUID) -> GroupView:
        found = {group.id: group for group in await task_list.list_groups(self.actor, self.poc_id)}
        if group_id not in found:
            raise NotFoundError("This group isn't there any more. Look again.")
        return found[group_id]

    async def _find(self, task_id: UUID) -> TaskView:
        found = await task_list.list_groups(self.actor, self.poc_id)
        shown = {task.id: task for group in found for task in group.tasks}
        if task_id not in shown:
            raise NotFoundError("This task isn't there any more. Look again.")
        return shown[task_id]

    async def _open_edit(self, task_id: UUID, _sent: Mapping[str, Any]) -> None:
        task = await self._find(task_id)
        if self.may_change:
            self.edit_task.open(self._task_subject(task))
        else:
            self._show_facts(task)

    def _task_subject(self, task: TaskView) -> Subject[TaskForm]:
        return Subject(
            facts_of(task),
            partial(self._edit_task, task),
            partial(renewed, self._find, task.id, self._task_subject),
        )

    def _show_facts(self, task: TaskView) -> None:
        said = standing_of(task)
        self.reading = task.id
        self.edit_task.open(facts_of(task), title="Task", body=said, reading=str(task.id))

    async def _read_again(self) -> None:
        """Show what the task is by now to somebody who may only read it."""
        reading = self.reading
        if reading is None:
            return
        task = await self._find(reading)
        if self.edit_task.is_open and self.reading == reading:  # else closed, or another's
            self._show_facts(task)

    async def _edit_task(self, task: TaskView, form: TaskForm) -> Outcome:
        await tasks.edit_task(self.actor, task.id, task.version, form)
        return "Saved."

    async def _open_assign(self, task_id: UUID, _sent: Mapping[str, Any]) -> None:
        task = await self._find(task_id)
        self.assignees.open(self._doing(task), title=f"Who does “{task.title}”?")

    def _doing(self, task: TaskView) -> Subject[AssigneesForm]:
        return Subject(
            chosen_of(task),
            partial(self._assign, task),
            partial(renewed, self._find, task.id, self._doing),
        )

    async def _assign(self, task: TaskView, form: AssigneesForm) -> Outcome:
        await tasks.assign(self.actor, task.id, task.version, form.assignee_ids, form.customer_ids)
        return "Saved."

    async def _status(self, task_id: UUID, sent: Mapping[str, Any]) -> None:
        status, version = sent.get("status"), as_version(sent.get("version"))
        if version is None or status not in tuple(TaskStatus):
            return
        if status == TaskStatus.BLOCKED.value:
            self.blocked.open(Subject({}, partial(self._block, task_id, version)))
            return
        await self._set_status(task_id, version, TaskStatusForm(status=TaskStatus(status)))

    async def _set_status(self, task_id: UUID, seen: int, form: TaskStatusForm) -> None:
        set_it = partial(tasks.set_status, self.actor, task_id, form=form)
        await self.own.change(task_id, seen, set_it)

    async def _block(self, task_id: UUID, seen: int, form: ReasonForm) -> Outcome:
        blocked = TaskStatusForm(
            status=TaskStatus.BLOCKED, reason=form.reason, reason_shared=form.shared
        )
        await self._set_status(task_id, seen, blocked)
        return "Saved."

    async def _move(self, task_id: UUID, sent: Mapping[str, Any]) -> None:
        group_id, version = as_uuid(sent.get("group")), as_version(sent.get("version"))
        if group_id is None or version is None:
            return
        move = partial(
            tasks.move_task,
            self.actor,
            task_id,
            group_id=group_id,
            before_id=as_uuid(sent.get("before")),
        )
        await self.own.change(task_id, version, move)

    async def _schedule(self, task_id: UUID, sent: Mapping[str, Any]) -> None:
        seen = as_version(sent.get("version"))
        if seen is not None:
            await self.own.change(task_id, seen, partial(self._set_days, task_id, sent))

    async def _set_days(self, task_id: UUID, sent: Mapping[str, Any], version: int) -> int:
        task = await self._find(task_id)
        facts = facts_of(task)
        days = {
            "start_on": as_text(sent, "start") or None,
            "due_on": as_text(sent, "end") or None,
        }
        form = TaskForm(**{**facts, **days})
        if (form.start_on, form.due_on) == (task.start_on, task.due_on):
            return version
        made = await tasks.edit_task(self.actor, task_id, version, form)
        before = TaskForm(**facts)
        put_back = partial(tasks.edit_task, self.actor, task_id, form=before)
        back = told(self.toast)(partial(self.own.change, task_id, made, put_back))
        words = f"“{task.title}”: {span_words(form.start_on, form.due_on)}."
        self.toast.show(words, "success", "Undo", back)
        return made

    async def _archive(self, task_id: UUID, _sent: Mapping[str, Any]) -> None:
        task = await self._find(task_id)
        await self._take_out(task, partial(tasks.set_archived, self.actor, task.id))
