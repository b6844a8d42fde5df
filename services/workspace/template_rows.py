"""The two lists of templates, of groups and of tasks: each declared once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from models import (
    AuditHead,
    GroupTemplate,
    GroupTemplateTask,
    Resource,
    Side,
    TaskGroup,
    TaskTemplate,
)
from services.audit.acting import Act
from services.core import clock
from services.database.transaction import Transaction
from services.lists.declaration import Column, LiveList, Option, TextSearch, by, choice, too
from services.lists.events import RowChanged
from services.lists.wire import UNSENT
from services.workspace.people import Person, find_people

SHORT = 80
"""How many characters of a description a list shows."""
NEW = timedelta(days=7)
"""How long a group template is new, unless a POC was made from it."""


@dataclass(frozen=True)
class GroupTemplateRow:
    """A group template: its tasks by side, its days from the first to the last, and how many POCs
    have copies of it.

    Everything that it shows comes from an act in the organisation's log: `version` is the log's
    length, and says nothing about this row alone. A change of the template names the
    `facts_version` that its author saw.
    """

    id: UUID
    version: int = field(compare=False)
    facts_version: int = field(metadata=UNSENT)
    title: str
    description: str = field(metadata=UNSENT)
    created_at: datetime = field(metadata=UNSENT)
    changed_at: datetime
    changed_by: Person | None = field(metadata=UNSENT)
    key: str
    team: int = 0
    customer: int = 0
    days: int = 0
    pocs: int = 0
    is_archived: bool = False

    @property
    def tasks(self) -> int:
        """How many tasks it has."""
        return self.team + self.customer

    @property
    def is_new(self) -> bool:
        """Whether nobody could use it yet."""
        return not self.pocs and clock.now() - self.created_at < NEW


@dataclass(frozen=True)
class TaskTemplateRow:
    """A task template, how many groups it is in, and how many resources it has. Its versions work
    like those of a group."""

    id: UUID
    version: int = field(compare=False)
    facts_version: int = field(metadata=UNSENT)
    title: str
    description: str = field(metadata=UNSENT)
    description_shared: bool = field(metadata=UNSENT)
    side: Side
    start_day: int
    days: int
    changed_at: datetime
    changed_by: Person | None = field(metadata=UNSENT)
    key: str
    resources: int = field(default=0, metadata=UNSENT)
    groups: int = 0
    is_archived: bool = False


async def group_rows(tx: Transaction, groups: Sequence[GroupTemplate]) -> list[GroupTemplateRow]:
    """The rows of these group templates."""
    ids = [group.id for group in groups]
    version = await _version(tx, groups)
    people = await find_people(tx, [group.changed_by_id for group in groups])
    in_pocs = await _count_by(tx, TaskGroup.template_id, TaskGroup.poc_id, ids)
    tasks = await _measure(tx, ids)
    none = (0, 0)
    return [
        GroupTemplateRow(
            id=group.id,
            version=version,
            facts_version=group.version,
            title=group.title,
            description=group.description,
            created_at=group.created_at,
            changed_at=group.changed_at,
            changed_by=people.get(group.changed_by_id) if group.changed_by_id else None,
            key=group.title_key,
            team=tasks.get((group.id, Side.TEAM), none)[0],
            customer=tasks.get((group.id, Side.CUSTOMER), none)[0],
            days=max(tasks.get((group.id, side), none)[1] for side in Side),
            pocs=in_pocs.get(group.id, 0),
            is_archived=group.archived_at is not None,
        )
        for group in groups
    ]


async def task_rows(tx: Transaction, tasks: Sequence[TaskTemplate]) -> list[TaskTemplateRow]:
    """The rows of these task templates."""
    ids = [task.id for task in tasks]
    version = await _version(tx, tasks)
    people = await find_people(tx, [task.changed_by_id for task in tasks])
    in_groups = await _count_by(tx, GroupTemplateTask.task_id, GroupTemplateTask.group_id, ids)
    resources = await count_resources(tx, Resource.task_template_id, ids)
    return [
        TaskTemplateRow(
            id=task.id,
            version=version,
            facts_version=task.version,
            title=task.title,
            description=task.description,
            description_shared=task.description_shared,
            side=task.side,
            start_day=task.start_day,
            days=task.days,
            changed_at=task.changed_at,
            changed_by=people.get(task.changed_by_id) if task.changed_by_id else None,
            key=task.title_key,
            resources=resources.get(task.id, 0),
            groups=in_groups.get(task.id, 0),
            is_archived=task.archived_at is not None,
        )
        for task in tasks
    ]


async def count_resources(tx: Transaction, owner: Any, ids: Collection[UUID]) -> Mapping[UUID, int]:
    """How many resources each of these templates has; `owner` is the column that names the
    template."""
    return await _count_by(tx, owner, Resource.id, ids, col(Resource.archived_at).is_(None))


async def count_group_resources(tx: Transaction, group_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """How many resources each of these group templates has, with those of its tasks."""
    own = await count_resources(tx, Resource.group_template_id, group_ids)
    found = await tx.exec(
        select(GroupTemplateTask.group_id, func.count())
        .join(TaskTemplate, col(TaskTemplate.id) == GroupTemplateTask.task_id)
        .join(Resource, col(Resource.task_template_id) == TaskTemplate.id)
        .where(
            col(GroupTemplateTask.group_id).in_(group_ids),
            col(TaskTemplate.archived_at).is_(None),
            col(Resource.archived_at).is_(None),
        )
        .group_by(col(GroupTemplateTask.group_id))
    )
    of_tasks = dict(found.all())
    return {one: own.get(one, 0) + of_tasks.get(one, 0) for one in group_ids}


async def _version(tx: Transaction, templates: Sequence[GroupTemplate | TaskTemplate]) -> int:
    """The length of the log of the templates' organisation: all of them belong to one."""
    if not templates:
        return 0
    head = await tx.get(AuditHead, templates[0].tenant_id)
    return head.number if head else 0


async def _measure(
    tx: Transaction, group_ids: Collection[UUID]
) -> Mapping[tuple[UUID, Side], tuple[int, int]]:
    """How many tasks of each side each group has, and the last day of any of them."""
    found = await tx.exec(
        select(
            GroupTemplateTask.group_id,
            TaskTemplate.side,
            func.count(),
            func.max(col(TaskTemplate.start_day) + TaskTemplate.days - 1),
        )
        .join(TaskTemplate, col(TaskTemplate.id) == GroupTemplateTask.task_id)
        .where(
            col(GroupTemplateTask.group_id).in_(group_ids),
            col(TaskTemplate.archived_at).is_(None),
        )
        .group_by(col(GroupTemplateTask.group_id), col(TaskTemplate.side))
    )
    return {(group_id, Side(side)): (count, last) for group_id, side, count, last in found}


async def _count_by(
    tx: Transaction,
    owner: Any,
    what: Any,
    ids: Collection[UUID],
    *conditions: ColumnElement[bool],
) -> Mapping[UUID, int]:
    """How many different ones there are for each owner; both are columns."""
    if not ids:
        return {}
    found = await tx.exec(
        select(col(owner), func.count(col(what).distinct()))
        .where(col(owner).in_(ids), *conditions)
        .group_by(col(owner))
    )
    return dict(found.all())


def _beside(row: GroupTemplateRow | TaskTemplateRow) -> Mapping[str, object]:
    """The description, as much of it as a list shows, and who changed the template last."""
    by_whom = row.changed_by
    return {
        "description": " ".join(row.description[:SHORT].split()) or None,
        "by": by_whom.name if by_whom else None,
        "by_id": str(by_whom.id) if by_whom else None,
        "by_active": None if by_whom is None or by_whom.active else False,
    }


def _counter(model: type[GroupTemplate] | type[TaskTemplate]) -> Any:
    async def count(tx: Transaction, tenant_id: UUID | None) -> int:
        found = await tx.exec(
            select(func.count())
            .select_from(model)
            .where(col(model.tenant_id) == tenant_id, col(model.archived_at).is_(None))
        )
        return found.one()

    return count


count_groups = _counter(GroupTemplate)
count_tasks = _counter(TaskTemplate)

ARCHIVED = Option("archived", "Archived", {"is_archived": True}, rare=True)
ARCHIVED_TOO = too("archived", "Archived too", field="is_archived")
SIDES = {side: Option(side.value, side.label, {"side": side}) for side in Side}

GROUP_TEMPLATES = LiveList[GroupTemplateRow](
    noun="group_template",
    singular="group",
    plural="groups",
    model=GroupTemplate,
    columns=(
        Column(
            "title",
            "Title",
            sort=by(GroupTemplate.title_key),
            cell="described",
            search=True,
            opens=True,
        ),
        Column("tasks", "Tasks", cell="tasks"),
        Column("days", "Length", cell="days"),
        Column("pocs", "POCs", cell="number"),
        Column("changed_at", "Changed", sort=by(GroupTemplate.changed_at), cell="changed"),
    ),
    fields={"is_archived": col(GroupTemplate.archived_at).is_not(None)},
    filters=(ARCHIVED_TOO,),
    search=TextSearch(GroupTemplate.title_key, label="templates"),
    breakdown=(ARCHIVED,),
    tallies={"tasks": count_tasks},
    rows=group_rows,
    beside=_beside,
)

TASK_TEMPLATES = LiveList[TaskTemplateRow](
    noun="task_template",
    singular="task",
    plural="tasks",
    model=TaskTemplate,
    columns=(
        Column(
            "title",
            "Title",
            sort=by(TaskTemplate.title_key),
            cell="described",
            search=True,
            opens=True,
        ),
        Column("side", "Side", cell="choice", export=lambda row: row.side.label),
        Column("start_day", "Starts", cell="start", export=lambda row: f"Day {row.start_day}"),
        Column("days", "Length", cell="days"),
        Column("groups", "Groups", cell="number"),
        Column("changed_at", "Changed", sort=by(TaskTemplate.changed_at), cell="changed"),
    ),
    fields={
        "side": col(TaskTemplate.side),
        "is_archived": col(TaskTemplate.archived_at).is_not(None),
    },
    filters=(choice("side", "Side", *SIDES.values()), ARCHIVED_TOO),
    search=TextSearch(TaskTemplate.title_key, label="templates"),
    breakdown=(ARCHIVED,),
    tallies={"groups": count_groups},
    rows=task_rows,
    beside=_beside,
)


def facts_of(template: GroupTemplate | TaskTemplate) -> dict[str, Any]:
    """The values that the lists' filters look at, as they are now."""
    facts: dict[str, Any] = {
        "key": template.title_key,
        "is_archived": template.archived_at is not None,
    }
    if isinstance(template, TaskTemplate):
        facts["side"] = template.side
    return facts


def tell_group(act: Act, group: GroupTemplate, was: dict[str, Any] | None) -> None:
    """Have the open lists show a group template as it is now; `was` is none for a new one."""
    _tell(act, GROUP_TEMPLATES.noun, group, was)


def tell_task(act: Act, task: TaskTemplate, was: dict[str, Any] | None) -> None:
    """Have the open lists show a task template as it is now; `was` is none for a new one."""
    _tell(act, TASK_TEMPLATES.noun, task, was)


def _tell(
    act: Act, noun: str, template: GroupTemplate | TaskTemplate, was: dict[str, Any] | None
) -> None:
    if was is not None:  # few bytes: what hasn't changed needn't be sent
        now = facts_of(template)
        was = {name: value for name, value in was.items() if now[name] != value}
    act.publish(RowChanged(noun=noun, tenant_id=template.tenant_id, row_id=template.id, was=was))
