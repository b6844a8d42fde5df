"""A change of an account's email, and the way back."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class EmailChange(SQLModel, table=True):
    """A user's change of their own email: requested, confirmed from the new mailbox, perhaps undone
    from the old one."""

    __tablename__ = "email_change"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    old_email: str = Field(max_length=254)
    new_email: str = Field(max_length=254)
    link_id: UUID = Field(foreign_key="one_time_link.id", unique=True)
    """The link that confirms it."""
    revert_link_id: UUID | None = Field(default=None, foreign_key="one_time_link.id", unique=True)
    """The link that takes it back."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reverted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
