"""What happened to screens."""

from dataclasses import dataclass
from uuid import UUID

from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ScreenEvent(Event):
    """Something about one screen."""

    tenant_id: UUID
    screen_id: UUID


@dataclass(frozen=True, kw_only=True)
class ScreenChanged(ScreenEvent):
    """A screen is new, shows something else, was revoked, or is open somewhere else."""


@dataclass(frozen=True, kw_only=True)
class ScreenReloaded(ScreenEvent):
    """An admin wants a screen to load its page again."""
