"""The audit log: append-only, each entry chained to the one before it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class AuditEvent(SQLModel, table=True):
    """One entry: who did what to whom, when, from where.

    `chain_id` is the tenant's id, or the nil UUID for what happens above the tenants.
    Names are kept as they were: the log doesn't change when a person's name does. `search_key` is
    what searches look at, and isn't part of the chain; it is None until it is made
    (`services.audit.search`).
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("chain_id", "number"),
        Index("ix_audit_event_subject", "chain_id", "subject_id", "number"),
        Index("ix_audit_event_action", "chain_id", "action", "number"),
        # Searches read this index instead of whole entries. The next one finds entries without a
        # key.
        Index("ix_audit_event_search", "chain_id", "number", "search_key"),
        Index(
            "ix_audit_event_unsearchable",
            "id",
            sqlite_where=text("search_key IS NULL"),
            postgresql_where=text("search_key IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    chain_id: UUID
    number: int
    at: datetime = Field(sa_type=UtcDateTime)
    actor_id: UUID | None = Field(default=None)
    actor_name: str = Field(max_length=401)
    action: str = Field(max_length=60)
    subject_id: UUID | None = Field(default=None)
    subject_name: str = Field(default="", max_length=401)
    ip: str = Field(default="", max_length=64, sa_column_kwargs={"name": "address"})
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)
    search_key: str | None = Field(default=None, max_length=600)


class AuditHead(SQLModel, table=True):
    """The end of one chain: locked to append, and proof of how long the chain is."""

    __tablename__ = "audit_head"

    chain_id: UUID = Field(primary_key=True)
    number: int = Field(default=0)
    hash: str = Field(max_length=64)


class NotedHead(SQLModel, table=True):
    """Up to which entry a chain is noted in the platform's chain; the next round notes what was
    added since.

    The platform's own row says when the last round was. This table proves nothing.
    """

    __tablename__ = "noted_head"

    chain_id: UUID = Field(primary_key=True)
    number: int
    at: datetime = Field(sa_type=UtcDateTime)
