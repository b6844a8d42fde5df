"""A row of the users grid."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from models import MailProgress, MailState, OutgoingMail, Role, User
from services.core import clock
from services.core.lookalikes import mixed_letters
from services.lists.wire import UNSENT

PICTURE_DIGITS = 16
"""How many characters of a picture's digest are in its url."""


class SecondFactorKind(StrEnum):
    """The strongest factor that somebody has besides their password."""

    PASSKEY = "passkey"
    APP = "app"
    NONE = "none"

    @property
    def label(self) -> str:
        """The kind in words."""
        return self.value.capitalize()


@dataclass(frozen=True)
class UserRow:
    """What the grid shows of a user."""

    id: UUID
    name: str
    email: str
    role: Role
    active: bool
    version: int
    key: str
    invited: bool = False
    mail: MailState | None = None
    mail_answer: str = ""
    last_sign_in: datetime | None = field(default=None, metadata=UNSENT)
    last_active: datetime | None = None
    joined: datetime | None = None
    """When they signed in for the first time; none if it wasn't asked for, too."""
    invited_by: str | None = None
    """Who invited them; none if nobody did, or if it wasn't asked for."""
    invited_by_id: UUID | None = None
    second_factor: SecondFactorKind | None = None
    """What they have besides a password; none if it wasn't asked for."""
    contractor: str = ""
    """"yes" for a contractor."""
    end_date: date | None = None
    end_time: str = ""
    """The time of that day, in the organisation's time zone; none for its beginning."""
    end_zone: str = field(default="", metadata=UNSENT)
    expires: datetime | None = None
    """When the invitation ends, if it isn't accepted yet."""
    returned: datetime | None = None
    """When they were last activated after a deactivation."""
    successor_id: UUID | None = None
    """The account that replaced this one."""
    picture: str = ""
    """Tells this picture of theirs from others; empty if they have none."""
    mixed: str = ""
    """What `lookalikes.mixed_letters` says of them."""
    mail_progress: MailProgress | None = field(default=None, metadata=UNSENT)


def name_of(user: User) -> str:
    """First and last name, of a user or of those columns of theirs that `USERS` reads."""
    return f"{user.first_name} {user.last_name}"


def row_of(user: User, mail: OutgoingMail | None, expires: datetime | None = None) -> UserRow:
    """The row of a user, with the mail and the end of an invitation that isn't accepted; of both,
    those columns are enough that `USERS` reads."""
    name = name_of(user)
    return UserRow(
        id=user.id,
        name=name,
        email=user.email,
        role=user.role,
        active=user.active,
        invited=user.first_sign_in_at is None,
        mail=mail.state if mail else None,
        mail_answer=mail.last_answer if mail else "",
        version=user.version,
        key=user.search_key,
        last_sign_in=user.last_sign_in_at,
        last_active=user.last_active_at,
        contractor="yes" if user.contractor else "",
        end_date=user.end_date,
        end_time=f"{user.end_time:%H:%M}" if user.end_time else "",
        end_zone=user.end_zone,
        expires=expires,
        invited_by_id=user.invited_by_id,
        returned=user.returned_at,
        successor_id=None if user.active else user.successor_id,
        picture=user.picture[:PICTURE_DIGITS],
        mixed=mixed_letters(name, user.email),
        mail_progress=OutgoingMail.progress(mail, clock.now()) if mail else None,
    )


def row_if_complete(user: User) -> UserRow | None:
    """The row of a user whose mail isn't shown; none if it is."""
    return None if user.invited else row_of(user, None)
