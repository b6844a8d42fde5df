"""A bulk act: one thing that is done to many rows of a list, mostly to people, batch by batch,
even if nobody has its page open."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, false
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id


class BulkKind(StrEnum):
    """What is done to each row."""

    DEACTIVATE = "deactivate"
    ACTIVATE = "activate"
    RESEND = "resend"
    COPY_LINKS = "copy_links"
    END_DATE = "end_date"
    ARCHIVE_GROUP_TEMPLATES = "archive_group_templates"
    RESTORE_GROUP_TEMPLATES = "restore_group_templates"
    ARCHIVE_TASK_TEMPLATES = "archive_task_templates"
    RESTORE_TASK_TEMPLATES = "restore_task_templates"
    ARCHIVE_POCS = "archive_pocs"
    RESTORE_POCS = "restore_pocs"
    HAND_OVER_POCS = "hand_over_pocs"
    REASSIGN_POCS = "reassign_pocs"
    DEACTIVATE_CUSTOMERS = "deactivate_customers"
    ACTIVATE_CUSTOMERS = "activate_customers"


class BulkState(StrEnum):
    """How far a bulk act got. A draft is only a preview: it has changed nothing."""

    DRAFT = "draft"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class BulkAct(SQLModel, table=True):
    """One act on the `people`, or the other rows, that were selected, on behalf of the session that
    began it.

    `selection` says in words who they are. `done` of them were looked at so far, `changed` were
    changed and `failed` couldn't be; the others had nothing to change. `why` says why it ended
    early. `undoes_id` is the act that this one undoes. A process that works on it holds it
    until `leased_until`.
    """

    __tablename__ = "bulk_act"
    __table_args__ = (Index("ix_bulk_act_tenant_created", "tenant_id", "created_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    kind: BulkKind = Field(sa_type=enum_type(BulkKind))
    state: BulkState = Field(default=BulkState.DRAFT, sa_type=enum_type(BulkState))
    started_by_id: UUID = Field(foreign_key="user_account.id")
    started_by: str = Field(max_length=401)
    session_id: UUID
    ip: str = Field(default="", max_length=64, sa_column_kwargs={"name": "address"})
    selection: str = Field(default="", max_length=500)
    reason: str = Field(default="", max_length=500)
    chosen: dict[str, Any] | None = Field(
        default=None, sa_type=JSON(none_as_null=True), sa_column_kwargs={"name": "end"}
    )
    """What was chosen for all of them, as the kind keeps it: the end of access that people get, as
    day, time and time zone; or the new owner of POCs."""
    along: dict[str, Any] | None = Field(
        default=None, sa_type=JSON(none_as_null=True), sa_column_kwargs={"name": "hand_over"}
    )
    """What goes along with the act: who gets the work of those who are deactivated, and what they
    have got so far; none where that is left for later."""
    tell: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether each is told by mail."""
    people: int
    done: int = Field(default=0)
    changed: int = Field(default=0)
    failed: int = Field(default=0)
    why: str = Field(default="", max_length=500)
    undoes_id: UUID | None = Field(default=None, unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    leased_until: datetime = Field(sa_type=UtcDateTime)


class BulkActBatch(SQLModel, table=True):
    """Some rows of a bulk act (`people`, whatever they are), which are changed in one transaction:
    which they are, and later the result for each."""

    __tablename__ = "bulk_act_batch"

    bulk_id: UUID = Field(foreign_key="bulk_act.id", primary_key=True)
    number: int = Field(primary_key=True)
    people: list[Any] = Field(sa_type=JSON)
    outcomes: list[Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
