"""The POCs of an organisation: their list, slice by slice, and one POC's details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import col, func, select

from models import (
    Comment,
    Poc,
    PocStatus,
    Resource,
    SuccessCriterion,
    User,
)
from services.access.actor import Principal
from services.access.permissions import Permission, may
from services.audit.acting import View, viewing
from services.core import clock
from services.core.db import Transaction, reading
from services.core.errors import NotFoundError
from services.workspace.members import Member, find_members
from services.workspace.people import Person, person_of
from services.workspace.progress import Progress, find_progress
from services.workspace.query import PocQuery, beyond, conditions, cursor, ordered
from services.workspace.rights import get_poc, is_member, tenant_of
from services.workspace.states import POC_STEPS

SLICE = 50


@dataclass(frozen=True)
class PocRow:
    """What the list shows of a POC."""

    id: UUID
    title: str
    customer: str
    owner: Person
    status: PocStatus
    progress: Progress
    start_on: date
    end_on: date | None
    closed_at: datetime | None
    is_overdue: bool
    is_archived: bool
    version: int
    key: str
    """The folded title and customer, in which searches look."""


@dataclass(frozen=True)
class PocSlice:
    """Some POCs, how many there are in all of each status, and where the list goes on."""

    rows: Sequence[PocRow]
    total: int
    counts: Mapping[PocStatus, int]
    next: tuple[str, ...] | None


@dataclass(frozen=True)
class PocDetails:
    """What a POC's page shows around its tabs. `steps` are what it may become, with the words of
    the menu; `may_change` is whether whoever looks may change it."""

    row: PocRow
    description: str
    objectives: str
    outcome: str
    handover_note: str
    members: Sequence[Member]
    steps: Mapping[PocStatus, str]
    criteria: int
    resources: int
    comments: int
    may_change: bool
    may_reassign: bool


async def list_pocs(principal: Principal, query: PocQuery) -> PocSlice:
    """A slice of the POCs of the tenant in which the principal works."""
    today = clock.now().date()
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        wanted = conditions(query, tenant_of(view), principal.user_id, today)
        counts = await view.tx.exec(
            select(Poc.status, func.count()).where(*wanted).group_by(col(Poc.status))
        )
        by_status = {PocStatus(status): count for status, count in counts}
        found = await view.tx.exec(
            select(Poc, User)
            .join(User, col(User.id) == Poc.owner_id)
            .where(*wanted, *beyond(query))
            .order_by(*ordered(query))
            .limit(SLICE + 1)
        )
        pairs = found.all()
        rows = await rows_of(view.tx, pairs[:SLICE], today)
    more = cursor(query, *pairs[SLICE - 1]) if len(pairs) > SLICE else None
    return PocSlice(rows, sum(by_status.values()), by_status, more)


async def list_customers(principal: Principal) -> Sequence[str]:
    """The customers of the POCs that there are, each once, for the filter and the form."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        found = await view.tx.exec(
            select(func.min(Poc.customer))
            .where(Poc.tenant_id == tenant_of(view), col(Poc.archived_at).is_(None))
            .group_by(col(Poc.customer_key))
            .order_by(col(Poc.customer_key))
        )
        return list(found)


async def find_row(poc_id: UUID) -> PocRow:
    """A POC's row as it is now, to tell the open pages; raises `NotFoundError`."""
    async with reading() as tx:
        found = await tx.exec(
            select(Poc, User).join(User, col(User.id) == Poc.owner_id).where(Poc.id == poc_id)
        )
        pair = found.first()
        if pair is None:
            raise NotFoundError
        return (await rows_of(tx, [pair], clock.now().date()))[0]


async def get_details(principal: Principal, poc_id: UUID) -> PocDetails:
    """One POC's details; raises `NotFoundError`."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        poc = await get_poc(view, poc_id)
        owner = await view.tx.get_one(User, poc.owner_id)
        user = view.user
        (row,) = await rows_of(view.tx, [(poc, owner)], clock.now().date())
        works_on_it = (
            user is not None
            and may(user.role, Permission.RUN_POCS)
            and await is_member(view.tx, poc.id, user.id)
        )
        return PocDetails(
            row=row,
            description=poc.description,
            objectives=poc.objectives,
            outcome=poc.outcome,
            handover_note=poc.handover_note,
            members=await find_members(view, poc),
            steps=POC_STEPS[poc.status],
            criteria=await _count(view, SuccessCriterion, poc),
            resources=await _count(view, Resource, poc),
            comments=await _count_comments(view, poc),
            may_change=works_on_it,
            may_reassign=works_on_it
            or (user is not None and may(user.role, Permission.REASSIGN_POCS)),
        )


async def rows_of(tx: Transaction, pairs: Sequence[tuple[Poc, User]], today: date) -> list[PocRow]:
    """The rows of these POCs with their owners, and the progress of all by one query."""
    progress = await find_progress(tx, [poc.id for poc, _ in pairs], today)
    return [_row(poc, owner, progress[poc.id], today) for poc, owner in pairs]


def _row(poc: Poc, owner: User, progress: Progress, today: date) -> PocRow:
    late = poc.end_on is not None and poc.end_on < today
    return PocRow(
        id=poc.id,
        title=poc.title,
        customer=poc.customer,
        owner=person_of(owner),
        status=poc.status,
        progress=progress,
        start_on=poc.start_on,
        end_on=poc.end_on,
        closed_at=poc.closed_at,
        is_overdue=late and not poc.status.is_closed,
        is_archived=poc.archived_at is not None,
        version=poc.version,
        key=f"{poc.title_key} {poc.customer_key}",
    )


async def _count(view: View, table: type[Resource] | type[SuccessCriterion], poc: Poc) -> int:
    found = await view.tx.exec(
        select(func.count())
        .select_from(table)
        .where(col(table.poc_id) == poc.id, col(table.archived_at).is_(None))
    )
    return found.one()


async def _count_comments(view: View, poc: Poc) -> int:
    found = await view.tx.exec(
        select(func.count())
        .select_from(Comment)
        .where(Comment.poc_id == poc.id, col(Comment.removed_at).is_(None))
    )
    return found.one()
