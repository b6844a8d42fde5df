"""A login session: one browser in which a user is signed in, or somebody at a customer's; or a
screen."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id

# A sign of life is stored at most this often: one write per click would be too many.
SEEN_EVERY = timedelta(minutes=1)


class EndReason(StrEnum):
    """Why a session ended; the sign-in page says it in a sentence."""

    SIGNED_OUT = "signed_out"
    DEACTIVATED = "deactivated"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason, not a password
    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"
    ORGANISATION = "organisation"
    TENANT_CLOSED = "tenant_closed"
    POC_CLOSED = "poc_closed"


class SignInMethod(StrEnum):
    """How a session's user proved who they are."""

    PASSWORD = "password"  # noqa: S105 - a method's name
    LINK = "link"
    SSO = "sso"
    PASSKEY = "passkey"


class SessionKind(StrEnum):
    """Who holds a session. Each kind has its own cookie."""

    USER = "user"
    CUSTOMER = "customer"
    SCREEN = "screen"


class LoginSession(SQLModel, table=True):
    """A session row. The cookie carries a random token; the row knows only its SHA-256.

    It belongs to one user, one customer's person, or one screen: its holder.

    `authenticated_at` is when its user last proved who they are: at the sign-in, or when they were
    asked again before a sensitive act.
    """

    __tablename__ = "login_session"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN user_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN screen_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="ck_login_session_belongs",
        ),
        # Of those that ended alone: what asks for one person's living sessions is never led to all
        # that live.
        Index(
            "ix_login_session_ended_at",
            "ended_at",
            sqlite_where=text("ended_at IS NOT NULL"),
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID | None = Field(default=None, foreign_key="user_account.id", index=True)
    customer_id: UUID | None = Field(default=None, foreign_key="customer_person.id", index=True)
    screen_id: UUID | None = Field(default=None, foreign_key="screen.id", index=True)
    token_hash: bytes = Field(unique=True, repr=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    authenticated_at: datetime = Field(sa_type=UtcDateTime)
    method: SignInMethod = Field(default=SignInMethod.PASSWORD, sa_type=enum_type(SignInMethod))
    ip: str = Field(default="", max_length=64, sa_column_kwargs={"name": "address"})
    device: str = Field(default="", max_length=200)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_reason: EndReason | None = Field(default=None, sa_type=enum_type(EndReason))

    def is_alive(self, at: datetime) -> bool:
        """Whether the session still lets its user in."""
        return self.ended_at is None and at < self.expires_at

    def seen(self, at: datetime, idle: timedelta, longest: timedelta) -> None:
        """Note a sign of life: the idle time starts again, but the session's longest duration still
        holds.

        Nothing changes if the last one was noted within `SEEN_EVERY`, or a quarter of the idle
        time.
        """
        if abs(at - self.last_seen_at) < min(SEEN_EVERY, idle / 4):
            return
        self.last_seen_at = at
        self.expires_at = min(at + idle, self.created_at + longest)
