"""Comments on a POC or on one of its tasks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class Comment(SQLModel, table=True):
    """What a user or a customer's person wrote, in Markdown. Who may read it can't be changed after
    it was posted. People see that a comment was edited or removed."""

    __tablename__ = "comment"
    __table_args__ = (
        Index("ix_comment_poc", "poc_id", "id"),
        CheckConstraint(
            "(CASE WHEN author_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="ck_comment_author",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    poc_id: UUID = Field(foreign_key="poc.id")
    task_id: UUID | None = Field(default=None, foreign_key="task.id", index=True)
    author_id: UUID | None = Field(default=None, foreign_key="user_account.id")
    customer_id: UUID | None = Field(default=None, foreign_key="customer_person.id")
    body: str
    shared: bool = Field(default=False)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    edited_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_by_id: UUID | None = Field(default=None)


class CommentMention(SQLModel, table=True):
    """Somebody who is mentioned in a comment, by the name that they had then."""

    __tablename__ = "comment_mention"
    __table_args__ = (UniqueConstraint("comment_id", "user_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    comment_id: UUID = Field(foreign_key="comment.id")
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    name: str = Field(max_length=401)
