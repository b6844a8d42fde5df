"""The days of this week that matter for POCs: one starts or ends, a group's last task is due, or
the last task on which a success criterion depends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case
from sqlmodel import col, func, select

from models import (
    CriterionResult,
    CriterionTask,
    Poc,
    SuccessCriterion,
    Task,
    TaskGroup,
    TaskStatus,
)
from services.database.transaction import Transaction

MOST_MILESTONES = 5

Which = Sequence[ColumnElement[bool] | bool]


@dataclass(frozen=True)
class Milestone:
    """A day that matters for one POC."""

    on: date
    what: str
    title: str


def week_end(today: date) -> date:
    """The Sunday of a week."""
    return today + timedelta(days=6 - today.weekday())


async def read_milestones(tx: Transaction, is_open: Which, today: date) -> list[Milestone]:
    """What the rest of the week brings to the POCs that fulfil `is_open`, the nearest first."""
    found = [
        *await _ends(tx, is_open, today),
        *await _of_tasks(tx, is_open, today, _groups()),
        *await _of_tasks(tx, is_open, today, _criteria()),
    ]
    return sorted(found, key=lambda one: (one.on, one.title, one.what))[:MOST_MILESTONES]


async def _ends(tx: Transaction, is_open: Which, today: date) -> list[Milestone]:
    found = []
    for what, day in (("Starts", col(Poc.start_on)), ("Ends", col(Poc.end_on))):
        rows = await tx.exec(
            select(day, Poc.title)
            .where(*is_open, day >= today, day <= week_end(today))
            .order_by(day, col(Poc.title_key), col(Poc.id))
            .limit(MOST_MILESTONES)
        )
        found += [Milestone(on, what, title) for on, title in rows if on is not None]
    return found


def _groups() -> Any:
    return (
        select(func.max(Task.due_on), TaskGroup.title, Poc.title)
        .select_from(Task)
        .join(TaskGroup, col(TaskGroup.id) == col(Task.group_id))
        .group_by(col(TaskGroup.id), col(TaskGroup.title), col(Poc.id), col(Poc.title))
    )


def _criteria() -> Any:
    return (
        select(func.max(Task.due_on), SuccessCriterion.title, Poc.title)
        .select_from(Task)
        .join(CriterionTask, col(CriterionTask.task_id) == col(Task.id))
        .join(SuccessCriterion, col(SuccessCriterion.id) == col(CriterionTask.criterion_id))
        .where(
            SuccessCriterion.result == CriterionResult.PENDING,
            col(SuccessCriterion.archived_at).is_(None),
        )
        .group_by(
            col(SuccessCriterion.id), col(SuccessCriterion.title), col(Poc.id), col(Poc.title)
        )
    )


async def _of_tasks(tx: Transaction, is_open: Which, today: date, grouped: Any) -> list[Milestone]:
    last = func.max(Task.due_on)
    waits = func.sum(case((col(Task.status) != TaskStatus.DONE, 1), else_=0))
    rows: Any = await tx.exec(
        grouped.join(Poc, col(Poc.id) == col(Task.poc_id))
        .where(*is_open, col(Task.archived_at).is_(None))
        .having(last >= today, last <= week_end(today), waits > 0)
        .order_by(last, col(Poc.title))
        .limit(MOST_MILESTONES)
    )
    return [Milestone(on, what, title) for on, what, title in rows]
