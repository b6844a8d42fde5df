"""What happened to reviews."""

from dataclasses import dataclass
from uuid import UUID

from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ReviewChanged(Event):
    """A review was begun, was decided about these of its people, or got nearer to its end."""

    tenant_id: UUID
    review_id: UUID
    person_ids: tuple[UUID, ...] = ()
