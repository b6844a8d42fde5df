"""Who does a task, and who sees to a group of tasks: users, and a customer's people.

An act locks the customer's people (`lock`) before the POC, and after users.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import SQLModel, col, or_, select

from models import (
    CustomerPerson,
    GroupAssignee,
    GroupCustomer,
    Poc,
    PocCustomer,
    Side,
    Task,
    TaskAssignee,
    TaskCustomer,
    TaskGroup,
    User,
)
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, viewing
from services.core.errors import InvalidInputError, NotFoundError
from services.core.names import fold, plain, words_of
from services.users.selection import OFFERED, Person, Selection
from services.workspace.actions import GroupAction, TaskAction
from services.workspace.members import ensure_member
from services.workspace.people import require_workers
from services.workspace.rights import check_version, get_part_to_change, get_poc

FIELD = "customer_ids"

WorkT = TypeVar("WorkT", Task, TaskGroup)


async def list_assignable(
    principal: Principal, poc_id: UUID, words: str, chosen: Collection[UUID] = ()
) -> Selection:
    """The active people of the customer's who are on a POC, and whose name or email contains each
    of these words."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        can = _can_be_chosen((await get_poc(view, poc_id)).id)
        folded = words_of(fold(plain(words)))
        found = await view.tx.exec(
            select(CustomerPerson)
            .where(*can, *(_contains(word) for word in folded))
            .order_by(col(CustomerPerson.name_key), col(CustomerPerson.id))
            .limit(OFFERED + 1)
        )
        people = found.all()
        still = await view.tx.exec(
            select(CustomerPerson.id).where(*can, col(CustomerPerson.id).in_(list(chosen)))
        )
        gone = set(chosen) - set(still)
    offered = [Person.of(one.id, one.full_name, one.email) for one in people[:OFFERED]]
    return Selection(offered, len(people) > OFFERED, list(gone))


async def lock(act: Act, customer_ids: Collection[UUID]) -> None:
    """Lock the chosen people, in the order of their ids, so that none is switched off meanwhile."""
    if customer_ids:
        await act.tx.exec(
            select(CustomerPerson)
            .where(col(CustomerPerson.id).in_(list(customer_ids)))
            .order_by(col(CustomerPerson.id))
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )


@dataclass(frozen=True)
class Assignments:
    """The table that says who has a piece of work, and its columns of that and of the person."""

    table: type[Any]
    work: str
    person: str


ASSIGNMENTS: Mapping[tuple[type[Any], type[Any]], Assignments] = {
    (Task, User): Assignments(TaskAssignee, "task_id", "user_id"),
    (Task, CustomerPerson): Assignments(TaskCustomer, "task_id", "customer_id"),
    (TaskGroup, User): Assignments(GroupAssignee, "group_id", "user_id"),
    (TaskGroup, CustomerPerson): Assignments(GroupCustomer, "group_id", "customer_id"),
}


async def assigned(
    act: Act, work: Task | TaskGroup, people: type[User | CustomerPerson]
) -> dict[UUID, Any]:
    """The rows that say who of these people does a task or sees to a group, by the people's ids."""
    of = ASSIGNMENTS[type(work), people]
    rows = await act.tx.exec(select(of.table).where(getattr(of.table, of.work) == work.id))
    return {getattr(row, of.person): row for row in rows}


async def reassign(
    act: Act,
    kind: type[WorkT],
    work_id: UUID,
    version: int,
    user_ids: Collection[UUID],
    customer_ids: Collection[UUID],
) -> tuple[Poc, WorkT] | None:
    """Have these people do a task or see to a group, and nobody else; returns it with its POC, and
    nothing if it is so already. Raises `StaleError`, and what `assign_to` raises."""
    await lock(act, customer_ids)
    poc, work = await get_part_to_change(act, kind, work_id)
    users = await assigned(act, work, User)
    if users.keys() == set(user_ids):
        outside = await assigned(act, work, CustomerPerson)
        if outside.keys() == set(customer_ids):
            return None
    check_version(version, work.version, f"“{work.title}”")
    await assign_to(act, poc, work, user_ids, customer_ids)
    return poc, work


async def assign_to(
    act: Act,
    poc: Poc,
    work: Task | TaskGroup,
    user_ids: Collection[UUID],
    customer_ids: Collection[UUID] | None = None,
) -> None:
    """Have these people do a task or see to a group, and nobody else; if none are given, the
    customer's people stay as they are.

    A person who has it already may stay. Raises `InvalidInputError`, which names the people who
    can't be chosen.
    """
    rows = await assigned(act, work, User)
    new = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in rows]
    users = await require_workers(act, new, "assignee_ids")
    for user in users:
        await ensure_member(act, poc, user.id)
        act.add(_assignment(work, user))
    gone = [user_id for user_id in rows if user_id not in user_ids]
    for user_id in gone:
        await act.tx.delete(rows[user_id])
    come = [user.full_name for user in users]
    left = [(await act.tx.get_one(User, user_id)).full_name for user_id in gone]
    if customer_ids is not None:
        come_outside, left_outside = await _assign_outside(act, poc, work, customer_ids)
        come, left = come + come_outside, left + left_outside
    if come or left:
        await _record(act, poc, work, come, left)


async def _record(
    act: Act, poc: Poc, work: Task | TaskGroup, come: Sequence[str], left: Sequence[str]
) -> None:
    is_task = isinstance(work, Task)
    await act.record(
        TaskAction.ASSIGNED if is_task else GroupAction.ASSIGNED,
        poc,
        task=work.title if is_task else None,
        group=None if is_task else work.title,
        to=", ".join(come) or None,
        no_more=", ".join(left) or None,
    )


async def _assign_outside(
    act: Act, poc: Poc, work: Task | TaskGroup, customer_ids: Collection[UUID]
) -> tuple[list[str], list[str]]:
    """The same for the customer's people. Returns the names of those who are new, and of those who
    no longer have it."""
    rows = await assigned(act, work, CustomerPerson)
    new = [one for one in dict.fromkeys(customer_ids) if one not in rows]
    gone = [one for one in rows if one not in customer_ids]
    if new and work.side is not Side.CUSTOMER:
        what = "task" if isinstance(work, Task) else "group"
        words = f"This {what} is the team’s. Give it to the customer first."
        raise InvalidInputError({FIELD: words})
    people = await _require_assignable(act, poc, new)
    for person in people:
        act.add(_assignment(work, person))
    left = [(await act.tx.get_one(CustomerPerson, one)).full_name for one in gone]
    for one in gone:
        await act.tx.delete(rows[one])
    return [person.full_name for person in people], left


def _assignment(work: Task | TaskGroup, who: User | CustomerPerson) -> SQLModel:
    of = ASSIGNMENTS[type(work), type(who)]
    keys = {of.work: work.id, of.person: who.id}
    row: SQLModel = of.table(tenant_id=work.tenant_id, **keys)
    return row


async def put_back(
    act: Act, work: Task | TaskGroup, user: User, *, instead_of: Any | None, poc: Poc
) -> None:
    """Give what was handed over back to the person who had it before, whether they are active or
    not; `instead_of` is the row of the person who no longer has it."""
    act.add(_assignment(work, user))
    left = None
    if instead_of is not None:
        left = (await act.tx.get_one(User, instead_of.user_id)).full_name
        await act.tx.delete(instead_of)
    await _record(act, poc, work, [user.full_name], [left] if left else [])


async def _require_assignable(
    act: Act, poc: Poc, customer_ids: Collection[UUID]
) -> Sequence[CustomerPerson]:
    chosen = col(CustomerPerson.id).in_(list(customer_ids))
    found = await act.tx.exec(select(CustomerPerson.id).where(*_can_be_chosen(poc.id), chosen))
    can, people, wrong = set(found), [], []
    for customer_id in customer_ids:
        person = await act.tx.get(CustomerPerson, customer_id)
        if person is None or person.tenant_id != poc.tenant_id:
            raise NotFoundError("This person doesn't exist.")
        if person.id not in can:
            what = "isn’t on this POC" if person.active else "is inactive"
            wrong.append(f"{person.full_name} {what}.")
        people.append(person)
    if wrong:
        raise InvalidInputError({FIELD: " ".join([*wrong, "Choose somebody else."])})
    return people


def _can_be_chosen(poc_id: UUID) -> list[ColumnElement[bool]]:
    on_poc = select(PocCustomer.customer_id).where(
        PocCustomer.poc_id == poc_id, col(PocCustomer.removed_at).is_(None)
    )
    return [col(CustomerPerson.active).is_(True), col(CustomerPerson.id).in_(on_poc)]


def _contains(word: str) -> ColumnElement[bool]:
    return or_(
        col(CustomerPerson.name_key).contains(word, autoescape=True),
        col(CustomerPerson.email_key).contains(word, autoescape=True),
    )
