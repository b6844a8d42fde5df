"""A review of who still needs access: the people in it, and the decision about each."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id
from models.users.user import Role


class Decision(StrEnum):
    """What is decided about somebody's access."""

    KEEP = "keep"
    DEACTIVATE = "deactivate"

    @property
    def label(self) -> str:
        """The decision on the screen."""
        return self.value.capitalize()


class ReviewOutcome(StrEnum):
    """What happened to somebody's access when the review was closed."""

    KEPT = "kept"
    DEACTIVATED = "deactivated"
    SKIPPED = "skipped"

    @property
    def label(self) -> str:
        """The outcome on the screen."""
        return "Left as it was" if self is ReviewOutcome.SKIPPED else self.value.capitalize()


class Review(SQLModel, table=True):
    """A review. The people in it stay those of its beginning.

    At `closes_at`, if there is one, it is closed, and the undecided are deactivated. `closing_at`
    is when the close began, and `closed_at` when everybody was dealt with; a process that works on
    it holds it until `leased_until`. From `first_number` to `last_number` are its audit entries;
    the last one has the `digest` of the record.
    """

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_tenant_begun", "tenant_id", "begun_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    name: str = Field(max_length=200)
    days: int
    begun_at: datetime = Field(sa_type=UtcDateTime)
    begun_by: str = Field(max_length=401)
    begun_by_id: UUID | None = Field(default=None, foreign_key="user_account.id")
    """Who hears of its close."""
    closes_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    tells: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether the users whom its close deactivates are told by mail."""
    closing_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closing_by: str = Field(default="", max_length=401)
    ends_undecided: bool = Field(default=False)
    """Whether the close that is under way deactivates the undecided too."""
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    first_number: int
    last_number: int | None = Field(default=None)
    digest: str = Field(default="", max_length=64)

    @property
    def log_name(self) -> str:
        """What the audit log calls the review."""
        return self.name


class ReviewPerson(SQLModel, table=True):
    """Somebody whom a review asks about, as they were at its beginning: a user, or somebody at a
    customer's, who has no role.

    `status_version` is the user's at the beginning, or at the decision: whoever was activated or
    deactivated since then isn't touched by the close.
    """

    __tablename__ = "review_person"
    __table_args__ = (UniqueConstraint("review_id", "user_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    review_id: UUID = Field(foreign_key="review.id", index=True)
    user_id: UUID | None = Field(default=None, foreign_key="user_account.id", index=True)
    customer_id: UUID | None = Field(default=None, foreign_key="customer_person.id", index=True)
    name: str = Field(max_length=401)
    name_key: str = Field(max_length=400)
    email: str = Field(max_length=254)
    role: Role | None = Field(default=None, sa_type=enum_type(Role))
    reasons: list[Any] = Field(sa_type=JSON)
    last_active_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status_version: int
    decision: Decision | None = Field(default=None, sa_type=enum_type(Decision))
    decided_by: str = Field(default="", max_length=401)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: ReviewOutcome | None = Field(default=None, sa_type=enum_type(ReviewOutcome))
    note: str = Field(default="", max_length=500)
    version: int = Field(default=1)

    @property
    def holder_id(self) -> UUID:
        """The id of the user or customer's person whose access is reviewed."""
        found = self.user_id or self.customer_id
        assert found is not None
        return found
