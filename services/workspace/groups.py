"""The groups in which a POC's tasks stand."""

from uuid import UUID

from sqlmodel import col, select

from models import Poc, Task, TaskGroup
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting
from services.audit.writing import Action
from services.core import clock
from services.core.errors import ConflictError
from services.core.forms import Form, lines, text
from services.core.looking import looks_first
from services.workspace.events import GroupChanged
from services.workspace.positions import next_position, reposition
from services.workspace.rights import (
    by_id,
    check_version,
    get_part_to_change,
    get_poc_to_change,
    stamp,
)


class GroupForm(Form):
    """The facts of a group."""

    title: str = text("Title")
    description: str = lines("Description", optional=True)


@looks_first
async def add_group(principal: Principal, poc_id: UUID, form: GroupForm) -> UUID:
    """Add an empty group at the end of a POC; returns its id."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc = await get_poc_to_change(act, poc_id)
        position = next_position(await _groups_of(act, poc))
        values = {**stamp(act), **form.model_dump(), "poc_id": poc.id, "position": position}
        group = act.add(TaskGroup(**values))
        await act.record(Action.GROUP_ADDED, poc, group=group.title)
        _changed(act, group)
        return group.id


@looks_first
async def edit_group(principal: Principal, group_id: UUID, version: int, form: GroupForm) -> None:
    """Change a group's title and description."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, group = await get_part_to_change(act, TaskGroup, group_id)
        if (group.title, group.description) == (form.title, form.description):
            return
        check_version(version, group.version, f"“{group.title}”")
        before, group.title, group.description = group.title, form.title, form.description
        await act.record(
            Action.GROUP_EDITED,
            poc,
            group=group.title,
            before=before if before != group.title else None,
        )
        _touch(act, group)


@looks_first
async def move_group(
    principal: Principal, group_id: UUID, version: int, *, before_id: UUID | None = None
) -> None:
    """Have a group stand before another one, or at the end."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, group = await get_part_to_change(act, TaskGroup, group_id)
        check_version(version, group.version, f"“{group.title}”")
        rows = {row.id: row for row in await _groups_of(act, poc)}
        for moved_id in reposition(list(rows.values()), group, before_id):
            _touch(act, rows[moved_id])


@looks_first
async def set_archived(
    principal: Principal, group_id: UUID, version: int, *, archived: bool
) -> None:
    """Take an empty group out of its POC, or put it back. Raises `ConflictError` where it has
    tasks."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, group = await get_part_to_change(act, TaskGroup, group_id, archived=True)
        if (group.archived_at is not None) == archived:
            return
        check_version(version, group.version, f"“{group.title}”")
        if archived and await _has_tasks(act, group):
            raise ConflictError(f"“{group.title}” has tasks. Move or archive them first.")
        group.archived_at = clock.now() if archived else None
        action = Action.GROUP_ARCHIVED if archived else Action.GROUP_RESTORED
        await act.record(action, poc, group=group.title)
        _touch(act, group)


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


def _touch(act: Act, group: TaskGroup) -> None:
    group.changed(clock.now(), by_id(act))
    _changed(act, group)


def _changed(act: Act, group: TaskGroup) -> None:
    act.publish(GroupChanged(tenant_id=group.tenant_id, poc_id=group.poc_id, group_id=group.id))
