"""What the deactivation of a user would leave without anybody active: told before it, and handed
over to somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models import CLOSED_STATUSES, Poc, Task, TaskAssignee, TaskStatus, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import acting, viewing
from services.core import clock
from services.core.db import Transaction
from services.core.looking import looks_first
from services.workspace.people import require_workers
from services.workspace.pocs import HandOverForm, give
from services.workspace.rights import get_poc
from services.workspace.tasks import assign_to, assigned, touch


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
        user = await view.get(User, user_id)
        pocs, tasks = await _owned(view.tx, user), await _alone(view.tx, user)
    today = clock.now().date()
    return WorkImpact(
        [OwnedPoc(poc.id, poc.title, poc.version) for poc in pocs],
        [
            LoneTask(task.id, task.title, task.poc_id, task.is_overdue(today), task.version)
            for task in tasks
        ],
    )


@looks_first
async def hand_over_work(principal: Principal, user_id: UUID, form: HandOverForm) -> None:
    """Give somebody else all that the deactivation of a user would leave, or has left: the POCs,
    and their place in the tasks. Raises `InvalidInputError` for who can't be chosen."""
    async with acting(principal, Permission.REASSIGN_POCS, lock=(user_id, form.owner_id)) as act:
        user = await act.get(User, user_id)
        (owner,) = await require_workers(act, [form.owner_id], "owner_id")
        if owner.id == user.id:
            return
        tasks = await _alone(act.tx, user)
        ids = {poc.id for poc in await _owned(act.tx, user)} | {task.poc_id for task in tasks}
        # Locked in one order, for two who hand over at once.
        pocs = {poc_id: await get_poc(act, poc_id, lock=True) for poc_id in sorted(ids)}
        for poc in pocs.values():
            await act.tx.refresh(poc)
            if poc.owner_id == user.id:
                await give(act, poc, owner, form.note)
        for task in tasks:
            there = {row.user_id for row in await assigned(act, task)}
            poc = pocs[task.poc_id]
            await assign_to(act, poc, task, (there - {user.id}) | {owner.id})
            touch(act, poc, task)


def _is_open() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(Poc.archived_at).is_(None), col(Poc.status).not_in(CLOSED_STATUSES)


async def _owned(tx: Transaction, user: User) -> Sequence[Poc]:
    """The open POCs that a user owns."""
    found = await tx.exec(
        select(Poc)
        .where(Poc.owner_id == user.id, *_is_open())
        .order_by(col(Poc.title_key), col(Poc.id))
    )
    return found.all()


async def _alone(tx: Transaction, user: User) -> Sequence[Task]:
    """The open tasks of open POCs that a user, and nobody else who is active, is to do."""
    another = (
        select(TaskAssignee.id)
        .join(User, col(User.id) == TaskAssignee.user_id)
        .where(TaskAssignee.task_id == Task.id, User.active, User.id != user.id)
        .exists()
    )
    found = await tx.exec(
        select(Task)
        .join(TaskAssignee, col(TaskAssignee.task_id) == Task.id)
        .join(Poc, col(Poc.id) == Task.poc_id)
        .where(
            TaskAssignee.user_id == user.id,
            Task.status != TaskStatus.DONE,
            col(Task.archived_at).is_(None),
            *_is_open(),
            ~another,
        )
        .order_by(col(Task.due_on).is_(None), col(Task.due_on), col(Task.id))
    )
    return found.all()
