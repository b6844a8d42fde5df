"""Templates: tasks as they are often done, and groups of them in their order.

A POC gets copies. Nothing in a POC points at a template, except for a group, which knows the
template that it was copied from.
"""

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from models.base import enum_type, new_id
from models.workspace.base import Side, WorkRow


class TaskTemplate(WorkRow, table=True):
    """A task as it is often done. `start_day` counts from a POC's first day, which is 1. Whether
    customers read the description (`description_shared`) is copied to a POC's task."""

    __tablename__ = "task_template"
    __table_args__ = (
        Index("ix_task_template_tenant_title", "tenant_id", "title_key", "id"),
        Index("ix_task_template_tenant_changed", "tenant_id", "changed_at", "id"),
    )

    title: str = Field(max_length=200)
    title_key: str = Field(max_length=1000)
    description: str = Field(default="")
    description_shared: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    side: Side = Field(default=Side.TEAM, sa_type=enum_type(Side))
    start_day: int = Field(default=1)
    days: int = Field(default=1)


class GroupTemplate(WorkRow, table=True):
    """A task group template: task templates in their order."""

    __tablename__ = "group_template"
    __table_args__ = (
        Index("ix_group_template_tenant_title", "tenant_id", "title_key", "id"),
        Index("ix_group_template_tenant_changed", "tenant_id", "changed_at", "id"),
    )

    title: str = Field(max_length=200)
    title_key: str = Field(max_length=1000)
    description: str = Field(default="")


class GroupTemplateTask(SQLModel, table=True):
    """Where a task template stands in a group."""

    __tablename__ = "group_template_task"
    __table_args__ = (UniqueConstraint("group_id", "task_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    group_id: UUID = Field(foreign_key="group_template.id")
    task_id: UUID = Field(foreign_key="task_template.id", index=True)
    position: int
