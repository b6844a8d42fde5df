"""What the log says of screens."""

from services.audit.actions import AuditAction


class ScreenAction(AuditAction):
    """What is done to screens."""

    PAIRED = "screen.paired", "Screen paired"
    CHANGED = "screen.changed", "Screen changed"
    RELOADED = "screen.reloaded", "Screen reloaded"
    REVOKED = "screen.revoked", "Screen revoked"
