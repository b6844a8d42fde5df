"""How many people of a tenant were here at a moment."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime


class HereCount(SQLModel, table=True):
    """One point of the chart of who is here. There is one for each quarter of an hour, kept for
    some days."""

    __tablename__ = "here_count"

    tenant_id: UUID = Field(primary_key=True, foreign_key="tenant.id")
    at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    here: int
