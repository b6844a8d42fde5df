"""What happened to mails."""

from dataclasses import dataclass

from services.access.events import UserEvent


@dataclass(frozen=True, kw_only=True)
class MailProgressed(UserEvent):
    """A mail to the user was queued, sent, or failed."""
