"""Resources: what helps with a task, a group, a POC, or a template of these."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type
from models.workspace.base import WorkRow


class ResourceKind(StrEnum):
    """What a resource is."""

    LINK = "link"
    FILE = "file"
    CODE = "code"
    NOTE = "note"

    @property
    def label(self) -> str:
        """The kind on the screen."""
        return "Code snippet" if self is ResourceKind.CODE else self.value.capitalize()


class Resource(WorkRow, table=True):
    """A link, a file, a code snippet or a note. It belongs to a template, to a POC as a whole, or
    to a group or task of a POC. Only the team sees it, unless it is `shared`.

    `content` is the link's url, the code, or the note's Markdown; a file's is in `FileChunk`.
    """

    __tablename__ = "resource"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN task_template_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN group_template_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN poc_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="ck_resource_belongs",
        ),
    )

    kind: ResourceKind = Field(sa_type=enum_type(ResourceKind))
    title: str = Field(max_length=200)
    content: str
    language: str = Field(default="", max_length=40)
    shared: bool = Field(default=False)
    task_template_id: UUID | None = Field(default=None, foreign_key="task_template.id", index=True)
    group_template_id: UUID | None = Field(
        default=None, foreign_key="group_template.id", index=True
    )
    poc_id: UUID | None = Field(default=None, foreign_key="poc.id", index=True)
    group_id: UUID | None = Field(default=None, foreign_key="task_group.id")
    task_id: UUID | None = Field(default=None, foreign_key="task.id")


class ResourceFile(SQLModel, table=True):
    """What is known of a resource's file. It never changes once it is complete.

    While its chunks are being written it has `arriving_since`, and no resource has its id yet.
    """

    __tablename__ = "resource_file"

    resource_id: UUID = Field(primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id", index=True)
    poc_id: UUID | None = Field(default=None, foreign_key="poc.id", index=True)
    name: str = Field(max_length=200)
    media_type: str = Field(max_length=100)
    size: int
    sha256: str = Field(max_length=64)
    arriving_since: datetime | None = Field(default=None, sa_type=UtcDateTime)


class FileChunk(SQLModel, table=True):
    """A piece of a file's content; its chunks are numbered from 0 on."""

    __tablename__ = "file_chunk"

    resource_id: UUID = Field(foreign_key="resource_file.resource_id", primary_key=True)
    number: int = Field(primary_key=True)
    data: bytes
