"""Templates as their lists and their editor show them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from models import GroupTemplate, GroupTemplateTask, Resource, Side, TaskGroup, TaskTemplate
from services.access.actor import Principal
from services.access.permissions import Permission, may
from services.audit.acting import View, viewing
from services.core.db import Transaction
from services.core.names import fold, plain, words_of
from services.workspace.people import Person, find_people
from services.workspace.plans import templates_of
from services.workspace.rights import tenant_of


@dataclass(frozen=True)
class TaskTemplateRow:
    """A task template, in how many groups it stands, and how many resources it has."""

    id: UUID
    title: str
    description: str
    side: Side
    start_day: int
    days: int
    groups: int
    resources: int
    is_archived: bool
    version: int
    changed_at: datetime
    changed_by: Person | None


@dataclass(frozen=True)
class GroupTemplateRow:
    """A group template: its tasks by side, its days from the first to the last, its resources with
    those of its tasks, and in how many POCs there are copies of it."""

    id: UUID
    title: str
    description: str
    team: int
    customer: int
    days: int
    resources: int
    pocs: int
    is_archived: bool
    version: int
    changed_at: datetime
    changed_by: Person | None

    @property
    def tasks(self) -> int:
        """How many tasks it has."""
        return self.team + self.customer


@dataclass(frozen=True)
class GroupTemplateDetails:
    """A group template with its tasks in their order; whether whoever looks may change it."""

    row: GroupTemplateRow
    tasks: Sequence[TaskTemplateRow]
    may_change: bool


@dataclass(frozen=True)
class Templates:
    """The templates that a search finds, by title, and how many archived ones there are."""

    groups: Sequence[GroupTemplateRow]
    tasks: Sequence[TaskTemplateRow]
    archived_groups: int
    archived_tasks: int


async def list_templates(principal: Principal, q: str = "", *, archived: bool = False) -> Templates:
    """The organisation's templates by title, with the archived ones where they are wanted."""
    words = words_of(fold(plain(q)))
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        groups = await view.tx.exec(
            select(GroupTemplate)
            .where(*_found(view, GroupTemplate, words, archived))
            .order_by(col(GroupTemplate.title_key), col(GroupTemplate.id))
        )
        tasks = await view.tx.exec(
            select(TaskTemplate)
            .where(*_found(view, TaskTemplate, words, archived))
            .order_by(col(TaskTemplate.title_key), col(TaskTemplate.id))
        )
        return Templates(
            groups=await group_rows(view, groups.all()),
            tasks=await _task_rows(view.tx, tasks.all()),
            archived_groups=await _count_archived(view, GroupTemplate),
            archived_tasks=await _count_archived(view, TaskTemplate),
        )


async def get_group(principal: Principal, group_id: UUID) -> GroupTemplateDetails:
    """A group template with its tasks; raises `NotFoundError`."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        group = await view.get(GroupTemplate, group_id)
        (row,) = await group_rows(view, [group])
        tasks = await _task_rows(view.tx, await templates_of(view, group.id))
        return GroupTemplateDetails(row, tasks, _may_change(view))


async def get_task(principal: Principal, task_id: UUID) -> TaskTemplateRow:
    """A task template; raises `NotFoundError`."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        return (await _task_rows(view.tx, [await view.get(TaskTemplate, task_id)]))[0]


async def group_rows(view: View, groups: Sequence[GroupTemplate]) -> list[GroupTemplateRow]:
    """The rows of these group templates."""
    ids = [group.id for group in groups]
    people = await find_people(view.tx, [group.changed_by_id for group in groups])
    in_pocs = await _count_by(view.tx, TaskGroup.template_id, TaskGroup.poc_id, ids)
    own = await _count_by(
        view.tx, Resource.group_template_id, Resource.id, ids, col(Resource.archived_at).is_(None)
    )
    rows = []
    for group in groups:
        tasks = await templates_of(view, group.id)
        of_tasks = await _resources_of_tasks(view.tx, [task.id for task in tasks])
        team = sum(task.side is Side.TEAM for task in tasks)
        rows.append(
            GroupTemplateRow(
                id=group.id,
                title=group.title,
                description=group.description,
                team=team,
                customer=len(tasks) - team,
                days=max((task.start_day + task.days - 1 for task in tasks), default=0),
                resources=own.get(group.id, 0) + sum(of_tasks.values()),
                pocs=in_pocs.get(group.id, 0),
                is_archived=group.archived_at is not None,
                version=group.version,
                changed_at=group.changed_at,
                changed_by=people.get(group.changed_by_id) if group.changed_by_id else None,
            )
        )
    return rows


async def _task_rows(tx: Transaction, tasks: Sequence[TaskTemplate]) -> list[TaskTemplateRow]:
    ids = [task.id for task in tasks]
    people = await find_people(tx, [task.changed_by_id for task in tasks])
    in_groups = await _count_by(tx, GroupTemplateTask.task_id, GroupTemplateTask.group_id, ids)
    resources = await _resources_of_tasks(tx, ids)
    return [
        TaskTemplateRow(
            id=task.id,
            title=task.title,
            description=task.description,
            side=task.side,
            start_day=task.start_day,
            days=task.days,
            groups=in_groups.get(task.id, 0),
            resources=resources.get(task.id, 0),
            is_archived=task.archived_at is not None,
            version=task.version,
            changed_at=task.changed_at,
            changed_by=people.get(task.changed_by_id) if task.changed_by_id else None,
        )
        for task in tasks
    ]


async def _resources_of_tasks(tx: Transaction, ids: Collection[UUID]) -> Mapping[UUID, int]:
    return await _count_by(
        tx, Resource.task_template_id, Resource.id, ids, col(Resource.archived_at).is_(None)
    )


async def _count_by(
    tx: Transaction,
    owner: Any,
    what: Any,
    ids: Collection[UUID],
    *conditions: ColumnElement[bool],
) -> Mapping[UUID, int]:
    """How many different ones there are of each owner; both are columns."""
    if not ids:
        return {}
    found = await tx.exec(
        select(col(owner), func.count(col(what).distinct()))
        .where(col(owner).in_(ids), *conditions)
        .group_by(col(owner))
    )
    return dict(found.all())


def _found(
    view: View,
    table: type[GroupTemplate] | type[TaskTemplate],
    words: Sequence[str],
    archived: bool,
) -> list[ColumnElement[bool]]:
    conditions = [col(table.tenant_id) == tenant_of(view)]
    conditions += [col(table.title_key).contains(word, autoescape=True) for word in words]
    if not archived:
        conditions.append(col(table.archived_at).is_(None))
    return conditions


async def _count_archived(view: View, table: type[GroupTemplate] | type[TaskTemplate]) -> int:
    found = await view.tx.exec(
        select(func.count())
        .select_from(table)
        .where(col(table.tenant_id) == view.tenant_id, col(table.archived_at).is_not(None))
    )
    return found.one()


def _may_change(view: View) -> bool:
    return view.user is not None and may(view.user.role, Permission.CREATE_TEMPLATES)
