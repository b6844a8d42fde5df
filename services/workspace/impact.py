"""What would be left without anybody active after the deactivation of a user: told before it, and
visible after it until nothing is left (`handover` gives it to somebody)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, func, select

from models import (
    CustomerPerson,
    Poc,
    PocCustomer,
    PocStatus,
    Screen,
    Task,
    TaskGroup,
    User,
)
from services.access.actor import IS_ACTIVE, Principal
from services.access.permissions import Permission
from services.audit.acting import View, viewing
from services.database.transaction import Transaction
from services.users.ends import today_of
from services.workspace.left import find_alone, find_owned, is_open


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
class LoneGroup:
    """A group of tasks of an open POC that no other active user is responsible for."""

    id: UUID
    title: str
    poc_id: UUID
    poc_title: str
    version: int


@dataclass(frozen=True)
class WorkImpact:
    """What would be left. The deactivation changes nothing of it."""

    pocs: Sequence[OwnedPoc]
    tasks: Sequence[LoneTask]
    groups: Sequence[LoneGroup] = ()
    invitations: int = 0
    """Open invitations of users that they sent, which stay valid."""
    customers: int = 0
    """Open invitations of customers' people that they sent, which stay valid."""
    screens: int = 0
    """Screens that they paired, which go on."""

    @property
    def is_work(self) -> bool:
        """Whether there is anything to hand over."""
        return bool(self.pocs or self.tasks or self.groups)

    @property
    def overdue(self) -> int:
        """How many of the tasks are overdue."""
        return sum(task.is_overdue for task in self.tasks)


async def get_work_impact(principal: Principal, user_id: UUID) -> WorkImpact:
    """What deactivating a user would leave right now; raises `NotFoundError`."""
    async with viewing(principal, Permission.SWITCH_USERS) as view:
        user = await view.get(User, user_id)
        pocs = await find_owned(view.tx, user.id)
        tasks = await find_alone(view.tx, Task, user.id)
        groups = await find_alone(view.tx, TaskGroup, user.id)
        invitations = await _count_invitations(view.tx, user.tenant_id, [user.id])
        customers = await _count_customers(view.tx, user.tenant_id, [user.id])
        screens = await _count_screens(view.tx, user.tenant_id, [user.id])
        about = {poc.id: poc for poc in pocs} | await _pocs_of(view.tx, [*tasks, *groups])
        today = await today_of(view.tx, user.tenant_id)
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
        [
            LoneGroup(group.id, group.title, group.poc_id, about[group.poc_id].title, group.version)
            for group in groups
        ],
        invitations,
        customers,
        screens,
    )


@dataclass(frozen=True)
class LeftWork:
    """A POC, a task or a group that would be left."""

    id: UUID
    title: str
    poc_id: UUID


@dataclass(frozen=True)
class WorkOfMany:
    """What many people would leave together; `states` says how many of the POCs have each
    status."""

    pocs: Sequence[LeftWork]
    tasks: Sequence[LeftWork]
    groups: Sequence[LeftWork]
    overdue: int
    states: Mapping[PocStatus, int]
    invitations: int
    customers: int
    screens: int


async def get_work_of_many(principal: Principal, ids: Sequence[UUID]) -> WorkOfMany:
    """What deactivating all of these users would leave right now: their open POCs, and the open
    tasks and groups that nobody else who is active has."""
    async with viewing(principal, Permission.SWITCH_USERS) as view:
        theirs = await _of_tenant(view, ids)
        pocs = await find_owned(view.tx, *theirs)
        tasks = await find_alone(view.tx, Task, *theirs)
        groups = await find_alone(view.tx, TaskGroup, *theirs)
        invitations = await _count_invitations(view.tx, view.tenant_id, ids)
        customers = await _count_customers(view.tx, view.tenant_id, ids)
        screens = await _count_screens(view.tx, view.tenant_id, ids)
        today = await today_of(view.tx, view.tenant_id)
    return WorkOfMany(
        [LeftWork(poc.id, poc.title, poc.id) for poc in pocs],
        [LeftWork(task.id, task.title, task.poc_id) for task in tasks],
        [LeftWork(group.id, group.title, group.poc_id) for group in groups],
        sum(task.is_overdue(today) for task in tasks),
        Counter(poc.status for poc in pocs),
        invitations,
        customers,
        screens,
    )


async def _of_tenant(view: View, ids: Sequence[UUID]) -> Sequence[UUID]:
    """Those of these users who are in the tenant of the principal."""
    found = await view.tx.exec(
        select(User.id).where(User.tenant_id == view.tenant_id, col(User.id).in_(ids))
    )
    return found.all()


async def _pocs_of(tx: Transaction, work: Sequence[Task | TaskGroup]) -> dict[UUID, Poc]:
    ids = {one.poc_id for one in work}
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
            IS_ACTIVE,
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
