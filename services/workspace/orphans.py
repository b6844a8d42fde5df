"""The work of everybody who left: visible until somebody active has it (`handover` gives it)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from models import Poc, Task, TaskAssignee, TaskStatus, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import View, viewing
from services.workspace.impact import is_open

MOST = 50
"""How many people who left work are shown; the latest first."""


@dataclass(frozen=True)
class LeftWork:
    """What an inactive user still has in open POCs: POCs that they own, and tasks that only they
    do."""

    user_id: UUID
    name: str
    picture: str
    since: datetime | None
    pocs: int
    tasks: int


async def list_left_work(principal: Principal) -> Sequence[LeftWork]:
    """The people who left work in the tenant of the principal, the latest first."""
    async with viewing(principal, Permission.SWITCH_USERS) as view:
        pocs, tasks = await _pocs(view), await _tasks(view)
        users = await view.tx.exec(
            select(User)
            .where(col(User.id).in_(pocs.keys() | tasks.keys()))
            .order_by(col(User.deactivated_at).desc(), col(User.id))
            .limit(MOST)
        )
        return [
            LeftWork(
                user.id,
                user.full_name,
                user.picture,
                user.deactivated_at,
                pocs.get(user.id, 0),
                tasks.get(user.id, 0),
            )
            for user in users
        ]


async def _pocs(view: View) -> dict[UUID, int]:
    """How many open POCs each inactive user owns."""
    found = await view.tx.exec(
        select(col(Poc.owner_id), func.count())
        .join(User, col(User.id) == Poc.owner_id)
        .where(Poc.tenant_id == view.tenant_id, *is_open(), ~col(User.active))
        .group_by(col(Poc.owner_id))
    )
    return dict(found.all())


async def _tasks(view: View) -> dict[UUID, int]:
    """How many open tasks of open POCs each of them does, and nobody active."""
    other, active = aliased(TaskAssignee), aliased(User)
    another = (
        select(other.id)
        .join(active, col(active.id) == col(other.user_id))
        .where(other.task_id == Task.id, active.active)
        .exists()
    )
    found = await view.tx.exec(
        select(col(TaskAssignee.user_id), func.count())
        .join(User, col(User.id) == TaskAssignee.user_id)
        .join(Task, col(Task.id) == TaskAssignee.task_id)
        .join(Poc, col(Poc.id) == Task.poc_id)
        .where(
            Poc.tenant_id == view.tenant_id,
            *is_open(),
            ~col(User.active),
            Task.status != TaskStatus.DONE,
            col(Task.archived_at).is_(None),
            ~another,
        )
        .group_by(col(TaskAssignee.user_id))
    )
    return dict(found.all())
