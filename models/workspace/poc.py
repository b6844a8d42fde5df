"""A POC: one proof of concept with one customer, and who works on it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id
from models.workspace.base import WorkRow


class PocStatus(StrEnum):
    """How far a POC is. `services.workspace.states` says what may become what."""

    DRAFT = "draft"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The status on the screen."""
        return self.value.replace("_", " ").capitalize()

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing left to do."""
        return self in CLOSED_STATUSES


CLOSED_STATUSES = frozenset({PocStatus.COMPLETED, PocStatus.CANCELLED})


class Poc(WorkRow, table=True):
    """A proof of concept. Its progress is derived from its tasks, and never stored."""

    __tablename__ = "poc"
    __table_args__ = (
        Index("ix_poc_tenant_title", "tenant_id", "title_key", "id"),
        Index("ix_poc_tenant_customer", "tenant_id", "customer_key", "id"),
        Index("ix_poc_tenant_end", "tenant_id", "end_on", "id"),
        # It has every column that the counts of a filtered list need, so that they read it alone.
        Index("ix_poc_tenant_status", "tenant_id", "status", "archived_at"),
    )

    title: str = Field(max_length=200)
    title_key: str = Field(max_length=1000)
    customer: str = Field(max_length=200)
    customer_key: str = Field(max_length=1000)
    search_key: str = Field(default="")
    description: str = Field(default="")
    objectives: str = Field(default="")
    owner_id: UUID = Field(foreign_key="user_account.id", index=True)
    start_on: date
    end_on: date | None = Field(default=None)
    status: PocStatus = Field(default=PocStatus.DRAFT, sa_type=enum_type(PocStatus))
    outcome: str = Field(default="")
    handover_note: str = Field(default="")
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PocMember(SQLModel, table=True):
    """A user who works on a POC, from one moment to another. The owner is always one."""

    __tablename__ = "poc_member"
    __table_args__ = (
        Index(
            "uq_poc_member_present",
            "poc_id",
            "user_id",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    poc_id: UUID = Field(foreign_key="poc.id", index=True)
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    added_at: datetime = Field(sa_type=UtcDateTime)
    added_by_id: UUID | None = Field(default=None)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_by_id: UUID | None = Field(default=None)


class HomeVisit(SQLModel, table=True):
    """When a user was last at Home: `seen_at` is this visit's last moment, and `before_at` that of
    the visit before it."""

    __tablename__ = "home_visit"

    user_id: UUID = Field(foreign_key="user_account.id", primary_key=True)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    before_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
