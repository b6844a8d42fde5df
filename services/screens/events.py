"""What happens to screens: what the log says of it, and what open pages hear."""

from dataclasses import dataclass
from uuid import UUID

from services.audit.actions import AuditAction
from services.core.events import Event


class ScreenAction(AuditAction):
    """What is done to screens."""

    PAIRED = "screen.paired", "Screen paired"
    CHANGED = "screen.changed", "Screen changed"
    RELOADED = "screen.reloaded", "Screen reloaded"
    REVOKED = "screen.revoked", "Screen revoked"


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
    """An admin wants a screen to load its page anew."""
