"""What happened to mails."""

from dataclasses import dataclass
from uuid import UUID

from services.access.events import UserEvent
from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class MailProgressed(UserEvent):
    """A mail to the user was queued, sent, or failed."""


@dataclass(frozen=True, kw_only=True)
class CustomerMailProgressed(Event):
    """A mail to a customer's person was queued, sent, or failed."""

    tenant_id: UUID
    customer_id: UUID
