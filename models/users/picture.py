"""A picture: an organisation's logo, or one person's."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class Picture(SQLModel, table=True):
    """A picture, as it is served. Without a `user_id` it is the tenant's logo. The owner's row has
    its digest, too (`Tenant.logo`, `User.picture`), so that pages know its url without reading it.
    """

    __tablename__ = "picture"
    __table_args__ = (
        Index("uq_picture_user", "user_id", unique=True),
        Index(
            "uq_picture_logo",
            "tenant_id",
            unique=True,
            sqlite_where=text("user_id IS NULL"),
            postgresql_where=text("user_id IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID | None = Field(default=None, foreign_key="tenant.id")
    user_id: UUID | None = Field(default=None, foreign_key="user_account.id")
    media_type: str = Field(max_length=40)
    digest: str = Field(max_length=64)
    content: bytes = Field(repr=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
