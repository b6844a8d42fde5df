"""What happens to reviews: what the log says of it, and what open pages hear."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.audit.actions import AuditAction
from services.core.events import Event


class ReviewAction(AuditAction):
    """What is done to reviews."""

    BEGUN = "review.begun", "Review begun"
    DECIDED = "review.decided", "Review decided"
    CLOSING = "review.closing", "Review closing"
    CLOSED = "review.closed", "Review closed"
    EXPORTED = "review.exported", "Review exported"

    def summary(self, details: Mapping[str, Any]) -> str:
        """What the details of an entry say, in words."""
        if self is ReviewAction.BEGUN:
            return f"about {details.get('people', 0)} people"
        if self is ReviewAction.DECIDED:
            return f"{details.get('decision', '')}: {', '.join(details.get('people', ()))}"
        if self is ReviewAction.CLOSED:
            names = ("people", "kept", "deactivated", "skipped")
            return ", ".join(f"{details.get(name, 0)} {name}" for name in names)
        return super().summary(details)


@dataclass(frozen=True, kw_only=True)
class ReviewChanged(Event):
    """A review was begun, decisions about these people were made, or its close went on."""

    tenant_id: UUID
    review_id: UUID
    person_ids: tuple[UUID, ...] = ()
