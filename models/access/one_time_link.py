"""A one-time link: an invitation, a password reset, a customer's way in, or the first set-up."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id


class LinkPurpose(StrEnum):
    """What a link is for. It opens nothing else."""

    INVITATION = "invitation"
    RESET = "reset"
    SETUP = "setup"
    CUSTOMER_INVITATION = "customer_invitation"
    EMAIL_CONFIRM = "email_confirm"
    EMAIL_REVERT = "email_revert"
    CUSTOMER_VISIT = "customer_visit"


class OneTimeLink(SQLModel, table=True):
    """A link that works once. Only the SHA-256 of its token is stored."""

    __tablename__ = "one_time_link"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID | None = Field(default=None, foreign_key="user_account.id", index=True)
    customer_id: UUID | None = Field(default=None, foreign_key="customer_person.id", index=True)
    purpose: LinkPurpose = Field(sa_type=enum_type(LinkPurpose))
    token_hash: bytes = Field(unique=True, repr=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    void_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def is_live(self, at: datetime) -> bool:
        """Whether the link can still be used."""
        return self.used_at is None and self.void_at is None and at < self.expires_at
