"""Success criteria: what a POC has to show."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import enum_type, new_id
from models.workspace.base import Side, WorkRow


class Importance(StrEnum):
    """How important a criterion is."""

    MUST = "must"
    SHOULD = "should"
    COULD = "could"

    @property
    def label(self) -> str:
        """The importance on the screen."""
        return self.value.capitalize()


class CriterionResult(StrEnum):
    """The result of a criterion."""

    PENDING = "pending"
    MET = "met"
    PARTLY_MET = "partly_met"
    NOT_MET = "not_met"

    @property
    def label(self) -> str:
        """The result on the screen."""
        return self.value.replace("_", " ").capitalize()


class SuccessCriterion(WorkRow, table=True):
    """What a POC has to show. `side` is who measures it."""

    __tablename__ = "success_criterion"

    poc_id: UUID = Field(foreign_key="poc.id", index=True)
    title: str = Field(max_length=200)
    target: str = Field(default="", max_length=200)
    achieved: str = Field(default="", max_length=200)
    importance: Importance = Field(default=Importance.MUST, sa_type=enum_type(Importance))
    side: Side = Field(default=Side.TEAM, sa_type=enum_type(Side))
    result: CriterionResult = Field(
        default=CriterionResult.PENDING, sa_type=enum_type(CriterionResult)
    )
    position: int


class CriterionTask(SQLModel, table=True):
    """A task that shows whether a criterion is met."""

    __tablename__ = "criterion_task"
    __table_args__ = (UniqueConstraint("criterion_id", "task_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    criterion_id: UUID = Field(foreign_key="success_criterion.id")
    task_id: UUID = Field(foreign_key="task.id", index=True)
