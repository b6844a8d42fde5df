"""An import: people to invite from one file, batch by batch, even if nobody has
its page open."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id


class ImportState(StrEnum):
    """How far an import got."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class UserImport(SQLModel, table=True):
    """One file's people, on behalf of the session that began it.

    `done` rows were looked at, and `invited` of them got an account; `why` says why it ended
    early. A process that works on it holds it until `leased_until`.
    """

    __tablename__ = "user_import"
    __table_args__ = (Index("ix_user_import_tenant_started", "tenant_id", "started_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    started_by_id: UUID = Field(foreign_key="user_account.id")
    started_by: str = Field(max_length=401)
    session_id: UUID
    ip: str = Field(default="", max_length=64, sa_column_kwargs={"name": "address"})
    file_name: str = Field(max_length=255)
    rows: int
    done: int = Field(default=0)
    invited: int = Field(default=0)
    by_mail: bool
    state: ImportState = Field(default=ImportState.RUNNING, sa_type=enum_type(ImportState))
    why: str = Field(default="", max_length=500)
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    leased_until: datetime = Field(sa_type=UtcDateTime)


class UserImportBatch(SQLModel, table=True):
    """Some rows of an import, which are invited in one transaction: what the file says of each, and
    later its result."""

    __tablename__ = "user_import_batch"

    import_id: UUID = Field(foreign_key="user_import.id", primary_key=True)
    number: int = Field(primary_key=True)
    rows: list[Any] = Field(sa_type=JSON)
    outcomes: list[Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
