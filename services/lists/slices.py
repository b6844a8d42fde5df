"""One page of a list, with the counts around it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic
from uuid import UUID

import sqlalchemy
from sqlalchemy import func, true

from services.core.errors import NotFoundError
from services.core.names import fold, words_of
from services.database.transaction import Transaction, reading
from services.lists.declaration import Counts, LiveList, RowT
from services.lists.keyset import Listing, cursor_of
from services.lists.matches import condition_of
from services.lists.query import Cursor, ListQuery
from services.lists.search import find_few


@dataclass(frozen=True)
class Slice(Generic[RowT]):
    """The rows of one page, and the counts around them.

    The keys say whether there are more rows, and not the count, which changes with what others do.
    """

    rows: Sequence[RowT]
    total: int
    page: int
    pages: int
    has_previous: bool
    has_next: bool
    folded_q: str
    counts: Mapping[str, int]
    cursor: Cursor | None


async def read_slice(
    tx: Transaction, live_list: LiveList[RowT], query: ListQuery, tenant_id: UUID | None
) -> Slice[RowT]:
    """What a query asks for, of a tenant's rows (or of those that are in none)."""
    counters = await live_list.counters(tx, tenant_id) if live_list.counters else None
    listing = await find(tx, live_list, query, tenant_id, counters)
    counts = await _counts(tx, live_list, tenant_id, counters)
    total = counts["all"] if listing.is_all else await listing.total(tx)
    found = await listing.find(tx, total)
    last = max(1, -(-total // query.size))
    return Slice(
        rows=await rows_of(tx, live_list, [row for _, row in found.rows], query.columns),
        total=total,
        page=found.page,
        pages=max(last, found.page + 1) if found.has_next else found.page,
        has_previous=found.has_previous,
        has_next=found.has_next,
        folded_q=" ".join(listing.words),
        counts={
            **counts,
            **{key: await tally(tx, tenant_id) for key, tally in live_list.tallies.items()},
        },
        cursor=await cursor_of(tx, listing, found),
    )


async def find(
    tx: Transaction,
    live_list: LiveList[RowT],
    query: ListQuery,
    tenant_id: UUID | None,
    counters: Counts | None = None,
) -> Listing:
    """The rows of a tenant that a query is about, not read yet."""
    words = words_of(fold(query.q))
    few = await find_few(tx, live_list, tenant_id, words) if words else None
    return Listing(live_list, tenant_id, query, words, counters, few)


async def read_row(tx: Transaction, live_list: LiveList[RowT], row_id: UUID) -> RowT:
    """A row as it is now, to tell the open pages; they keep what was read for a column of its own.
    Raises `NotFoundError`."""
    row = await tx.get(live_list.model, row_id)
    if row is None:
        raise NotFoundError
    return (await live_list.rows(tx, [row]))[0]


async def rows_of(
    tx: Transaction,
    live_list: LiveList[RowT],
    found: Sequence[Any],
    columns: Collection[str],
) -> Sequence[RowT]:
    """The rows of what was found, with what these columns show."""
    rows = await live_list.rows(tx, found)
    for key, enrich in live_list.more.items():
        if rows and key in columns:
            rows = await enrich(tx, rows)
    return rows


async def find_row(live_list: LiveList[RowT], row_id: UUID) -> RowT:
    """The same, in a transaction of its own."""
    async with reading() as tx:
        return await read_row(tx, live_list, row_id)


async def _counts(
    tx: Transaction, live_list: LiveList[Any], tenant_id: UUID | None, counters: Counts | None
) -> dict[str, int]:
    """How many rows there are in all, and in each part of the list's breakdown."""
    asked = {"all": {}, **{part.key: part.match for part in live_list.breakdown}}
    if counters is not None:
        counted = {key: counters.matching(match) for key, match in asked.items()}
        known = {key: count for key, count in counted.items() if count is not None}
        if len(known) == len(asked):
            return known
    if (field := live_list.breaks_down_by) is not None:
        return await _group(tx, live_list, tenant_id, field)
    counts = (
        func.count().filter(true(), *condition_of(live_list.fields, match))
        for match in asked.values()
    )
    counting: Any = sqlalchemy.select(*counts).select_from(live_list.model)
    found = await tx.exec(counting.where(live_list.within(tenant_id)))
    return dict(zip(asked, found.one(), strict=True))


async def _group(
    tx: Transaction, live_list: LiveList[Any], tenant_id: UUID | None, field: str
) -> dict[str, int]:
    """The same by one look through an index, if the parts are values of one column."""
    column: Any = live_list.fields[field]
    grouped: Any = sqlalchemy.select(column, func.count()).where(live_list.within(tenant_id))
    counted = dict((await tx.exec(grouped.group_by(column))).all())
    parts = {part.key: counted.get(part.match[field], 0) for part in live_list.breakdown}
    return {"all": sum(counted.values()), **parts}
