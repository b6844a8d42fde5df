"""A customer's people as those who are to do tasks: who can be chosen, and who is.

Whoever acts locks them (`lock`) before the POC, and after users.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from models import CustomerPerson, Poc, PocCustomer, Side, Task, TaskCustomer
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, viewing
from services.core.db import Transaction
from services.core.errors import InvalidInputError, NotFoundError
from services.core.names import fold, mixed_scripts, plain, words_of
from services.users.selection import OFFERED, Person, Selection
from services.workspace.rights import get_poc

FIELD = "customer_ids"


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
    offered = [
        Person(one.id, one.full_name, one.email, mixed_scripts(one.full_name))
        for one in people[:OFFERED]
    ]
    return Selection(offered, len(people) > OFFERED, list(gone))


async def lock(act: Act, customer_ids: Collection[UUID]) -> None:
    """Lock those who are chosen, in the order of their ids, so that none is switched off
    meanwhile."""
    if customer_ids:
        await act.tx.exec(
            select(CustomerPerson)
            .where(col(CustomerPerson.id).in_(list(customer_ids)))
            .order_by(col(CustomerPerson.id))
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )


async def assigned(tx: Transaction, task: Task) -> dict[UUID, TaskCustomer]:
    """Who at the customer's is to do a task: their rows, by their ids."""
    found = await tx.exec(select(TaskCustomer).where(TaskCustomer.task_id == task.id))
    return {row.customer_id: row for row in found}


async def assign_to(
    act: Act, poc: Poc, task: Task, customer_ids: Collection[UUID]
) -> tuple[list[str], list[str]]:
    """Make these customer's people, and no others of them, responsible for a task. Returns the
    names of who is new, and of who is not responsible any more. People who have the task already
    may stay. Raises `InvalidInputError` for who can't be chosen, by their names.
    """
    rows = await assigned(act.tx, task)
    new = [one for one in dict.fromkeys(customer_ids) if one not in rows]
    gone = [one for one in rows if one not in customer_ids]
    if new and task.side is not Side.CUSTOMER:
        raise InvalidInputError({FIELD: "This task is the team’s. Give it to the customer first."})
    people = await _require_assignable(act, poc, new)
    for person in people:
        act.add(TaskCustomer(tenant_id=poc.tenant_id, task_id=task.id, customer_id=person.id))
    left = [(await act.tx.get_one(CustomerPerson, one)).full_name for one in gone]
    for one in gone:
        await act.tx.delete(rows[one])
    return [person.full_name for person in people], left


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
