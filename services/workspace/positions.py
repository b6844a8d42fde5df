"""The order of tasks, groups and criteria: numbers with room between them, so that moving one
changes one."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from services.core.errors import NotFoundError

STEP = 1024


class Positioned(Protocol):
    """A row that has its position among others."""

    id: UUID
    position: int


def next_position(rows: Sequence[Positioned]) -> int:
    """The position after the last one."""
    return max((row.position for row in rows), default=0) + STEP


def reposition(rows: Sequence[Positioned], row: Positioned, before_id: UUID | None) -> list[UUID]:
    """Put a row before another one of `rows`, or at their end; returns the rows whose position
    changed.

    `rows` are in their order; the row itself may be among them. Raises `NotFoundError` if the other
    one isn't.
    """
    others = [other for other in rows if other.id != row.id]
    ids = [other.id for other in others]
    if before_id is not None and before_id not in ids:
        raise NotFoundError("What it was to stand before isn't there any more. Look again.")
    at = len(others) if before_id is None else ids.index(before_id)
    low = others[at - 1].position if at else 0
    high = others[at].position if at < len(others) else low + 2 * STEP
    if low < row.position < high:
        return []
    if high - low > 1:
        row.position = (low + high) // 2
        return [row.id]
    others.insert(at, row)
    changed = []
    for number, other in enumerate(others, 1):
        if other.position != number * STEP:
            other.position = number * STEP
            changed.append(other.id)
    return changed
