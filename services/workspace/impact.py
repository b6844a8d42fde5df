"""What would be left without anybody active after the deactivation of a user: told before it, and
visible after it until nothing is left (`handover` gives it to somebody)."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from models import (
    CLOSED_STATUSES,
    CustomerPerson,
    Poc,
    PocCustomer,
    PocStatus,
    Screen,
    Task,
    TaskAssignee,
    TaskStatus,
    User,
)
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core import clock
from services.core.db import Transaction


@dataclass(frozen=True)
class OwnedPoc:
    """An open POC that somebody owns."""

    id: UUID
    title: str
    version: int


@dataclass(frozen=True)
class LoneTask:
    """An open task of an open POC that nobody else who is active does."""

    id: UUID
    title: str
    poc_id: UUID
    poc_title: str
    is_overdue: bool
    version: int


@dataclass(frozen=True)
class WorkImpact:
    """What would be left. The deactivation changes nothing of it."""

    pocs: Sequence[OwnedPoc]
    tasks: Sequence[LoneTask]
    invitations: int = 0
    """Open invitations of users that they sent, which stay valid."""
    customers: int = 0
    """Open invitations of customers' people that they sent, which stay valid."""
    screens: int = 0
    """Screens that they paired, which go on."""

    @property
    def is_work(self) -> bool:
        """Whether there is anything to hand over."""
        return bool(self.pocs or self.tasks)

    @property
    def overdue(self) -> int:
        """How many of the tasks are overdue."""
        return sum(task.is_overdue for task in self.tasks)


async def get_work_impact(principal: Principal, user_id: UUID) -> WorkImpact:
    """What deactivating a user would leave right now; raises `NotFoundError`."""
    async with viewing(principal, Permission.SWITCH_USERS) as view:
        user = await view.get(User, user_id)
        pocs, tasks = await find_owned(view.tx, user), await find_alone(view.tx, user)
        invitations = await _count_invitations(view.tx, user.tenant_id, [user.id])
        customers = await _count_customers(view.tx, user.tenant_id, [user.id])
        screens = await _count_screens(view.tx, user.tenant_id, [user.id])
        about = {poc.id: poc for poc in pocs} | await _pocs_of(view.tx, tasks)
    today = clock.now().date()
    return WorkImpact(
        [OwnedPoc(poc.id, poc.title, poc.version) for poc in pocs],
        [
            LoneTask(
                task.id,
                task.title,
                task.poc_id,
                about[task.poc_id].title,
                task.is_overdue(today),
                task.version,
            )
            for task in tasks
        ],
        invitations,
        customers,
        screens,
    )


@dataclass(frozen=True)
class LeftWork:
    """A POC or a task that would be left."""

    id: UUID
    title: str
    poc_id: UUID


@dataclass(frozen=True)
class WorkOfMany:
    """What many people would leave together; `states` says how many of the POCs have each
    status."""

    pocs: Sequence[LeftWork]
    tasks: Sequence[LeftWork]
    overdue: int
    states: Mapping[PocStatus, int]
    invitations: int
    customers: int
    screens: int


async def get_work_of_many(principal: Principal, ids: Sequence[UUID]) -> WorkOfMany:
    """What deactivating all of these users would leave right now: their open POCs, and the open
    tasks that nobody else who is active does."""
    async with viewing(principal, Permission.SWITCH_USERS) as view:
        theirs = col(Poc.tenant_id) == view.tenant_id
        pocs = await view.tx.exec(
            select(Poc)
            .where(theirs, col(Poc.owner_id).in_(ids), *is_open())
            .order_by(col(Poc.title_key), col(Poc.id))
        )
        another = (
            select(TaskAssignee.id)
            .join(User, col(User.id) == TaskAssignee.user_id)
            .where(TaskAssignee.task_id == Task.id, User.active, col(User.id).not_in(ids))
            .exists()
        )
        assigned = select(TaskAssignee.task_id).where(col(TaskAssignee.user_id).in_(ids))
        tasks = await view.tx.exec(
            select(Task)
            .join(Poc, col(Poc.id) == Task.poc_id)
            .where(
                theirs,
                col(Task.id).in_(assigned),
                Task.status != TaskStatus.DONE,
                col(Task.archived_at).is_(None),
                *is_open(),
                ~another,
            )
            .order_by(col(Task.due_on).is_(None), col(Task.due_on), col(Task.id))
        )
        found, owned, today = tasks.all(), pocs.all(), clock.now().date()
        invitations = await _count_invitations(view.tx, view.tenant_id, ids)
        customers = await _count_customers(view.tx, view.tenant_id, ids)
        screens = await _count_screens(view.tx, view.tenant_id, ids)
    return WorkOfMany(
        [LeftWork(poc.id, poc.title, poc.id) for poc in owned],
        [LeftWork(task.id, task.title, task.poc_id) for task in found],
        sum(task.is_overdue(today) for task in found),
        Counter(poc.status for poc in owned),
        invitations,
        customers,
        screens,
    )


def is_open() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The condition for a POC that must have somebody."""
    return col(Poc.archived_at).is_(None), col(Poc.status).not_in(CLOSED_STATUSES)


async def find_owned(tx: Transaction, user: User) -> Sequence[Poc]:
    """The open POCs that a user owns."""
    found = await tx.exec(
        select(Poc)
        .where(Poc.owner_id == user.id, *is_open())
        .order_by(col(Poc.title_key), col(Poc.id))
    )
    return found.all()


async def find_alone(tx: Transaction, user: User) -> Sequence[Task]:
    """The open tasks of open POCs that a user does, and nobody else who is active."""
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
            *is_open(),
            ~another,
        )
        .order_by(col(Task.due_on).is_(None), col(Task.due_on), col(Task.id))
    )
    return found.all()


async def find_with_work(tx: Transaction, ids: Collection[UUID]) -> set[UUID]:
    """Those of these users who own open POCs, or who alone do open tasks of open POCs."""
    owners = select(Poc.owner_id).where(col(Poc.owner_id).in_(ids), *is_open())
    other = aliased(TaskAssignee)
    another = (
        select(other.id)
        .join(User, col(User.id) == other.user_id)
        .where(other.task_id == Task.id, User.active, User.id != TaskAssignee.user_id)
        .exists()
    )
    alone = (
        select(TaskAssignee.user_id)
        .join(Task, col(Task.id) == TaskAssignee.task_id)
        .join(Poc, col(Poc.id) == Task.poc_id)
        .where(
            col(TaskAssignee.user_id).in_(ids),
            Task.status != TaskStatus.DONE,
            col(Task.archived_at).is_(None),
            *is_open(),
            ~another,
        )
    )
    return {*await tx.exec(owners), *await tx.exec(alone)}


async def _pocs_of(tx: Transaction, tasks: Sequence[Task]) -> dict[UUID, Poc]:
    ids = {task.poc_id for task in tasks}
    found = await tx.exec(select(Poc).where(col(Poc.id).in_(ids))) if ids else ()
    return {poc.id: poc for poc in found}


async def _count_invitations(tx: Transaction, tenant_id: UUID | None, ids: Sequence[UUID]) -> int:
    """How many people whom these users have invited (other than these users) haven't accepted
    yet."""
    found = await tx.exec(
        select(func.count())
        .select_from(User)
        .where(
            User.tenant_id == tenant_id,
            col(User.invited_by_id).in_(ids),
            User.active,
            col(User.id).not_in(ids),
            col(User.first_sign_in_at).is_(None),
        )
    )
    return found.one()


async def _count_screens(tx: Transaction, tenant_id: UUID | None, ids: Sequence[UUID]) -> int:
    """How many screens these users have paired that aren't revoked."""
    found = await tx.exec(
        select(func.count())
        .select_from(Screen)
        .where(
            Screen.tenant_id == tenant_id,
            col(Screen.created_by_id).in_(ids),
            col(Screen.revoked_at).is_(None),
        )
    )
    return found.one()


async def _count_customers(tx: Transaction, tenant_id: UUID | None, ids: Sequence[UUID]) -> int:
    """How many customers' people whom these users have invited, and who are shown an open POC,
    haven't been here yet."""
    shown = (
        select(PocCustomer.id)
        .join(Poc, col(Poc.id) == PocCustomer.poc_id)
        .where(
            PocCustomer.customer_id == CustomerPerson.id,
            col(PocCustomer.removed_at).is_(None),
            *is_open(),
        )
        .exists()
    )
    found = await tx.exec(
        select(func.count())
        .select_from(CustomerPerson)
        .where(
            CustomerPerson.tenant_id == tenant_id,
            col(CustomerPerson.created_by_id).in_(ids),
            CustomerPerson.active,
            col(CustomerPerson.first_here_at).is_(None),
            shown,
        )
    )
    return found.one()
