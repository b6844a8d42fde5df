"""The outbox: mails that were promised, and how far each got."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id


class MailState(StrEnum):
    """How far a mail got."""

    WAITING = "waiting"
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


class OutgoingMail(SQLModel, table=True):
    """A mail to deliver: what its text needs, but no link, which is derived when it is sent."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (Index("ix_outgoing_mail_due", "state", "next_attempt_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID | None = Field(default=None, foreign_key="tenant.id")
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    link_id: UUID | None = Field(default=None, foreign_key="one_time_link.id")
    template: MailTemplate = Field(sa_type=enum_type(MailTemplate))
    recipient: str = Field(max_length=254)
    params: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    message_id: str = Field(max_length=255)
    state: MailState = Field(default=MailState.WAITING, sa_type=enum_type(MailState))
    attempts: int = Field(default=0)
    next_attempt_at: datetime = Field(sa_type=UtcDateTime)
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_answer: str = Field(default="")
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
