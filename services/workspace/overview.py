"""What Home shows: what is mine and due, what needs somebody, what changed since the last visit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case
from sqlmodel import col, func, select

from models import (
    CLOSED_STATUSES,
    CriterionResult,
    GroupTemplate,
    HomeVisit,
    Poc,
    PocStatus,
    Role,
    SuccessCriterion,
    Task,
    TaskAssignee,
    TaskStatus,
    User,
)
from services.access.actor import Principal
from services.access.permissions import Permission, may
from services.audit.acting import View, acting
from services.core import clock
from services.core.errors import NotFoundError
from services.database.looking import looks_first
from services.database.transaction import LOCKED
from services.users.ends import today_of
from services.workspace.changes import Change, find_changes
from services.workspace.poc_list import POCS, PocRow
from services.workspace.rights import tenant_of
from services.workspace.template_rows import (
    GroupTemplateRow,
    count_group_resources,
    group_rows,
)

MOST_TASKS, MOST_POCS = 200, 20
"""How many of each Home shows. It says how many there are in all."""
# A person who comes back sooner than this is still at the same visit.
VISIT = timedelta(minutes=30)
# A POC that ends within this time should have its criteria decided.
SOON = timedelta(days=7)
RUNNING = (PocStatus.ACTIVE, PocStatus.ON_HOLD)
# How old the stored time of a visit may be: Home writes no more often than that.
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class MyTask:
    """An open task of the reader, and where it belongs."""

    id: UUID
    title: str
    status: TaskStatus
    due_on: date | None
    poc_id: UUID
    poc_title: str
    customer: str


@dataclass(frozen=True)
class Ending:
    """A POC of the reader's that ends soon, or should have ended, while criteria are pending."""

    poc: PocRow
    pending: int
    criteria: int


@dataclass(frozen=True)
class Overview:
    """What Home shows. What a role has no use for is empty. Of many tasks and POCs the first are
    there, and `..._in_all` counts them all. `ending` is the first of the reader's
    POCs that ends before its criteria are decided. `bare_groups` are those of `groups` that have no
    resource, and whose tasks have none. `since` is when the reader was last here; none
    at the first visit."""

    role: Role | None
    my_tasks: Sequence[MyTask]
    my_tasks_in_all: int
    my_pocs: Sequence[PocRow]
    my_pocs_in_all: int
    ending: Ending | None
    without_owner: Sequence[PocRow]
    without_owner_in_all: int
    groups: Sequence[GroupTemplateRow]
    bare_groups: frozenset[UUID]
    counts: Mapping[PocStatus, int]
    overdue: int
    since: datetime | None
    changes: Sequence[Change]
    changes_in_all: int


async def find_overview(view: View) -> Overview:
    """What Home shows to the reader, for a call that knows who that is."""
    tenant_of(view)
    user = view.user
    works = user is not None and may(user.role, Permission.RUN_POCS)
    makes = user is not None and may(user.role, Permission.CREATE_TEMPLATES)
    reassigns = user is None or may(user.role, Permission.REASSIGN_POCS)
    visit = await view.tx.get(HomeVisit, user.id) if user else None
    since = visit.before_at if visit else None
    changes, in_all = await find_changes(view, since, mine=works)
    counts, overdue = await _counts(view)
    is_mine = Poc.owner_id == view.principal.user_id
    my_tasks, tasks_in_all = await _my_tasks(view) if works else ((), 0)
    my_pocs, mine_in_all = await _open_pocs(view, is_mine) if works else ((), 0)
    left, left_in_all = await _open_pocs(view, ~col(User.active)) if reassigns else ((), 0)
    groups = await _groups(view) if makes else ()
    resources = await count_group_resources(view.tx, [row.id for row in groups]) if groups else {}
    return Overview(
        role=user.role if user else None,
        my_tasks=my_tasks,
        my_tasks_in_all=tasks_in_all,
        my_pocs=my_pocs,
        my_pocs_in_all=mine_in_all,
        ending=await _ending(view, my_pocs) if works else None,
        without_owner=left,
        without_owner_in_all=left_in_all,
        groups=groups,
        bare_groups=frozenset(one for one, count in resources.items() if not count),
        counts=counts,
        overdue=overdue,
        since=since,
        changes=changes,
        changes_in_all=in_all,
    )


@looks_first
async def note_visit(principal: Principal) -> None:
    """Note that the actor is at Home. The time of their last visit stays the same until a new
    visit."""
    async with acting(principal, Permission.VIEW_ALL_POCS) as act:
        tenant_of(act)
        if act.user is None:
            raise NotFoundError
        now = clock.now()
        visit = await act.tx.get(HomeVisit, act.user.id, **LOCKED)
        if visit is None:
            act.add(HomeVisit(user_id=act.user.id, seen_at=now))
        elif now - visit.seen_at > VISIT:
            visit.before_at, visit.seen_at = visit.seen_at, now
        elif now - visit.seen_at > NOTED_EVERY:
            visit.seen_at = now


async def _my_tasks(view: View) -> tuple[Sequence[MyTask], int]:
    mine = (
        select(Task, Poc)
        .join(TaskAssignee, col(TaskAssignee.task_id) == Task.id)
        .join(Poc, col(Poc.id) == Task.poc_id)
        .where(
            Poc.tenant_id == view.tenant_id,
            TaskAssignee.user_id == view.principal.user_id,
            Task.status != TaskStatus.DONE,
            col(Task.archived_at).is_(None),
            col(Poc.archived_at).is_(None),
            ~is_closed(),
        )
    )
    in_order = mine.order_by(col(Task.due_on).is_(None), col(Task.due_on), col(Task.id))
    found = await view.tx.exec(in_order.limit(MOST_TASKS))
    tasks = [
        MyTask(task.id, task.title, task.status, task.due_on, poc.id, poc.title, poc.customer)
        for task, poc in found
    ]
    return tasks, await _in_all(view, mine, Task.id, len(tasks), MOST_TASKS)


async def _open_pocs(view: View, which: Any) -> tuple[Sequence[PocRow], int]:
    pocs = (
        select(Poc)
        .join(User, col(User.id) == Poc.owner_id)
        .where(
            which,
            Poc.tenant_id == view.tenant_id,
            col(Poc.archived_at).is_(None),
            ~is_closed(),
        )
    )
    in_order = pocs.order_by(
        col(Poc.end_on).is_(None), col(Poc.end_on), col(Poc.title_key), col(Poc.id)
    )
    found = (await view.tx.exec(in_order.limit(MOST_POCS))).all()
    return await POCS.rows(view.tx, found), await _in_all(view, pocs, Poc.id, len(found), MOST_POCS)


async def _in_all(view: View, query: Any, column: Any, found: int, most: int) -> int:
    """How many a query finds without its limit, of which it found so many."""
    if found < most:
        return found
    ids = query.with_only_columns(column).order_by(None).subquery()
    return (await view.tx.exec(select(func.count()).select_from(ids))).one()


async def _ending(view: View, pocs: Sequence[PocRow]) -> Ending | None:
    ends = [
        poc for poc in pocs if poc.due and poc.due <= poc.today + SOON and poc.status in RUNNING
    ]
    if not ends:
        return None
    pending = col(SuccessCriterion.result) == CriterionResult.PENDING
    found = await view.tx.exec(
        select(SuccessCriterion.poc_id, func.count(), func.sum(case((pending, 1), else_=0)))
        .where(
            col(SuccessCriterion.poc_id).in_([poc.id for poc in ends]),
            col(SuccessCriterion.archived_at).is_(None),
        )
        .group_by(col(SuccessCriterion.poc_id))
    )
    counts = {poc_id: (criteria, int(left)) for poc_id, criteria, left in found}
    for poc in ends:
        criteria, left = counts.get(poc.id, (0, 0))
        if left:
            return Ending(poc, left, criteria)
    return None


def is_closed() -> ColumnElement[bool]:
    """The POCs in which nothing is left to do."""
    return col(Poc.status).in_(CLOSED_STATUSES)


async def _counts(view: View) -> tuple[Mapping[PocStatus, int], int]:
    here = (Poc.tenant_id == view.tenant_id, col(Poc.archived_at).is_(None))
    is_late = and_(~is_closed(), col(Poc.end_on) < await today_of(view.tx, view.tenant_id))
    found = await view.tx.exec(
        select(Poc.status, func.count(), func.sum(case((is_late, 1), else_=0)))
        .where(*here)
        .group_by(col(Poc.status))
    )
    rows = found.all()
    counts = {PocStatus(status): count for status, count, _ in rows}
    return counts, sum(int(late) for *_, late in rows)


async def _groups(view: View) -> Sequence[GroupTemplateRow]:
    found = await view.tx.exec(
        select(GroupTemplate)
        .where(GroupTemplate.tenant_id == view.tenant_id, col(GroupTemplate.archived_at).is_(None))
        .order_by(col(GroupTemplate.title_key), col(GroupTemplate.id))
    )
    rows = await group_rows(view.tx, found.all())
    return sorted(rows, key=lambda row: -row.pocs)[:MOST_POCS]
