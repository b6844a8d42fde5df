"""What new people are welcomed with, and who is reminded of whose end date."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class Onboarding(SQLModel, table=True):
    """What an invitation says for the first day."""

    __tablename__ = "onboarding"

    user_id: UUID = Field(primary_key=True, foreign_key="user_account.id")
    tenant_id: UUID | None = Field(default=None, foreign_key="tenant.id")
    note: str = Field(default="")
    contact_id: UUID | None = Field(default=None, foreign_key="user_account.id")


class EndReminder(SQLModel, table=True):
    """A reminder that was sent: one for each person, end date and number of days before it."""

    __tablename__ = "end_reminder"

    user_id: UUID = Field(primary_key=True, foreign_key="user_account.id")
    ends_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    days: int = Field(primary_key=True)
    sent_at: datetime = Field(sa_type=UtcDateTime)


class CalendarFeed(SQLModel, table=True):
    """The secret url at which one admin's calendar reads a tenant's end dates. Only the
    SHA-256 of its token is stored."""

    __tablename__ = "calendar_feed"
    __table_args__ = (UniqueConstraint("tenant_id", "user_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    token_hash: bytes = Field(unique=True, repr=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
