"""The POCs of an organisation: their list, slice by slice, and one POC's details."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import exists
from sqlmodel import col, func, select

from models import (
    Comment,
    CriterionResult,
    Poc,
    PocCustomer,
    PocMember,
    PocStatus,
    Resource,
    SuccessCriterion,
    User,
)
from services.access.actor import Principal
from services.access.permissions import Permission, Secret, may
from services.audit.acting import acting, viewing
from services.core.errors import NotFoundError
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.lists.export import csv_pieces
from services.lists.opening import Opened, read_opening
from services.lists.query import ListQuery, in_words
from services.lists.slices import Slice, read_row, read_slice
from services.workspace.actions import PocAction
from services.workspace.archived import some_archived
from services.workspace.customers.cut import count_with_access
from services.workspace.deleting import some_archived_file
from services.workspace.members import Member, find_members
from services.workspace.poc_list import POCS, PocRow
from services.workspace.rights import get_poc, is_member, tenant_of
from services.workspace.states import POC_STEPS


@dataclass(frozen=True)
class PocHead:
    """What a POC's page shows above its tabs, to any reader. Of its criteria, `pending` have no
    result yet; `people` counts the team and the customer's people. `archived` is whether anything
    in it is archived, and `archived_files` whether a file is."""

    row: PocRow
    description: str
    objectives: str
    outcome: str
    handover_note: str
    criteria: int
    pending: int
    resources: int
    comments: int
    people: int
    archived: bool
    archived_files: bool


@dataclass(frozen=True)
class PocDetails:
    """What a POC's page shows around its tabs.

    `steps` are what it may become, with the words of the menu; `with_access` is how many of the
    customer's people are shown it right now; `may_change` is whether the reader may change it.
    """

    head: PocHead
    members: Sequence[Member]
    steps: Mapping[PocStatus, str]
    with_access: int
    may_change: bool
    may_reassign: bool

    @property
    def row(self) -> PocRow:
        """The POC's row of the list."""
        return self.head.row


async def list_pocs(principal: Principal, query: ListQuery) -> Slice[PocRow]:
    """A page of the POCs of the tenant in which the principal works."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        return await read_slice(view.tx, POCS, query, tenant_of(view))


async def open_pocs(principal: Principal, url: Mapping[str, Any]) -> Opened[PocRow]:
    """The same by a url's parameters, with what the principal chose for the list: what its page
    begins with."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        tenant_of(view)
        return await read_opening(view, POCS, url)


@looks_first
async def export_pocs(
    principal: Principal, query: ListQuery, columns: Sequence[str] = ()
) -> AsyncIterator[str]:
    """The POCs that a query finds as a CSV file, in pieces, with these columns.

    The export itself is logged before anything is read.
    """
    async with acting(principal, Secret.POCS_EXPORT) as act:
        tenant_of(act)
        await act.record(PocAction.EXPORTED, filters=in_words(POCS, query))
    return csv_pieces(lambda: viewing(principal, Permission.VIEW_ALL_POCS), POCS, query, columns)


async def list_customers(principal: Principal) -> Sequence[str]:
    """The customers of all POCs, each once, for the filter and the form."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        found = await view.tx.exec(
            select(Poc.customer)
            .where(Poc.tenant_id == tenant_of(view), col(Poc.archived_at).is_(None))
            .group_by(col(Poc.customer), col(Poc.customer_key))
            .order_by(col(Poc.customer_key), col(Poc.customer))
        )
        return list(found)


async def list_owners(principal: Principal) -> Sequence[tuple[UUID, str]]:
    """The owners of POCs, by name: the id and the name of each, for the filter."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        owners = select(Poc.owner_id).where(
            Poc.tenant_id == tenant_of(view), col(Poc.archived_at).is_(None)
        )
        found = await view.tx.exec(
            select(User).where(col(User.id).in_(owners)).order_by(col(User.name_key), col(User.id))
        )
        return [(user.id, user.full_name) for user in found]


async def list_workers(principal: Principal) -> Sequence[tuple[UUID, str]]:
    """Who works on any POC, by name: the id and the name of each, for the filter."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        works = exists().where(
            col(PocMember.user_id) == col(User.id), col(PocMember.removed_at).is_(None)
        )
        found = await view.tx.exec(
            select(User)
            .where(User.tenant_id == tenant_of(view), works)
            .order_by(col(User.name_key), col(User.id))
        )
        return [(user.id, user.full_name) for user in found]


async def find_row(poc_id: UUID) -> PocRow:
    """A POC's row as it is now, to tell the open pages; raises `NotFoundError`."""
    async with reading() as tx:
        return await read_row(tx, POCS, poc_id)


async def find_head(poc_id: UUID) -> PocHead:
    """A POC's head as it is now, to tell the open pages; raises `NotFoundError`."""
    async with reading() as tx:
        poc = await tx.get(Poc, poc_id)
        if poc is None:
            raise NotFoundError
        return await _head(tx, poc)


async def get_details(principal: Principal, poc_id: UUID) -> PocDetails:
    """One POC's details; raises `NotFoundError`."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        poc = await get_poc(view, poc_id)
        user = view.user
        works_on_it = (
            user is not None
            and may(user.role, Permission.RUN_POCS)
            and await is_member(view.tx, poc.id, user.id)
        )
        return PocDetails(
            head=await _head(view.tx, poc),
            members=await find_members(view.tx, poc),
            steps=POC_STEPS[poc.status],
            with_access=await count_with_access(view.tx, poc),
            may_change=works_on_it,
            may_reassign=works_on_it
            or (user is not None and may(user.role, Permission.REASSIGN_POCS)),
        )


async def _head(tx: Transaction, poc: Poc) -> PocHead:
    def count(table: Any, *where: Any) -> Any:
        return select(func.count()).select_from(table).where(table.poc_id == poc.id, *where)

    criterion = (SuccessCriterion, col(SuccessCriterion.archived_at).is_(None))
    counts = [
        count(*criterion),
        count(*criterion, col(SuccessCriterion.result) == CriterionResult.PENDING),
        count(Resource, col(Resource.archived_at).is_(None)),
        count(Comment, col(Comment.removed_at).is_(None)),
        count(PocMember, col(PocMember.removed_at).is_(None)),
        count(PocCustomer, col(PocCustomer.removed_at).is_(None)),
    ]
    counted: Any = sqlalchemy.select(
        *(each.scalar_subquery() for each in counts),
        some_archived(poc.id),
        some_archived_file(poc.id),
    )
    found = await tx.exec(counted)
    criteria, pending, resources, comments, members, customers, archived, files = found.one()
    return PocHead(
        row=await read_row(tx, POCS, poc.id),
        description=poc.description,
        objectives=poc.objectives,
        outcome=poc.outcome,
        handover_note=poc.handover_note,
        criteria=criteria,
        pending=pending,
        resources=resources,
        comments=comments,
        people=members + customers,
        archived=archived,
        archived_files=files,
    )
