"""What happened to sessions."""

from dataclasses import dataclass
from uuid import UUID

from models import EndReason
from services.access.events import UserEvent


@dataclass(frozen=True, kw_only=True)
class UserSignedIn(UserEvent):
    """A session began; `first` where it was the user's first ever."""

    first: bool


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(UserEvent):
    """These sessions are over; every open page of theirs must close.

    `user_id` is their holder's: that of a customer's person or of a screen where it is theirs.
    `cause` is the audit entry of the act that ended them: the receipt is kept beside it.
    """

    session_ids: tuple[UUID, ...]
    reason: EndReason
    cause: UUID
