"""A user: one person's account in one tenant (or, for a Platform Admin, in none)."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, false, text, true
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id


class Role(StrEnum):
    """A user's role. It is set when the account is made, and never changes."""

    PLATFORM_ADMIN = "platform_admin"
    TENANT_ADMIN = "tenant_admin"
    ADMINISTRATOR = "administrator"
    SALES_ENGINEER = "sales_engineer"

    @property
    def label(self) -> str:
        """The role's name on the screen."""
        return self.value.replace("_", " ").title()


class User(SQLModel, table=True):
    """An account. Deactivating keeps the row and everything that points at it.

    `email_key` is the normalised email; a partial unique index allows one *active* account per
    key in the whole system. `version` grows with every change that a grid shows, and
    `status_version` is the version at which the account was last activated or deactivated.
    Searches have an index of their own, which depends on what the database can
    (`models.migrations.search_index`).
    """

    __tablename__ = "user_account"
    __table_args__ = (
        Index(
            "uq_user_account_active_email",
            "email_key",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
        # To look an email up. (SQLite doesn't use the index above for a query that says "active =
        # 1".)
        Index("ix_user_account_email_active", "email_key", "active", "tenant_id"),
        Index(
            "ix_user_account_tenant_invited",
            "tenant_id",
            "name_key",
            "id",
            sqlite_where=text("first_sign_in_at IS NULL"),
            postgresql_where=text("first_sign_in_at IS NULL"),
        ),
        Index("ix_user_account_tenant_name", "tenant_id", "name_key", "id"),
        Index("ix_user_account_tenant_email", "tenant_id", "email_key", "id"),
        Index("ix_user_account_tenant_role", "tenant_id", "role", "name_key", "id"),
        Index("ix_user_account_tenant_last_active", "tenant_id", "last_active_at", "id"),
        Index("ix_user_account_tenant_joined", "tenant_id", "first_sign_in_at", "id"),
        Index("ix_user_account_tenant_invited_by", "tenant_id", "invited_by_id", "id"),
        Index("ix_user_account_tenant_active", "tenant_id", "active", "name_key", "id"),
        Index("ix_user_account_active_ends", "active", "ends_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID | None = Field(default=None, foreign_key="tenant.id")
    first_name: str = Field(max_length=200)
    last_name: str = Field(max_length=200)
    email: str = Field(max_length=254)
    email_key: str = Field(max_length=254)
    role: Role = Field(sa_type=enum_type(Role))
    active: bool = Field(default=True)
    password_hash: str | None = Field(default=None, max_length=255, repr=False)
    name_key: str = Field(default="")
    search_key: str = Field(default="")
    version: int = Field(default=1)
    status_version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    invited_by_id: UUID | None = Field(default=None)
    first_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_sign_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_active_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The last sign of life, to about a minute."""
    deactivated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deactivated_by_id: UUID | None = Field(default=None)
    returned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When they were last activated after a deactivation."""
    end_date: date | None = Field(default=None, index=True)
    end_time: time | None = Field(default=None)
    end_zone: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    """The end as it was chosen: a day, perhaps a time of it, and the time zone that they are in."""
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The moment that this is: from then on Rollcall deactivates the account."""
    end_set_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_set_by_id: UUID | None = Field(default=None)
    wants_end_reminders: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether this admin is reminded by mail of everybody's end."""
    wants_mention_mails: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    """Whether they get a mail about a comment that mentions them while they aren't here."""
    contractor: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether they are no employee: a review asks about contractors without an end date."""
    successor_id: UUID | None = Field(default=None)
    phone: str = Field(default="", max_length=40, sa_column_kwargs={"server_default": ""})
    time_zone: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    """Where they say they are, as the IANA calls it; empty where they don't."""
    picture: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    """The digest of their picture; empty where they have none."""

    @property
    def full_name(self) -> str:
        """First and last name, as people read it."""
        return f"{self.first_name} {self.last_name}"

    @property
    def log_name(self) -> str:
        """What the audit log calls the user."""
        return self.full_name

    @property
    def invited(self) -> bool:
        """Whether the invitation still waits for the first sign-in."""
        return self.first_sign_in_at is None

    def activate(self, at: datetime, *, undone: bool = False) -> None:
        """Let the user in again; one whose deactivation is `undone` never left, and didn't come
        back."""
        self.active = True
        if not undone:
            self.returned_at = at
        self.deactivated_at = None
        self.deactivated_by_id = None
        self.changed()
        self.status_version = self.version

    def deactivate(self, at: datetime, by: UUID | None) -> None:
        """Shut the user out; their data stays."""
        self.active = False
        self.deactivated_at = at
        self.deactivated_by_id = by
        self.changed()
        self.status_version = self.version

    def succeeded_by(self, user_id: UUID) -> None:
        """Note the account that takes this one's place."""
        self.successor_id = user_id
        self.changed()

    def changed(self) -> None:
        """Count a change that grids show, so that an old notice that comes late never overwrites a
        newer one."""
        self.version += 1
