"""The tasks of a POC, in groups."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint, false
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id
from models.workspace.base import Side, WorkRow


class TaskStatus(StrEnum):
    """How far a task is. `services.workspace.states` says what may become what."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    DONE = "done"

    @property
    def label(self) -> str:
        """The status on the screen."""
        return self.value.replace("_", " ").capitalize()


class TaskGroup(WorkRow, table=True):
    """Tasks of a POC that belong together. `template_id` is the group template it was copied
    from. It has its own side, days and people; its progress follows from its tasks."""

    __tablename__ = "task_group"

    poc_id: UUID = Field(foreign_key="poc.id", index=True)
    template_id: UUID | None = Field(default=None, foreign_key="group_template.id", index=True)
    title: str = Field(max_length=200)
    description: str = Field(default="")
    side: Side = Field(
        default=Side.TEAM,
        sa_type=enum_type(Side),
        sa_column_kwargs={"server_default": Side.TEAM.value},
    )
    position: int
    start_on: date | None = Field(default=None)
    due_on: date | None = Field(default=None)


class Task(WorkRow, table=True):
    """One thing to do in a POC. Only the team sees what it is about, unless `description_shared`,
    and why it is blocked, unless `reason_shared`."""

    __tablename__ = "task"

    poc_id: UUID = Field(foreign_key="poc.id", index=True)
    group_id: UUID = Field(foreign_key="task_group.id", index=True)
    title: str = Field(max_length=200)
    description: str = Field(default="")
    description_shared: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    side: Side = Field(default=Side.TEAM, sa_type=enum_type(Side))
    position: int
    start_on: date | None = Field(default=None)
    due_on: date | None = Field(default=None)
    status: TaskStatus = Field(default=TaskStatus.NOT_STARTED, sa_type=enum_type(TaskStatus))
    blocked_reason: str = Field(default="")
    reason_shared: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_by_id: UUID | None = Field(default=None, foreign_key="customer_person.id")

    def is_overdue(self, today: date) -> bool:
        """Whether it was due before today and isn't done."""
        late = self.due_on is not None and self.due_on < today
        return late and self.status is not TaskStatus.DONE


class TaskAssignee(SQLModel, table=True):
    """A user who is to do a task."""

    __tablename__ = "task_assignee"
    __table_args__ = (UniqueConstraint("task_id", "user_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    task_id: UUID = Field(foreign_key="task.id")
    user_id: UUID = Field(foreign_key="user_account.id", index=True)


class TaskCustomer(SQLModel, table=True):
    """A customer's person who is to do a task."""

    __tablename__ = "task_customer"
    __table_args__ = (UniqueConstraint("task_id", "customer_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    task_id: UUID = Field(foreign_key="task.id")
    customer_id: UUID = Field(foreign_key="customer_person.id", index=True)


class GroupAssignee(SQLModel, table=True):
    """A user who is responsible for a group of tasks."""

    __tablename__ = "group_assignee"
    __table_args__ = (UniqueConstraint("group_id", "user_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    group_id: UUID = Field(foreign_key="task_group.id")
    user_id: UUID = Field(foreign_key="user_account.id", index=True)


class GroupCustomer(SQLModel, table=True):
    """A customer's person who is responsible for a group of tasks."""

    __tablename__ = "group_customer"
    __table_args__ = (UniqueConstraint("group_id", "customer_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    group_id: UUID = Field(foreign_key="task_group.id")
    customer_id: UUID = Field(foreign_key="customer_person.id", index=True)
