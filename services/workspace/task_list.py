"""The tasks of a POC as its list, its board and its timeline show them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlmodel import col, func, select

from models import (
    Comment,
    CustomerPerson,
    GroupAssignee,
    GroupCustomer,
    Side,
    Task,
    TaskAssignee,
    TaskCustomer,
    TaskGroup,
    TaskStatus,
    User,
)
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core.errors import NotFoundError
from services.database.transaction import Transaction, reading
from services.users.ends import today_of
from services.workspace.people import Person, find_people, person_of
from services.workspace.rights import get_poc
from services.workspace.states import TASK_STEPS


@dataclass(frozen=True)
class TaskView:
    """A task as pages show it. `steps` are the statuses that it may have next; `today` is the
    present day in the organisation."""

    id: UUID
    poc_id: UUID
    group_id: UUID
    title: str
    description: str
    description_shared: bool
    side: Side
    status: TaskStatus
    steps: frozenset[TaskStatus]
    blocked_reason: str
    start_on: date | None
    due_on: date | None
    today: date
    completed_at: datetime | None
    accepted_by: Person | None
    assignees: Sequence[Person]
    comments: int
    position: int
    is_archived: bool
    version: int
    changed_by: Person | None


@dataclass(frozen=True)
class GroupView:
    """A group as pages show it, with its tasks in their order."""

    id: UUID
    poc_id: UUID
    title: str
    description: str
    side: Side
    start_on: date | None
    due_on: date | None
    assignees: Sequence[Person]
    position: int
    is_archived: bool
    version: int
    tasks: Sequence[TaskView]


# The columns that a view is made of. For hundreds of tasks, whole rows would take twice the time.
_tasks: Any = sqlalchemy.select(
    *(
        Task.__table__.c[name]  # type: ignore[attr-defined]  # SQLModel makes it
        for name in (
            *("id", "tenant_id", "poc_id", "group_id", "title", "description", "side", "status"),
            *(
                "description_shared",
                "blocked_reason",
                "start_on",
                "due_on",
                "completed_at",
                "accepted_by_id",
            ),
            *("position", "archived_at", "version", "changed_by_id"),
        )
    )
)


async def list_groups(principal: Principal, poc_id: UUID) -> Sequence[GroupView]:
    """The groups of a POC with their tasks, all in their order, without what is archived."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        poc = await get_poc(view, poc_id)
        of_poc = _tasks.where(col(Task.poc_id) == poc.id, col(Task.archived_at).is_(None))
        found = await view.tx.exec(of_poc.order_by(col(Task.position), col(Task.id)))
        by_group: dict[UUID, list[TaskView]] = defaultdict(list)
        for task in await _views(view.tx, found.all()):
            by_group[task.group_id].append(task)
        groups = await view.tx.exec(
            select(TaskGroup)
            .where(TaskGroup.poc_id == poc.id, col(TaskGroup.archived_at).is_(None))
            .order_by(col(TaskGroup.position), col(TaskGroup.id))
        )
        rows = groups.all()
        people = await _who_sees_to(view.tx, [group.id for group in rows])
        return [_group_view(group, people[group.id], by_group[group.id]) for group in rows]


async def find_task(task_id: UUID) -> TaskView:
    """A task as it is now, to tell the open pages; raises `NotFoundError`."""
    async with reading() as tx:
        task = (await tx.exec(_tasks.where(col(Task.id) == task_id))).first()
        if task is None:
            raise NotFoundError
        return (await _views(tx, [task]))[0]


async def find_group(group_id: UUID) -> GroupView:
    """A group as it is now, without its tasks, to tell the open pages; raises `NotFoundError`."""
    async with reading() as tx:
        group = await tx.get(TaskGroup, group_id)
        if group is None:
            raise NotFoundError
        return _group_view(group, (await _who_sees_to(tx, [group.id]))[group.id], [])


async def assignees_of(tx: Transaction, task_ids: Collection[UUID]) -> dict[UUID, list[Person]]:
    """The people who do each of these tasks: users by their names, then the customer's people."""
    return await _people_of(
        tx,
        task_ids,
        (TaskAssignee.task_id, TaskAssignee.user_id, User),
        (TaskCustomer.task_id, TaskCustomer.customer_id, CustomerPerson),
    )


async def _who_sees_to(tx: Transaction, group_ids: Collection[UUID]) -> dict[UUID, list[Person]]:
    """The people who see to each of these groups: users by their names, then the customer's
    people."""
    return await _people_of(
        tx,
        group_ids,
        (GroupAssignee.group_id, GroupAssignee.user_id, User),
        (GroupCustomer.group_id, GroupCustomer.customer_id, CustomerPerson),
    )


async def _people_of(
    tx: Transaction, ids: Collection[UUID], *links: tuple[Any, Any, Any]
) -> dict[UUID, list[Person]]:
    """The people of each of these rows. A link is a column with such an id, the column with the
    person's id beside it, and the table of the people."""
    people: dict[UUID, list[Person]] = defaultdict(list)
    for of, person_id, table in links if ids else ():
        found = await tx.exec(
            select(of, table)
            .join(table, table.id == person_id)
            .where(of.in_(ids))
            .order_by(table.name_key, table.id)
        )
        for row_id, person in found:
            people[row_id].append(person_of(person))
    return people


def _group_view(group: TaskGroup, people: Sequence[Person], tasks: Sequence[TaskView]) -> GroupView:
    return GroupView(
        id=group.id,
        poc_id=group.poc_id,
        title=group.title,
        description=group.description,
        side=group.side,
        start_on=group.start_on,
        due_on=group.due_on,
        assignees=people,
        position=group.position,
        is_archived=group.archived_at is not None,
        version=group.version,
        tasks=tasks,
    )


async def _views(tx: Transaction, tasks: Sequence[Any]) -> list[TaskView]:
    ids = [task.id for task in tasks]
    today = await today_of(tx, tasks[0].tenant_id if tasks else None)
    assignees = await assignees_of(tx, ids)
    comments = await _comments_on(tx, ids)
    changed_by = await find_people(
        tx, [person for task in tasks for person in (task.changed_by_id, task.accepted_by_id)]
    )
    return [
        TaskView(
            id=task.id,
            poc_id=task.poc_id,
            group_id=task.group_id,
            title=task.title,
            description=task.description,
            description_shared=task.description_shared,
            side=task.side,
            status=task.status,
            steps=TASK_STEPS[task.status],
            blocked_reason=task.blocked_reason,
            start_on=task.start_on,
            due_on=task.due_on,
            today=today,
            completed_at=task.completed_at,
            accepted_by=changed_by.get(task.accepted_by_id) if task.accepted_by_id else None,
            assignees=assignees[task.id],
            comments=comments.get(task.id, 0),
            position=task.position,
            is_archived=task.archived_at is not None,
            version=task.version,
            changed_by=changed_by.get(task.changed_by_id) if task.changed_by_id else None,
        )
        for task in tasks
    ]


async def _comments_on(tx: Transaction, task_ids: Collection[UUID]) -> dict[UUID | None, int]:
    if not task_ids:
        return {}
    found = await tx.exec(
        select(Comment.task_id, func.count())
        .where(col(Comment.task_id).in_(task_ids), col(Comment.removed_at).is_(None))
        .group_by(col(Comment.task_id))
    )
    return dict(found.all())
