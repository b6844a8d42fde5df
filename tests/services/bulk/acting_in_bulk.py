"""Bulk acts in tests: begun, and worked off to their end."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from models import BulkAct, BulkKind, User
from services.access.actor import Actor
from services.bulk import runs
from services.bulk.kinds import Outcome
from services.bulk.runs import BulkForm
from services.database.transaction import reading
from services.lists.query import ListQuery
from services.users.forms import EndDate
from services.workspace import bulk_worker


def those(users: Iterable[User]) -> ListQuery:
    """These users, selected by hand."""
    return ListQuery(ids=frozenset(user.id for user in users))


async def begun(
    actor: Actor,
    kind: BulkKind,
    query: ListQuery,
    *,
    reason: str = "",
    end_date: date | None = None,
) -> UUID:
    """A bulk act that runs as soon as somebody works it off."""
    form = EndDate(end_date=end_date) if kind is BulkKind.END_DATE else None
    bulk_id = await runs.draft(actor, kind, query, form)
    await runs.begin(actor, bulk_id, BulkForm(reason=reason))
    return bulk_id


async def act_in_bulk(
    actor: Actor, kind: BulkKind, query: ListQuery, *, end_date: date | None = None
) -> list[Outcome]:
    """Do it to everybody whom a query finds; returns the result for each."""
    bulk_id = await begun(actor, kind, query, end_date=end_date)
    await bulk_worker.work_off(actor, bulk_id)
    return await outcomes_of(bulk_id)


async def outcomes_of(bulk_id: UUID) -> list[Outcome]:
    """What became of the people so far."""
    async with reading() as tx:
        return await runs.outcomes(tx, bulk_id)


async def run_of(bulk_id: UUID) -> BulkAct:
    """A bulk act as the database has it."""
    async with reading() as tx:
        return await tx.get_one(BulkAct, bulk_id)
