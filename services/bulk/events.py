"""What happened to acts on many rows."""

from dataclasses import dataclass
from uuid import UUID

from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class BulkProgressed(Event):
    """An act on many rows of the list of this noun was begun, got further, or ended."""

    tenant_id: UUID
    bulk_id: UUID
    noun: str = "user"  # what an earlier version acts on, which doesn't name it
