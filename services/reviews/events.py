"""What happened to reviews."""

from dataclasses import dataclass
from uuid import UUID

from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ReviewChanged(Event):
    """A review was begun, decisions about these people were made, or its close went on."""

    tenant_id: UUID
    review_id: UUID
    person_ids: tuple[UUID, ...] = ()
