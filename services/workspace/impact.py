"""What the deactivation of a user would leave without anybody active, told before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from models import CLOSED_STATUSES, Poc, Task, TaskAssignee, TaskStatus, User
from services.access.actor import Principal, get_user
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core import clock


@dataclass(frozen=True)
class OwnedPoc:
    """An open POC that somebody owns."""

    id: UUID
    title: str
    version: int


@dataclass(frozen=True)
class LoneTask:
    """An open task of an open POC that nobody else who is active is to do."""

    id: UUID
    title: str
    poc_id: UUID
    is_overdue: bool
    version: int


@dataclass(frozen=True)
class WorkImpact:
    """What would be left. Nothing of it changes by the deactivation."""

    pocs: Sequence[OwnedPoc]
    tasks: Sequence[LoneTask]

    @property
    def pocs_of_tasks(self) -> int:
        """In how many POCs the tasks are."""
        return len({task.poc_id for task in self.tasks})

    @property
    def overdue(self) -> int:
        """How many of the tasks are overdue."""
        return sum(task.is_overdue for task in self.tasks)


async def get_work_impact(principal: Principal, user_id: UUID) -> WorkImpact:
    """What deactivating a user would leave right now; raises `NotFoundError`."""
    async with viewing(principal, Permission.SWITCH_USERS) as view:
        user = await get_user(view.tx, principal, user_id)
        is_open = (col(Poc.archived_at).is_(None), col(Poc.status).not_in(CLOSED_STATUSES))
        owned = await view.tx.exec(
            select(Poc)
            .where(Poc.owner_id == user.id, *is_open)
            .order_by(col(Poc.title_key), col(Poc.id))
        )
        another = (
            select(TaskAssignee.id)
            .join(User, col(User.id) == TaskAssignee.user_id)
            .where(TaskAssignee.task_id == Task.id, User.active, User.id != user.id)
            .exists()
        )
        alone = await view.tx.exec(
            select(Task)
            .join(TaskAssignee, col(TaskAssignee.task_id) == Task.id)
            .join(Poc, col(Poc.id) == Task.poc_id)
            .where(
                TaskAssignee.user_id == user.id,
                Task.status != TaskStatus.DONE,
                col(Task.archived_at).is_(None),
                *is_open,
                ~another,
            )
            .order_by(col(Task.due_on).is_(None), col(Task.due_on), col(Task.id))
        )
        today = clock.now().date()
        return WorkImpact(
            [OwnedPoc(poc.id, poc.title, poc.version) for poc in owned],
            [
                LoneTask(task.id, task.title, task.poc_id, task.is_overdue(today), task.version)
                for task in alone
            ],
        )
