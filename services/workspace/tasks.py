"""The tasks of a POC: added, changed, moved, assigned, done. And the groups they stand in."""

from uuid import UUID

from sqlmodel import col, select

from models import Poc, Task, TaskGroup, TaskStatus
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting
from services.core import clock
from services.core.errors import ConflictError, InvalidInputError, NotFoundError
from services.core.form_fields import Option
from services.core.forms import Form, checkbox, choice, lines, people
from services.database.looking import looks_first
from services.workspace import assigning
from services.workspace.actions import TaskAction
from services.workspace.events import TaskChanged
from services.workspace.fields import (
    WorkForm,
    changed_facts,
    customers_field,
    fact_words,
    shares_description,
)
from services.workspace.poc_list import facts_of, tell_row
from services.workspace.positions import next_position, reposition
from services.workspace.rights import (
    by_id,
    check_version,
    get_part_to_change,
    stamp,
)
from services.workspace.states import check_task_step

MANAGE_TASKS = Permission.MANAGE_TASKS
STATUSES = tuple(Option(status.value, status.label) for status in TaskStatus)


class TaskForm(WorkForm):
    """The facts of a task."""

    description_shared: bool = shares_description()


class NewTaskForm(TaskForm):
    """A task to add to a group, with the people who do it."""

    group_id: UUID
    assignee_ids: tuple[UUID, ...] = people("Assignees", among=MANAGE_TASKS, optional=True)
    customer_ids: tuple[UUID, ...] = customers_field()


class TaskStatusForm(Form):
    """The status of a task; if it is blocked, with the reason."""

    status: TaskStatus = choice("Status", STATUSES)
    reason: str = lines("Reason", optional=True)
    reason_shared: bool = checkbox("Show this to the customer")


@looks_first
async def add_task(principal: Principal, form: NewTaskForm) -> UUID:
    """Add a task at the end of a group; returns its id.

    Raises `InvalidInputError` for an assignee who can't be chosen.
    """
    async with acting(principal, Permission.MANAGE_TASKS, lock=form.assignee_ids) as act:
        await assigning.lock(act, form.customer_ids)
        poc, group = await get_part_to_change(act, TaskGroup, form.group_id)
        task = act.add(
            Task(
                **stamp(act),
                **form.model_dump(exclude={"assignee_ids", "customer_ids"}),
                poc_id=poc.id,
                position=next_position(await _tasks_of(act, group.id)),
            )
        )
        await act.tx.flush()
        await act.record(TaskAction.ADDED, poc, task=task.title)
        await assigning.assign_to(act, poc, task, form.assignee_ids, form.customer_ids)
        _changed(act, poc, task)
        return task.id


@looks_first
async def edit_task(principal: Principal, task_id: UUID, version: int, form: TaskForm) -> int:
    """Change a task's facts. Returns the version that this makes of it: the given one, if nothing
    is to change."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, task = await get_part_to_change(act, Task, task_id)
        changes = changed_facts(task, form)
        if not changes:
            return version
        check_version(version, task.version, f"“{task.title}”")
        for name in changes:
            setattr(task, name, getattr(form, name))
        await act.record(TaskAction.EDITED, poc, task=task.title, changed=fact_words(changes))
        return touch(act, poc, task)


@looks_first
async def set_status(
    principal: Principal, task_id: UUID, version: int, form: TaskStatusForm
) -> int:
    """Set the status of a task; returns its version as `edit_task` does. Raises `StepError` if it
    can't be the next status, and `InvalidInputError` if it is blocked without a reason."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, task = await get_part_to_change(act, Task, task_id)
        before, then = task.status, form.status
        reason = form.reason if then is TaskStatus.BLOCKED else ""
        if then is TaskStatus.BLOCKED and not reason:
            raise InvalidInputError({"reason": "Reason is required: what is in the way?"})
        shared = bool(reason) and form.reason_shared
        if (before, task.blocked_reason, task.reason_shared) == (then, reason, shared):
            return version
        check_version(version, task.version, f"“{task.title}”")
        if before is not then:
            check_task_step(before, then)
        task.status, task.blocked_reason, task.reason_shared = then, reason, shared
        task.completed_at = clock.now() if then is TaskStatus.DONE else None
        if then is not TaskStatus.DONE:
            task.accepted_at = task.accepted_by_id = None
        await act.record(
            TaskAction.STATUS_CHANGED,
            poc,
            task=task.title,
            before=before.label,
            after=then.label,
            reason=reason or None,
        )
        return touch(act, poc, task)


@looks_first
async def assign(
    principal: Principal,
    task_id: UUID,
    version: int,
    assignee_ids: tuple[UUID, ...],
    customer_ids: tuple[UUID, ...] = (),
) -> None:
    """Set who does a task, of the team and of the customer's people.

    A user who isn't a member of the POC becomes one. A deactivated person may stay, and can't be
    added. Raises `InvalidInputError` for people who can't be chosen.
    """
    async with acting(principal, Permission.MANAGE_TASKS, lock=assignee_ids) as act:
        changed = await assigning.reassign(act, Task, task_id, version, assignee_ids, customer_ids)
        if changed is not None:
            touch(act, *changed)


@looks_first
async def move_task(
    principal: Principal,
    task_id: UUID,
    version: int,
    *,
    group_id: UUID,
    before_id: UUID | None = None,
) -> int:
    """Have a task stand before another one of a group, or at the group's end; returns its version
    as `edit_task` does."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, task = await get_part_to_change(act, Task, task_id)
        group = await act.get(TaskGroup, group_id)
        if group.poc_id != poc.id or group.archived_at is not None:
            raise NotFoundError("This group isn't there any more. Look again.")
        rows = await _tasks_of(act, group.id)
        comes = task.group_id != group.id
        check_version(version, task.version, f"“{task.title}”")
        moved = {row.id: row for row in [*rows, task]}
        changed = reposition(rows, task, before_id)
        if not (comes or changed):
            return version
        task.group_id = group.id
        if comes:
            await act.record(TaskAction.EDITED, poc, task=task.title, group=group.title)
        for moved_id in {task.id, *changed}:
            touch(act, poc, moved[moved_id])
        return task.version


@looks_first
async def set_archived(principal: Principal, task_id: UUID, version: int, *, archived: bool) -> int:
    """Take a task out of its POC, or put it back where it was; returns its version as `edit_task`
    does."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, task = await get_part_to_change(act, Task, task_id, archived=True)
        if (task.archived_at is not None) == archived:
            return version
        check_version(version, task.version, f"“{task.title}”")
        if not archived and (await act.get(TaskGroup, task.group_id)).archived_at is not None:
            raise ConflictError("Its group is archived. Restore that one first.")
        task.archived_at = clock.now() if archived else None
        action = TaskAction.ARCHIVED if archived else TaskAction.RESTORED
        await act.record(action, poc, task=task.title)
        return touch(act, poc, task)


async def _tasks_of(act: Act, group_id: UUID) -> list[Task]:
    found = await act.tx.exec(
        select(Task).where(Task.group_id == group_id).order_by(col(Task.position), col(Task.id))
    )
    return list(found)


def touch(act: Act, poc: Poc, task: Task) -> int:
    """Count a change of a task, and tell of it; returns the version that it has now."""
    task.changed(clock.now(), by_id(act))
    _changed(act, poc, task)
    return task.version


def _changed(act: Act, poc: Poc, task: Task) -> None:
    act.publish(
        TaskChanged(tenant_id=task.tenant_id, poc_id=poc.id, task_id=task.id, by_id=by_id(act))
    )
    tell_row(act, poc, facts_of(poc))  # it may show another progress
