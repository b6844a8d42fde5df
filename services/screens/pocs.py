"""POCs: their states, whose tasks are late, and what this week brings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case
from sqlmodel import col, func, select

from models import Poc, PocStatus, Task, TaskStatus, User
from services.core.days import beginning_of
from services.database.transaction import Transaction
from services.screens.milestones import Milestone, read_milestones, week_end
from services.screens.scope import Scope
from services.screens.showing import Showing
from services.workspace.progress import Progress, find_progress

MOST_POCS, MOST_OWNERS = 8, 5
OPEN_STATUSES = (PocStatus.DRAFT, PocStatus.ACTIVE, PocStatus.ON_HOLD)

Which = Sequence[ColumnElement[bool] | bool]


@dataclass(frozen=True)
class PocShown:
    """A POC that is among the next to end."""

    title: str
    customer: str
    owner: str
    percent: int
    end: date


@dataclass(frozen=True)
class OwnerTasks:
    """The open tasks of an owner's POCs."""

    name: str
    overdue: int
    this_week: int
    later: int


@dataclass(frozen=True)
class Pocs:
    """What the view shows. Without names, only the figures."""

    today: date
    by_status: dict[str, int]
    """Drafts, active POCs and those on hold, and those that were completed this quarter."""
    due_this_week: int
    due_today: int
    overdue: int
    overdue_pocs: int
    next_to_end: Sequence[PocShown]
    by_owner: Sequence[OwnerTasks]
    this_week: Sequence[Milestone]


async def read_pocs(tx: Transaction, scope: Scope, showing: Showing) -> Pocs:
    """The POCs, as one screen may show them."""
    today = scope.today()
    here = (scope.holds(col(Poc.tenant_id)), col(Poc.archived_at).is_(None))
    is_open = (*here, col(Poc.status).in_(OPEN_STATUSES))
    to_do = (*is_open, Task.status != TaskStatus.DONE, col(Task.archived_at).is_(None))
    due, soon, late, pocs = await _tasks(tx, to_do, today)
    return Pocs(
        today=today,
        by_status=await _by_status(tx, here, scope),
        due_this_week=due,
        due_today=soon,
        overdue=late,
        overdue_pocs=pocs,
        next_to_end=await _next_to_end(tx, is_open, today, showing) if showing.has_names else (),
        by_owner=await _by_owner(tx, to_do, today, showing) if showing.has_names else (),
        this_week=await read_milestones(tx, is_open, today) if showing.has_names else (),
    )


async def _by_status(tx: Transaction, here: Which, scope: Scope) -> dict[str, int]:
    today = scope.today()
    quarter = beginning_of(date(today.year, 3 * ((today.month - 1) // 3) + 1, 1), scope.zone)
    is_counted = col(Poc.status).in_(OPEN_STATUSES) | (
        (col(Poc.status) == PocStatus.COMPLETED) & (col(Poc.closed_at) >= quarter)
    )
    found = await tx.exec(
        select(Poc.status, func.count()).where(*here, is_counted).group_by(col(Poc.status))
    )
    counted = {PocStatus(status): count for status, count in found}
    statuses = (*OPEN_STATUSES, PocStatus.COMPLETED)
    return {status.value: counted.get(status, 0) for status in statuses}


async def _tasks(tx: Transaction, to_do: Which, today: date) -> tuple[int, int, int, int]:
    """Tasks due from today to the end of the week, those due today, those overdue, and on how many
    POCs."""
    due = col(Task.due_on)
    found = await tx.exec(
        select(
            func.sum(case(((due >= today) & (due <= week_end(today)), 1), else_=0)),
            func.sum(case((due == today, 1), else_=0)),
            func.sum(case((due < today, 1), else_=0)),
            func.count(func.distinct(case((due < today, col(Poc.id)), else_=None))),
        )
        .select_from(Task)
        .join(Poc, col(Poc.id) == col(Task.poc_id))
        .where(*to_do)
    )
    week, soon, late, pocs = found.one()
    return int(week or 0), int(soon or 0), int(late or 0), int(pocs or 0)


async def _next_to_end(
    tx: Transaction, is_open: Which, today: date, showing: Showing
) -> list[PocShown]:
    found = (
        await tx.exec(
            select(Poc, User)
            .join(User, col(User.id) == col(Poc.owner_id))
            .where(*is_open, col(Poc.end_on).is_not(None), Poc.status != PocStatus.DRAFT)
            .order_by(col(Poc.end_on), col(Poc.title_key), col(Poc.id))
            .limit(MOST_POCS)
        )
    ).all()
    progress = await find_progress(tx, [poc.id for poc, _ in found], today)
    return [
        PocShown(
            poc.title, poc.customer, showing.name_of(owner), _percent(progress[poc.id]), poc.end_on
        )
        for poc, owner in found
        if poc.end_on is not None
    ]


def _percent(progress: Progress) -> int:
    whole = progress.whole
    return round(100 * whole.done / whole.total) if whole.total else 0


async def _by_owner(
    tx: Transaction, to_do: Which, today: date, showing: Showing
) -> list[OwnerTasks]:
    due = col(Task.due_on)
    late = func.sum(case((due < today, 1), else_=0))
    week = func.sum(case(((due >= today) & (due <= week_end(today)), 1), else_=0))
    found = await tx.exec(
        select(Poc.owner_id, late, week, func.count())
        .select_from(Task)
        .join(Poc, col(Poc.id) == col(Task.poc_id))
        .where(*to_do)
        .group_by(col(Poc.owner_id))
        .order_by(late.desc(), week.desc(), col(Poc.owner_id))
        .limit(MOST_OWNERS)
    )
    counted = found.all()
    ids = [owner_id for owner_id, *_ in counted]
    owners = {u.id: u for u in await tx.exec(select(User).where(col(User.id).in_(ids)))}
    return [
        OwnerTasks(
            showing.name_of(owners[owner_id]), int(late), int(week), int(every - late - week)
        )
        for owner_id, late, week, every in counted
    ]
