"""How far a POC is: derived from its tasks whenever it is asked for, and never stored."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import case
from sqlmodel import col, func, select

from models import Side, Task, TaskStatus
from services.database.transaction import Transaction


@dataclass(frozen=True)
class Part:
    """This many tasks of this many are done, and this many should have been."""

    done: int = 0
    total: int = 0
    overdue: int = 0

    def __add__(self, other: "Part") -> "Part":
        return Part(self.done + other.done, self.total + other.total, self.overdue + other.overdue)


@dataclass(frozen=True)
class Progress:
    """The progress of the team, of the customer, and of both."""

    team: Part = field(default_factory=Part)
    customer: Part = field(default_factory=Part)

    @property
    def whole(self) -> Part:
        """Both sides together."""
        return self.team + self.customer


async def find_progress(
    tx: Transaction, poc_ids: Collection[UUID], today: date
) -> dict[UUID, Progress]:
    """The progress of each of these POCs, with one query."""
    if not poc_ids:
        return {}
    state = case(
        (col(Task.status) == TaskStatus.DONE, "done"),
        (col(Task.due_on) < today, "overdue"),
        else_="open",
    ).label("state")
    rows = await tx.exec(
        select(Task.poc_id, Task.side, state, func.count())
        .where(col(Task.poc_id).in_(poc_ids), col(Task.archived_at).is_(None))
        # Group by the label: PostgreSQL treats two equal expressions with parameters as different.
        .group_by(col(Task.poc_id), col(Task.side), "state")
    )
    parts: dict[tuple[UUID, Side], Part] = defaultdict(Part)
    for poc_id, side, name, count in rows:
        done, overdue = (count if name == kind else 0 for kind in ("done", "overdue"))
        parts[poc_id, Side(side)] += Part(done, count, overdue)
    return {
        poc_id: Progress(parts[poc_id, Side.TEAM], parts[poc_id, Side.CUSTOMER])
        for poc_id in poc_ids
    }


async def find_versions(tx: Transaction, poc_ids: Collection[UUID]) -> dict[UUID, int]:
    """The sum of the versions of each POC's tasks; it grows with each change of a task."""
    if not poc_ids:
        return {}
    rows = await tx.exec(
        select(Task.poc_id, func.sum(Task.version))
        .where(col(Task.poc_id).in_(poc_ids))
        .group_by(col(Task.poc_id))
    )
    return {poc_id: int(total) for poc_id, total in rows}
