"""The groups in which a POC's tasks stand."""

from uuid import UUID

from sqlmodel import col, select

from models import Poc, Task, TaskGroup
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting
from services.core import clock
from services.core.errors import ConflictError
from services.core.forms import people
from services.database.looking import looks_first
from services.workspace import assigning
from services.workspace.actions import GroupAction
from services.workspace.events import GroupChanged
from services.workspace.fields import WorkForm, changed_facts, customers_field, fact_words
from services.workspace.positions import next_position, reposition
from services.workspace.rights import (
    by_id,
    check_version,
    get_part_to_change,
    get_poc_to_change,
    stamp,
)


class GroupForm(WorkForm):
    """The facts of a group."""


class NewGroupForm(GroupForm):
    """A group to add to a POC, with the people who see to it."""

    assignee_ids: tuple[UUID, ...] = people(
        "Assignees", among=Permission.MANAGE_TASKS, optional=True
    )
    customer_ids: tuple[UUID, ...] = customers_field()


@looks_first
async def add_group(principal: Principal, poc_id: UUID, form: NewGroupForm) -> UUID:
    """Add an empty group at the end of a POC; returns its id. Raises `InvalidInputError` for an
    assignee who can't be chosen."""
    async with acting(principal, Permission.MANAGE_TASKS, lock=form.assignee_ids) as act:
        await assigning.lock(act, form.customer_ids)
        poc = await get_poc_to_change(act, poc_id)
        facts = form.model_dump(exclude={"assignee_ids", "customer_ids"})
        position = next_position(await _groups_of(act, poc))
        group = act.add(TaskGroup(**stamp(act), **facts, poc_id=poc.id, position=position))
        await act.tx.flush()
        await act.record(GroupAction.ADDED, poc, group=group.title)
        await assigning.assign_to(act, poc, group, form.assignee_ids, form.customer_ids)
        _changed(act, group)
        return group.id


@looks_first
async def edit_group(principal: Principal, group_id: UUID, version: int, form: GroupForm) -> None:
    """Change a group's facts; its tasks keep theirs."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, group = await get_part_to_change(act, TaskGroup, group_id)
        changes = changed_facts(group, form)
        if not changes:
            return
        check_version(version, group.version, f"“{group.title}”")
        before = group.title
        for name in changes:
            setattr(group, name, getattr(form, name))
        await act.record(
            GroupAction.EDITED,
            poc,
            group=group.title,
            changed=fact_words(changes),
            before=before if before != group.title else None,
        )
        touch(act, group)


@looks_first
async def assign_group(
    principal: Principal,
    group_id: UUID,
    version: int,
    assignee_ids: tuple[UUID, ...],
    customer_ids: tuple[UUID, ...] = (),
) -> None:
    """Say who sees to a group, as `tasks.assign` says who does a task."""
    async with acting(principal, Permission.MANAGE_TASKS, lock=assignee_ids) as act:
        changed = await assigning.reassign(
            act, TaskGroup, group_id, version, assignee_ids, customer_ids
        )
        if changed is not None:
            _, group = changed
            touch(act, group)


@looks_first
async def move_group(
    principal: Principal, group_id: UUID, version: int, *, before_id: UUID | None = None
) -> int:
    """Have a group stand before another one, or at the end. Returns the version that this makes of
    it: the given one, if it stands there already."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, group = await get_part_to_change(act, TaskGroup, group_id)
        check_version(version, group.version, f"“{group.title}”")
        rows = {row.id: row for row in await _groups_of(act, poc)}
        for moved_id in reposition(list(rows.values()), group, before_id):
            touch(act, rows[moved_id])
        return group.version


@looks_first
async def set_archived(
    principal: Principal, group_id: UUID, version: int, *, archived: bool
) -> int:
    """Take an empty group out of its POC, or put it back; returns its version. Raises
    `ConflictError` if it has tasks."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, group = await get_part_to_change(act, TaskGroup, group_id, archived=True)
        if (group.archived_at is not None) == archived:
            return version
        check_version(version, group.version, f"“{group.title}”")
        if archived and await _has_tasks(act, group):
            raise ConflictError(f"“{group.title}” has tasks. Move or archive them first.")
        group.archived_at = clock.now() if archived else None
        action = GroupAction.ARCHIVED if archived else GroupAction.RESTORED
        await act.record(action, poc, group=group.title)
        touch(act, group)
        return group.version


async def _groups_of(act: Act, poc: Poc) -> list[TaskGroup]:
    found = await act.tx.exec(
        select(TaskGroup)
        .where(TaskGroup.poc_id == poc.id)
        .order_by(col(TaskGroup.position), col(TaskGroup.id))
    )
    return list(found)


async def _has_tasks(act: Act, group: TaskGroup) -> bool:
    found = await act.tx.exec(
        select(Task.id).where(Task.group_id == group.id, col(Task.archived_at).is_(None))
    )
    return found.first() is not None


def touch(act: Act, group: TaskGroup) -> None:
    """Count a change of a group, and tell of it."""
    group.changed(clock.now(), by_id(act))
    _changed(act, group)


def _changed(act: Act, group: TaskGroup) -> None:
    act.publish(GroupChanged(tenant_id=group.tenant_id, poc_id=group.poc_id, group_id=group.id))
