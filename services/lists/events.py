"""What happened to the rows of any list."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class RowChanged(Event):
    """A row of the list of this noun is new, or has changed.

    `was` has the old values of those fields that filters look at; it is none for a new row.
    """

    noun: str
    tenant_id: UUID | None
    row_id: UUID
    was: dict[str, Any] | None = None
