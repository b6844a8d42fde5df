"""What happened to sessions."""

from dataclasses import dataclass
from uuid import UUID

from models import EndReason
from services.access.events import UserEvent


@dataclass(frozen=True, kw_only=True)
class UserSignedIn(UserEvent):
    """A session began; `first` if it was the user's first ever."""

    first: bool


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(UserEvent):
    """These sessions have ended; every open page of theirs must close.

    `user_id` is the holder's: it can also be that of a customer's person or of a screen. `cause` is
    the audit entry of the act that ended them: the receipt is kept beside it. `run_id` is the act
    on many that this was a part of.
    """

    session_ids: tuple[UUID, ...]
    reason: EndReason
    cause: UUID
    run_id: UUID | None = None
