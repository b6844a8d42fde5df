"""Templates: made, changed, put in order, archived. POCs have copies of them, which stay as they
are."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import col, select

from models import GroupTemplate, GroupTemplateTask, Resource, Side, TaskTemplate
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting
from services.core import clock
from services.core.errors import ConflictError
from services.core.forms import Form, lines, several, text
from services.core.names import fold
from services.database.looking import looks_first
from services.workspace import files
from services.workspace.actions import TemplateAction
from services.workspace.events import GroupTemplateChanged, TaskTemplateChanged
from services.workspace.fields import days_number, shares_description, side_choice
from services.workspace.plans import resources_of
from services.workspace.positions import next_position, reposition
from services.workspace.rights import by_id, check_version, stamp, tenant_of
from services.workspace.template_rows import facts_of, tell_group, tell_task

TemplateT = TypeVar("TemplateT", GroupTemplate, TaskTemplate)
LAST_DAY = 730
"""The latest day of a POC on which a task of a template can begin, and the longest that it can
take."""


class GroupTemplateForm(Form):
    """A group template's title and description."""

    title: str = text("Title")
    description: str = lines("Description", optional=True)


class TaskTemplateForm(Form):
    """A task template: whose work it is, and when, counted from a POC's first day, which is 1."""

    title: str = text("Title")
    description: str = lines("Description", optional=True)
    description_shared: bool = shares_description()
    side: Side = side_choice()
    start_day: int = days_number("Starts on day", LAST_DAY)
    days: int = days_number("Takes days", LAST_DAY)


class TakeInForm(Form):
    """Task templates to be added to the end of a group, too."""

    task_ids: tuple[UUID, ...] = several("Task Templates")


@looks_first
async def create_group(principal: Principal, form: GroupTemplateForm) -> UUID:
    """Make an empty group template; returns its id."""
    async with acting(principal, Permission.CREATE_TEMPLATES) as act:
        group = act.add(
            GroupTemplate(**stamp(act), **form.model_dump(), title_key=_key(form.title))
        )
        await act.record(TemplateAction.CREATED, group)
        _group_changed(act, group, None)
        return group.id


@looks_first
async def create_task(
    principal: Principal, form: TaskTemplateForm, *, group_id: UUID | None = None
) -> UUID:
    """Make a task template, at the end of a group if one is given; returns its id."""
    async with acting(principal, Permission.CREATE_TEMPLATES) as act:
        group = await _group_to_change(act, group_id) if group_id else None
        task = act.add(TaskTemplate(**stamp(act), **form.model_dump(), title_key=_key(form.title)))
        await act.tx.flush()
        if group is not None:
            await _put(act, group, task, None)
            group.changed(clock.now(), by_id(act))
            _group_changed(act, group, facts_of(group))
        await act.record(TemplateAction.CREATED, task, group=group.title if group else None)
        _task_changed(act, task, None)
        return task.id


@looks_first
async def edit_group(
    principal: Principal, group_id: UUID, version: int, form: GroupTemplateForm
) -> int:
    """Change a group template's title and description; returns its version."""
    async with acting(principal, Permission.CREATE_TEMPLATES) as act:
        group = await _group_to_change(act, group_id, version)
        was = facts_of(group)
        if await _edit(act, group, form):
            _group_changed(act, group, was)
        return group.version


@looks_first
async def edit_task(
    principal: Principal, task_id: UUID, version: int, form: TaskTemplateForm
) -> int:
    """Change a task template, in every group that has it. Returns the version that this makes of
    it: the given one, if nothing is to change."""
    async with acting(principal, Permission.CREATE_TEMPLATES) as act:
        task = await _task_to_change(act, task_id, version)
        was = facts_of(task)
        if await _edit(act, task, form):
            _task_changed(act, task, was)
            await _tell_groups_of(act, task)
        return task.version


async def _edit(act: Act, row: GroupTemplate | TaskTemplate, form: Form) -> bool:
    before, values = row.title, form.model_dump()
    if all(getattr(row, field) == value for field, value in values.items()):
        return False
    for field, value in values.items():
        setattr(row, field, value)
    row.title_key = _key(row.title)
    row.changed(clock.now(), by_id(act))
    await act.record(TemplateAction.EDITED, row, before=before if before != row.title else None)
    return True


@looks_first
async def put_in_group(
    principal: Principal, group_id: UUID, version: int, task_id: UUID, before_id: UUID | None = None
) -> int:
    """Put a task template into a group before another one, or at its end. It may be in the group
    already, or be new there. Returns the group's version as `edit_task` does the task's."""
    async with acting(principal, Permission.CREATE_TEMPLATES) as act:
        group = await _group_to_change(act, group_id, version)
        task = await _task_to_change(act, task_id)
        if await _put(act, group, task, before_id):
            group.changed(clock.now(), by_id(act))
            await act.record(TemplateAction.EDITED, group, task=task.title)
            _group_changed(act, group, facts_of(group))
            tell_task(act, task, facts_of(task))  # it is in more groups
        return group.version


@looks_first
async def take_in(principal: Principal, group_id: UUID, version: int, form: TakeInForm) -> None:
    """Add existing task templates to the end of a group, too."""
    async with acting(principal, Permission.CREATE_TEMPLATES) as act:
        group = await _group_to_change(act, group_id, version)
        known = {row.task_id for row in await _group_tasks(act, group)}
        # In one order, in case another act has some of them in common.
        tasks = {task_id: await _task_to_change(act, task_id) for task_id in sorted(form.task_ids)}
        new = [tasks[task_id] for task_id in form.task_ids if task_id not in known]
        for task in new:
            await _put(act, group, task, None)
            await act.tx.flush()
            tell_task(act, task, facts_of(task))
        if new:
            group.changed(clock.now(), by_id(act))
            titles = ", ".join(task.title for task in new)
            await act.record(TemplateAction.EDITED, group, task=titles)
            _group_changed(act, group, facts_of(group))


@looks_first
async def take_out_of_group(
    principal: Principal, group_id: UUID, version: int, task_id: UUID
) -> int:
    """Take a task template out of a group; the template itself stays. Returns the group's version
    as `put_in_group` does."""
    async with acting(principal, Permission.CREATE_TEMPLATES) as act:
        group = await _group_to_change(act, group_id, version)
        task = await act.get(TaskTemplate, task_id)
        for row in await _group_tasks(act, group):
            if row.task_id == task.id:
                await act.tx.delete(row)
                group.changed(clock.now(), by_id(act))
                await act.record(TemplateAction.EDITED, group, without=task.title)
                _group_changed(act, group, facts_of(group))
                tell_task(act, task, facts_of(task))  # it is in fewer groups
        return group.version


@looks_first
async def duplicate_group(principal: Principal, group_id: UUID) -> UUID:
    """Make another group with the same tasks and resources; returns its id."""
    async with acting(principal, Permission.CREATE_TEMPLATES) as act:
        group = await act.get(GroupTemplate, group_id)
        title = f"{group.title[:190]} (copy)"
        copy = act.add(
            GroupTemplate(
                **stamp(act), title=title, title_key=_key(title), description=group.description
            )
        )
        await act.tx.flush()
        for row in await _group_tasks(act, group):
            act.add(_group_task(act, copy.id, row.task_id, row.position))
            task = await act.get(TaskTemplate, row.task_id)
            tell_task(act, task, facts_of(task))
        for resource in await resources_of(act, group_ids=[group.id]):
            kept = resource.model_dump(include={"kind", "title", "content", "language", "shared"})
            resource_copy = act.add(Resource(**stamp(act), **kept, group_template_id=copy.id))
            await files.copy_content(act, resource, resource_copy)
        await act.record(TemplateAction.CREATED, copy, copy_of=group.title)
        _group_changed(act, copy, None)
        return copy.id


@looks_first
async def set_group_archived(
    principal: Principal, group_id: UUID, version: int, *, archived: bool
) -> None:
    """Take a group template out of what can be chosen, or put it back."""
    async with acting(principal, Permission.CREATE_TEMPLATES) as act:
        group = await act.get(GroupTemplate, group_id, lock=True)
        if _is_archived(group) != archived:
            check_version(version, group.version, f"“{group.title}”")
            await archive_group(act, group, archived)


@looks_first
async def set_task_archived(
    principal: Principal, task_id: UUID, version: int, *, archived: bool
) -> None:
    """Take a task template out of its groups, or put it back where it was."""
    async with acting(principal, Permission.CREATE_TEMPLATES) as act:
        task = await act.get(TaskTemplate, task_id, lock=True)
        if _is_archived(task) != archived:
            check_version(version, task.version, f"“{task.title}”")
            await archive_task(act, task, archived)


async def archive_group(act: Act, group: GroupTemplate, archived: bool) -> None:
    """Archive or restore a group template that the act has locked, and that isn't so already."""
    was = facts_of(group)
    await _archive(act, group, archived)
    _group_changed(act, group, was)


async def archive_task(act: Act, task: TaskTemplate, archived: bool) -> None:
    """Archive or restore a task template that the act has locked, and that isn't so already."""
    was = facts_of(task)
    await _archive(act, task, archived)
    _task_changed(act, task, was)
    await _tell_groups_of(act, task)


async def _archive(act: Act, row: GroupTemplate | TaskTemplate, archived: bool) -> None:
    row.archived_at = clock.now() if archived else None
    row.changed(clock.now(), by_id(act))
    await act.record(TemplateAction.ARCHIVED if archived else TemplateAction.RESTORED, row)


def _is_archived(row: GroupTemplate | TaskTemplate) -> bool:
    return row.archived_at is not None


async def _group_to_change(act: Act, group_id: UUID, version: int | None = None) -> GroupTemplate:
    return _changeable(await act.get(GroupTemplate, group_id, lock=True), version)


async def _task_to_change(act: Act, task_id: UUID, version: int | None = None) -> TaskTemplate:
    return _changeable(await act.get(TaskTemplate, task_id, lock=True), version)


def _changeable(row: TemplateT, version: int | None) -> TemplateT:
    if row.archived_at is not None:
        raise ConflictError(f"“{row.title}” is archived. Restore it first.")
    if version is not None:
        check_version(version, row.version, f"“{row.title}”")
    return row


async def _group_tasks(act: Act, group: GroupTemplate) -> Sequence[GroupTemplateTask]:
    found = await act.tx.exec(
        select(GroupTemplateTask)
        .where(GroupTemplateTask.group_id == group.id)
        .order_by(col(GroupTemplateTask.position))
    )
    return found.all()


def _group_task(act: Act, group_id: UUID, task_id: UUID, position: int) -> GroupTemplateTask:
    return GroupTemplateTask(
        tenant_id=tenant_of(act), group_id=group_id, task_id=task_id, position=position
    )


async def _put(act: Act, group: GroupTemplate, task: TaskTemplate, before_id: UUID | None) -> bool:
    """Whether the task is new to the group, or has another position in it."""
    rows = list(await _group_tasks(act, group))
    row = next((row for row in rows if row.task_id == task.id), None)
    is_new = row is None
    if row is None:
        row = act.add(_group_task(act, group.id, task.id, next_position(rows)))
    before = next((other.id for other in rows if other.task_id == before_id), before_id)
    moved = reposition(rows, row, before)
    return is_new or bool(moved)


async def _tell_groups_of(act: Act, task: TaskTemplate) -> None:
    """Have the list show the groups of a task again: their lengths may have changed."""
    found = await act.tx.exec(
        select(GroupTemplate)
        .join(GroupTemplateTask, col(GroupTemplateTask.group_id) == GroupTemplate.id)
        .where(GroupTemplateTask.task_id == task.id)
    )
    for group in found.all():
        tell_group(act, group, facts_of(group))


def _group_changed(act: Act, group: GroupTemplate, was: dict[str, Any] | None) -> None:
    act.publish(GroupTemplateChanged(tenant_id=group.tenant_id, template_id=group.id))
    tell_group(act, group, was)


def _task_changed(act: Act, task: TaskTemplate, was: dict[str, Any] | None) -> None:
    act.publish(TaskTemplateChanged(tenant_id=task.tenant_id, template_id=task.id))
    tell_task(act, task, was)


def _key(title: str) -> str:
    return fold(title)[:1000]
