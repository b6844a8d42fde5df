"""A screen on a wall, which shows a tenant's people or work to whoever passes by."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class Screen(SQLModel, table=True):
    """A screen, which shows what its `options` (JSON) say until it is revoked."""

    __tablename__ = "screen"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id", index=True)
    version: int = Field(default=1)
    name: str = Field(max_length=200)
    options: str = Field(default="{}")
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by_id: UUID | None = Field(default=None)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def log_name(self) -> str:
        """What the audit log calls the screen."""
        return self.name
