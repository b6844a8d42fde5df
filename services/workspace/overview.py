"""What Home shows: what is mine and due, what needs somebody, what changed since the last visit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case
from sqlmodel import col, func, select

from models import (
    CLOSED_STATUSES,
    AuditEvent,
    GroupTemplate,
    HomeVisit,
    Poc,
    PocMember,
    PocStatus,
    Role,
    Task,
    TaskAssignee,
    TaskStatus,
    User,
)
from services.access.actor import Principal
from services.access.permissions import Permission, may
from services.audit.acting import View, acting
from services.audit.list import AuditEntry, entry_of
from services.core import clock
from services.core.db import LOCKED
from services.core.errors import NotFoundError
from services.core.looking import looks_first
from services.workspace.poc_list import POCS, PocRow
from services.workspace.rights import tenant_of
from services.workspace.template_rows import GroupTemplateRow, group_rows

MOST_TASKS, MOST_POCS, MOST_CHANGES = 200, 20, 20
# A person who comes back sooner than this is still at the same visit.
VISIT = timedelta(minutes=30)
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
class Overview:
    """What Home shows. What a role has no use for is empty. `since` is when the reader was last
    here; none at the first visit."""

    role: Role | None
    my_tasks: Sequence[MyTask]
    my_pocs: Sequence[PocRow]
    without_owner: Sequence[PocRow]
    groups: Sequence[GroupTemplateRow]
    counts: Mapping[PocStatus, int]
    overdue: int
    since: datetime | None
    changes: Sequence[AuditEntry]
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
    changes, in_all = await _changes(view, since, mine=works)
    counts, overdue = await _counts(view)
    return Overview(
        role=user.role if user else None,
        my_tasks=await _my_tasks(view) if works else (),
        my_pocs=await _open_pocs(view, Poc.owner_id == view.principal.user_id) if works else (),
        without_owner=await _open_pocs(view, ~col(User.active)) if reassigns else (),
        groups=await _groups(view) if makes else (),
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


async def _my_tasks(view: View) -> Sequence[MyTask]:
    found = await view.tx.exec(
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
        .order_by(col(Task.due_on).is_(None), col(Task.due_on), col(Task.id))
        .limit(MOST_TASKS)
    )
    return [
        MyTask(task.id, task.title, task.status, task.due_on, poc.id, poc.title, poc.customer)
        for task, poc in found
    ]


async def _open_pocs(view: View, which: Any) -> Sequence[PocRow]:
    found = await view.tx.exec(
        select(Poc)
        .join(User, col(User.id) == Poc.owner_id)
        .where(
            which,
            Poc.tenant_id == view.tenant_id,
            col(Poc.archived_at).is_(None),
            ~is_closed(),
        )
        .order_by(col(Poc.end_on).is_(None), col(Poc.end_on), col(Poc.title_key), col(Poc.id))
        .limit(MOST_POCS)
    )
    return await POCS.rows(view.tx, found.all())


def is_closed() -> ColumnElement[bool]:
    """The POCs in which nothing is left to do."""
    return col(Poc.status).in_(CLOSED_STATUSES)


async def _counts(view: View) -> tuple[Mapping[PocStatus, int], int]:
    here = (Poc.tenant_id == view.tenant_id, col(Poc.archived_at).is_(None))
    is_late = and_(~is_closed(), col(Poc.end_on) < clock.now().date())
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


async def _changes(
    view: View, since: datetime | None, *, mine: bool
) -> tuple[Sequence[AuditEntry], int]:
    """What others did to the POCs since then: to those on which the reader works, or to all."""
    if since is None:
        return (), 0
    pocs = select(Poc.id).where(Poc.tenant_id == view.tenant_id)
    if mine:
        pocs = pocs.join(PocMember, col(PocMember.poc_id) == Poc.id).where(
            PocMember.user_id == view.principal.user_id, col(PocMember.removed_at).is_(None)
        )
    changed = (
        AuditEvent.chain_id == view.tenant_id,
        col(AuditEvent.subject_id).in_(pocs),
        col(AuditEvent.at) > since,
        col(AuditEvent.actor_id).is_distinct_from(view.principal.user_id),
    )
    found = await view.tx.exec(
        select(AuditEvent)
        .where(*changed)
        .order_by(col(AuditEvent.number).desc())
        .limit(MOST_CHANGES)
    )
    in_all = await view.tx.exec(select(func.count()).select_from(AuditEvent).where(*changed))
    return [replace(entry_of(row), ip="") for row in found], in_all.one()
