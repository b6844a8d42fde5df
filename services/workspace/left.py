"""Finds the work that has nobody active once some users are gone: open POCs that they own, and open
tasks and groups that no other active user has."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, bindparam
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select, union

from models import CLOSED_STATUSES, Poc, Task, TaskGroup, TaskStatus, User
from services.database.transaction import Transaction
from services.workspace.assigning import ASSIGNMENTS, WorkT


def is_open() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The condition for a POC that needs an active owner."""
    return col(Poc.archived_at).is_(None), col(Poc.status).not_in(CLOSED_STATUSES)


def person_in(kind: type[Task | TaskGroup]) -> Any:
    """The column with the user who has work of this kind."""
    of = ASSIGNMENTS[kind, User]
    return getattr(of.table, of.person)


def select_alone(
    kind: type[Task | TaskGroup], *columns: Any, together: ColumnElement[Any] | None = None
) -> Any:
    """Who has which open tasks or groups of open POCs, where nobody else who is active has them;
    with `together`, nobody but these users."""
    of = ASSIGNMENTS[kind, User]
    person, other, active = person_in(kind), aliased(of.table), aliased(User)
    is_another = col(active.id) != person if together is None else col(active.id).not_in(together)
    another = (
        select(other.id)
        .join(active, col(active.id) == getattr(other, of.person))
        .where(getattr(other, of.work) == kind.id, active.active, is_another)
        .exists()
    )
    return (
        select(*columns)
        .select_from(kind)
        .join(of.table, getattr(of.table, of.work) == kind.id)
        .join(Poc, col(Poc.id) == kind.poc_id)
        .where(col(kind.archived_at).is_(None), _is_to_do(kind), *is_open(), ~another)
    )


def _is_to_do(kind: type[Task | TaskGroup]) -> ColumnElement[bool]:
    """A group needs somebody until all of its tasks are done."""
    if issubclass(kind, Task):
        return col(kind.status) != TaskStatus.DONE
    inside = select(Task.id).where(Task.group_id == kind.id, col(Task.archived_at).is_(None))
    return or_(~inside.exists(), inside.where(Task.status != TaskStatus.DONE).exists())


async def find_owned(tx: Transaction, *user_ids: UUID) -> Sequence[Poc]:
    """The open POCs that these users own."""
    found = await tx.exec(
        select(Poc)
        .where(col(Poc.owner_id).in_(user_ids), *is_open())
        .order_by(col(Poc.title_key), col(Poc.id))
    )
    return found.all()


async def find_alone(tx: Transaction, kind: type[WorkT], *user_ids: UUID) -> Sequence[WorkT]:
    """The open tasks or groups of open POCs that these users have, and nobody else who is active;
    what is due first comes first."""
    found = await tx.exec(_alone(kind), params={"user_ids": list(user_ids)})
    return list({one.id: one for one in found}.values())  # two of them may have it


@cache
def _alone(kind: type[Task | TaskGroup]) -> Any:
    # Built once, because building it takes longer than running it.
    user_ids: BindParameter[Any] = bindparam("user_ids", expanding=True)
    return (
        select_alone(kind, kind, together=user_ids)
        .where(person_in(kind).in_(user_ids))
        .order_by(col(kind.due_on).is_(None), col(kind.due_on), col(kind.id))
    )


async def find_pocs_left(tx: Transaction, user_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """For each of these users who would leave work: the POCs in which it is."""
    owners = select(Poc.owner_id, Poc.id).where(col(Poc.owner_id).in_(user_ids), *is_open())
    alone = [
        select_alone(kind, person_in(kind), kind.poc_id).where(person_in(kind).in_(user_ids))
        for kind in (Task, TaskGroup)
    ]
    pocs: dict[UUID, set[UUID]] = {}
    together: Any = union(owners, *alone)
    for user_id, poc_id in await tx.exec(together):
        pocs.setdefault(user_id, set()).add(poc_id)
    return pocs
