"""Who works on a POC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, func, select

from models import Poc, PocMember, Task, TaskAssignee, TaskStatus, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.core import clock
from services.core.errors import ConflictError, NotFoundError
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.workspace.actions import MemberAction
from services.workspace.events import MemberChanged
from services.workspace.people import Person, person_of, require_workers
from services.workspace.poc_list import facts_of, tell_row
from services.workspace.rights import (
    by_id,
    get_poc,
    get_poc_to_change,
    tenant_of,
)


@dataclass(frozen=True)
class Member:
    """Somebody who works on a POC. `open_tasks` counts the POC's open tasks that they do."""

    person: Person
    email: str
    role: str
    is_owner: bool
    open_tasks: int
    since: datetime


async def list_members(principal: Principal, poc_id: UUID) -> Sequence[Member]:
    """Who works on a POC: the owner first, then by name."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        return await find_members(view.tx, await get_poc(view, poc_id))


async def find_team(poc_id: UUID) -> Sequence[Member]:
    """The same, to tell the open pages; raises `NotFoundError`."""
    async with reading() as tx:
        poc = await tx.get(Poc, poc_id)
        if poc is None:
            raise NotFoundError
        return await find_members(tx, poc)


async def find_members(tx: Transaction, poc: Poc) -> Sequence[Member]:
    """The members of a POC, for a call that has it."""
    open_tasks = (
        select(func.count())
        .select_from(Task)
        .join(TaskAssignee, col(TaskAssignee.task_id) == Task.id)
        .where(
            TaskAssignee.user_id == User.id,
            Task.poc_id == poc.id,
            col(Task.archived_at).is_(None),
            Task.status != TaskStatus.DONE,
        )
        .scalar_subquery()
    )
    found = await tx.exec(
        select(User, PocMember.added_at, open_tasks)
        .join(PocMember, col(PocMember.user_id) == User.id)
        .where(PocMember.poc_id == poc.id, col(PocMember.removed_at).is_(None))
        .order_by(col(User.name_key), col(User.id))
    )
    members = [
        Member(
            person_of(user), user.email, user.role.label, user.id == poc.owner_id, count, added_at
        )
        for user, added_at, count in found
    ]
    return sorted(members, key=lambda member: not member.is_owner)


@looks_first
async def add_member(principal: Principal, poc_id: UUID, user_id: UUID) -> str:
    """Have somebody work on a POC; returns their name. Raises `InvalidInputError` for a person who
    can't be chosen."""
    async with acting(principal, Permission.RUN_POCS, lock=(user_id,)) as act:
        poc = await get_poc_to_change(act, poc_id)
        [user] = await require_workers(act, [user_id], "user_id")
        await ensure_member(act, poc, user_id)
        return user.full_name


@looks_first
async def remove_member(principal: Principal, poc_id: UUID, user_id: UUID) -> None:
    """Take somebody out of a POC; what they did, and what is assigned to them, stays.

    Raises `ConflictError` for the owner, who has to hand the POC over first.
    """
    async with acting(principal, Permission.RUN_POCS) as act:
        poc = await get_poc_to_change(act, poc_id)
        user = await act.get(User, user_id)
        if user.id == poc.owner_id:
            raise ConflictError(f"{user.full_name} owns this POC. Hand it over first.")
        found = await act.tx.exec(
            select(PocMember).where(
                PocMember.poc_id == poc.id,
                PocMember.user_id == user.id,
                col(PocMember.removed_at).is_(None),
            )
        )
        row = found.first()
        if row is not None:
            before = await _member_ids(act.tx, poc)
            row.removed_at = clock.now()
            row.removed_by_id = by_id(act)
            await act.record(MemberAction.REMOVED, poc, member=user.full_name)
            _changed(act, poc, user.id, before)


async def ensure_member(act: Act, poc: Poc, user_id: UUID, *, is_new: bool = False) -> None:
    """Have the user work on the POC, unless they already do. The lists are told, but of a POC that
    is new, of which its caller tells them."""
    before = await _member_ids(act.tx, poc)
    if user_id in before:
        return
    user = await act.tx.get_one(User, user_id)
    act.add(
        PocMember(
            tenant_id=tenant_of(act),
            poc_id=poc.id,
            user_id=user_id,
            added_at=clock.now(),
            added_by_id=by_id(act),
        )
    )
    await act.tx.flush()
    await act.record(MemberAction.ADDED, poc, member=user.full_name)
    _changed(act, poc, user_id, None if is_new else before)


async def _member_ids(tx: Transaction, poc: Poc) -> Sequence[UUID]:
    found = await tx.exec(
        select(PocMember.user_id).where(
            PocMember.poc_id == poc.id, col(PocMember.removed_at).is_(None)
        )
    )
    return found.all()


def _changed(act: Act, poc: Poc, user_id: UUID, before: Sequence[UUID] | None) -> None:
    """Tell of a change of the team, and the lists who was in it, if they know the POC."""
    act.publish(MemberChanged(tenant_id=poc.tenant_id, poc_id=poc.id, user_id=user_id))
    if before is not None:
        tell_row(act, poc, {**facts_of(poc), "member_ids": [str(one) for one in before]})
