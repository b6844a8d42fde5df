"""Work that was handed over from somebody who leaves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class Handover(SQLModel, table=True):
    """The part of a user's work that one act gave to somebody else, so that it can be taken back.

    `cause` is the audit entry of the deactivation that came before; None if the user was active.
    `items` are the POCs and the tasks, each with who has it now.
    """

    __tablename__ = "handover"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    cause: UUID | None = Field(default=None)
    at: datetime = Field(sa_type=UtcDateTime)
    by_id: UUID | None = Field(default=None)
    by_name: str = Field(max_length=401)
    items: list[Any] = Field(sa_type=JSON)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
