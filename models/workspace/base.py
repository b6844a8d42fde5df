"""What every row of the workspace has: its tenant, its version, who changed it, when."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class Side(StrEnum):
    """Who does something: the team or the customer."""

    TEAM = "team"
    CUSTOMER = "customer"

    @property
    def label(self) -> str:
        """The side's name on the screen."""
        return self.value.capitalize()


class WorkRow(SQLModel):
    """A row that people make, change, and archive; none is deleted but an archived file.

    `version` grows with every change. So a change by somebody who saw an older version is refused,
    and an old notice that comes late never overwrites a newer one.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by_id: UUID | None = Field(default=None)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    changed_by_id: UUID | None = Field(default=None)
    archived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def changed(self, at: datetime, by: UUID | None) -> None:
        """Count a change."""
        self.version += 1
        self.changed_at = at
        self.changed_by_id = by

    @property
    def log_name(self) -> str:
        """What the audit log calls the row."""
        return str(getattr(self, "title", ""))
