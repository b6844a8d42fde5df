"""What happened to the rows of any list."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class RowChanged(Event):
    """A row of the list of this noun is new, or is otherwise than it was.

    `was` has those of its fields that filters look at, as they were; it is none for a new row.
    """

    noun: str
    tenant_id: UUID | None
    row_id: UUID
    was: dict[str, Any] | None = None
