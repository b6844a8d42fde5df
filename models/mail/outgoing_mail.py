"""The outbox: mails that were promised, and how far each got."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, false
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id


class MailState(StrEnum):
    """How far a mail got."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class MailProgress(StrEnum):
    """How far a mail got, in the detail that people are shown: a waiting mail may be on its way
    right now."""

    WAITING = "waiting"
    SENDING = "sending"
    UNANSWERED = "unanswered"
    """The mail server has all of it, and hasn't answered yet."""
    UNKNOWN = "unknown"
    """The mail server had all of it and never answered: it may have arrived."""
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class MailTemplate(StrEnum):
    """The mails Rollcall writes, each a folder of templates."""

    INVITATION = "invitation"
    RESET = "reset"
    SSO_LINKED = "sso_linked"
    AUTHENTICATOR_ADDED = "authenticator_added"
    AUTHENTICATOR_REMOVED = "authenticator_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    SECOND_FACTORS_RESET = "second_factors_reset"
    EMAIL_CONFIRM = "email_confirm"
    EMAIL_CHANGED = "email_changed"
    END_REMINDER = "end_reminder"
    CONTACT_NAMED = "contact_named"
    CUSTOMER_INVITATION = "customer_invitation"
    CUSTOMER_VISIT = "customer_visit"
    CUSTOMER_DEACTIVATED = "customer_deactivated"
    REVIEW_DUE = "review_due"
    REVIEW_CLOSED = "review_closed"
    ROLE_CORRECTED = "role_corrected"
    ACTIVATED = "activated"
    DEACTIVATED = "deactivated"
    END_DATE = "end_date"
    MENTIONED = "mentioned"
    TEST = "test"
    """One of the others, with sample data, for whoever writes its text."""

    @property
    def lane(self) -> int:
        """The lower one is sent first: 0 for mails that somebody waits for or must get at once, 1
        for mails that may be thousands."""
        return int(
            self
            in {
                MailTemplate.INVITATION,
                MailTemplate.END_REMINDER,
                MailTemplate.CONTACT_NAMED,
                MailTemplate.ACTIVATED,
                MailTemplate.DEACTIVATED,
                MailTemplate.CUSTOMER_DEACTIVATED,
                MailTemplate.END_DATE,
                MailTemplate.MENTIONED,
            }
        )


INVITING = (MailTemplate.INVITATION, MailTemplate.ROLE_CORRECTED)
"""The mails whose link begins an account."""


class OutgoingMail(SQLModel, table=True):
    """A mail to a user or to a customer's person. It holds what its text needs, but no link: links
    are derived when the mail is sent."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        Index("ix_outgoing_mail_due", "state", "lane", "next_attempt_at"),
        CheckConstraint(
            "(CASE WHEN user_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="ck_outgoing_mail_belongs",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID | None = Field(default=None, foreign_key="tenant.id")
    user_id: UUID | None = Field(default=None, foreign_key="user_account.id", index=True)
    customer_id: UUID | None = Field(default=None, foreign_key="customer_person.id", index=True)
    link_id: UUID | None = Field(default=None, foreign_key="one_time_link.id")
    template: MailTemplate = Field(sa_type=enum_type(MailTemplate))
    lane: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    recipient: str = Field(max_length=254)
    params: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    message_id: str = Field(max_length=255)
    state: MailState = Field(default=MailState.WAITING, sa_type=enum_type(MailState))
    attempts: int = Field(default=0)
    next_attempt_at: datetime = Field(sa_type=UtcDateTime)
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    handed_over_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when this attempt waits for the mail server's answer to the whole mail."""
    maybe_arrived: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """An attempt ended without that answer."""
    last_answer: str = Field(default="")
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def progress(self, now: datetime) -> MailProgress:
        """How far the mail got, as people are told."""
        unknown = self.maybe_arrived or self.handed_over_at is not None
        if self.state is MailState.WAITING and self.leased_until and self.leased_until > now:
            return MailProgress.UNANSWERED if self.handed_over_at else MailProgress.SENDING
        if unknown and self.state in {MailState.WAITING, MailState.FAILED}:
            return MailProgress.UNKNOWN
        return MailProgress(self.state.value)
