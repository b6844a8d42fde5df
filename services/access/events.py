"""The base of the events about one user."""

from dataclasses import dataclass
from uuid import UUID

from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class UserEvent(Event):
    """Something about one user; `tenant_id` is none for a Platform Admin."""

    tenant_id: UUID | None
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class EmailLinkVoided(UserEvent):
    """The link is dead that would have given the user another email."""
