"""A customer's people: they are shown POCs, and aren't users of the tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class CustomerPerson(SQLModel, table=True):
    """Somebody at a customer's. They have no password: links that are mailed to them let them in.

    `version` grows with each change that a page shows, `status_version` is that of the last switch.
    """

    __tablename__ = "customer_person"
    __table_args__ = (
        UniqueConstraint("tenant_id", "email_key"),
        Index("ix_customer_person_tenant_name", "tenant_id", "name_key", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    version: int = Field(default=1)
    status_version: int = Field(default=1)
    first_name: str = Field(max_length=200)
    last_name: str = Field(max_length=200)
    name_key: str = Field(default="", max_length=400)
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254)
    title: str = Field(default="", max_length=200)
    active: bool = Field(default=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by_id: UUID | None = Field(default=None)
    first_here_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_active_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deactivated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deactivated_by_id: UUID | None = Field(default=None)

    @property
    def full_name(self) -> str:
        """First and last name, as people read it."""
        return f"{self.first_name} {self.last_name}"

    @property
    def log_name(self) -> str:
        """What the audit log calls them."""
        return self.full_name

    @property
    def invited(self) -> bool:
        """Whether the invitation still waits for their first visit."""
        return self.first_here_at is None

    def switch(self, active: bool, at: datetime, by: UUID | None) -> None:
        """Let them in again, or shut them out; what they wrote and did stays."""
        self.active = active
        self.deactivated_at = None if active else at
        self.deactivated_by_id = None if active else by
        self.changed()
        self.status_version = self.version

    def changed(self) -> None:
        """Count a change, so that an old notice that comes late never overwrites a newer one."""
        self.version += 1


class PocCustomer(SQLModel, table=True):
    """A customer's person who is shown a POC, from one moment to another."""

    __tablename__ = "poc_customer"
    __table_args__ = (
        Index(
            "uq_poc_customer_present",
            "poc_id",
            "customer_id",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    poc_id: UUID = Field(foreign_key="poc.id", index=True)
    customer_id: UUID = Field(foreign_key="customer_person.id", index=True)
    added_at: datetime = Field(sa_type=UtcDateTime)
    added_by_id: UUID | None = Field(default=None)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_by_id: UUID | None = Field(default=None)
