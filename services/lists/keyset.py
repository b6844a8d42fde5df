"""Some rows of a list in its order, found without reading those before them."""

from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, Integer, Uuid, bindparam, func, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlmodel import col, select

from services.database.prepared import Prepared
from services.database.transaction import Transaction
from services.lists.declaration import Counts, IndexRange, LiveList
from services.lists.matches import Match, condition_of, contradict, is_lasting
from services.lists.query import Cursor, Key, ListQuery, key_of, values_of
from services.lists.search import contain

MOST_KEPT = 100
"""How many built statements are kept. To build one, and to find its compiled form, takes as long as
to run it. The first page of a list has the same statement in every organisation."""


@dataclass(frozen=True)
class Found:
    """Rows of the table in the list's order, each with the number of its range; and the page's
    position, with whether there are rows before and after it."""

    rows: Sequence[tuple[int, Any]]
    page: int
    has_previous: bool
    has_next: bool


@dataclass(frozen=True)
class Listing:
    """The rows of a tenant that a query is about. `few` are the only rows that its words can mean,
    if these aren't many."""

    live_list: LiveList[Any]
    tenant_id: UUID | None
    query: ListQuery
    words: Sequence[str]
    counts: Counts | None
    few: Sequence[UUID] | None

    @property
    def sort(self) -> str:
        """The column by which the rows are sorted."""
        return self.query.sort or self.live_list.usual_sort

    @property
    def asked(self) -> Sequence[Match]:
        """What the filters ask for. Of rows that were selected by hand, which somebody has seen,
        none is left out for want of a tick."""
        query = self.query
        by_hand = query.ids is not None
        return self.live_list.matches(query.filters, query.zone, by_hand=by_hand)

    @property
    def is_all(self) -> bool:
        """Whether the query asks for all rows that the list has."""
        return not self.words and self.query.ids is None and not any(self.asked)

    async def total(self, tx: Transaction, *more: Match) -> int:
        """How many there are (of those that match `more`, if it is given)."""
        matches = [*self.asked, *more]
        if not self.words and self.query.ids is None and self.counts is not None:
            counted = _counted(self.counts, matches)
            if counted is not None:
                return counted
        if self.few is not None and not self.few:
            return 0
        conditions = self.conditions(*more)
        counting = select(func.count()).select_from(self.live_list.model).where(*conditions)
        return (await tx.exec(counting)).one()

    async def find(self, tx: Transaction, total: int) -> Found:
        """The rows of the page that is asked for, of `total` rows in all."""
        near, size = self.query.near, self.query.size
        page = min(self.query.page, max(1, -(-total // size)))
        if near is not None and self.query.page > 1 and self.query.page - near.page == 1:
            found = await self.after(tx, near.last, size + 1)
            if found:
                return Found(found[:size], self.query.page, True, len(found) > size)
        if near is not None and near.page - self.query.page == 1:
            found = await self._before(tx, near.first, size + 1)
            if len(found) > size:
                return Found(found[1:], max(2, self.query.page), True, True)
            page = 1  # fewer rows than a page come before it: the page is the list's beginning
        return await self._jump(tx, page, total)

    async def after(self, tx: Transaction, key: Key | None, size: int) -> list[tuple[int, Any]]:
        """The first rows after this key; without a key, the first rows of the list."""
        return await self._beyond(tx, key, size, forward=True)

    def conditions(self, *more: Match) -> list[ColumnElement[bool]]:
        """What holds for all of them (that match `more`)."""
        live_list = self.live_list
        conditions = [live_list.within(self.tenant_id, *self.asked)]
        if live_list.search is not None:
            conditions += contain(live_list.search, self.words)
        if self.few is not None:
            conditions[0] = live_list.owned_by(self.tenant_id, without_index=True)
            conditions += condition_of(live_list.fields, live_list.belongs)
            conditions.append(col(live_list.model.id).in_(self.few))  # type: ignore[attr-defined]  # each list's table has it
        if self.query.ids is not None:
            conditions.append(col(live_list.model.id).in_(self.query.ids))  # type: ignore[attr-defined]  # each list's table has it
        for match in (*self.asked, *more):
            conditions += condition_of(live_list.fields, match)
        return conditions

    def _ranges(self, *, forward: bool) -> list[tuple[int, IndexRange]]:
        """The ranges of the list's order, each with its number, as they are read from one end."""
        asked = self.asked
        ranges = [
            (number, one)
            for number, one in enumerate(self.live_list.sort(self.sort))
            if not any(contradict(one.match, match) for match in asked)
        ]
        return ranges if self.query.descending != forward else ranges[::-1]

    async def _before(self, tx: Transaction, key: Key, size: int) -> list[tuple[int, Any]]:
        return (await self._beyond(tx, key, size, forward=False))[::-1]

    async def _beyond(
        self, tx: Transaction, key: Key | None, size: int, *, forward: bool
    ) -> list[tuple[int, Any]]:
        rows: list[tuple[int, Any]] = []
        begun = key is None
        for number, _ in self._ranges(forward=forward):
            here = key is not None and number == int(key[0])
            begun = begun or here
            if begun:
                beyond = key if here else None
                wanted = size - len(rows)
                found = await self._read(tx, number, wanted, forward=forward, beyond=beyond)
                rows += [(number, row) for row in found]
        return rows

    async def _jump(self, tx: Transaction, page: int, total: int) -> Found:
        size = self.query.size
        skip = (page - 1) * size
        wanted = min(size, total - skip)
        if wanted <= 0:
            rows: list[tuple[int, Any]] = []
        elif skip > total / 2:  # from whichever end is nearer
            rows = (await self._skip(tx, total - skip - wanted, wanted, forward=False))[::-1]
        else:
            rows = await self._skip(tx, skip, wanted, forward=True)
        return Found(rows, page, page > 1, skip + size < total)

    async def _skip(
        self, tx: Transaction, skip: int, size: int, *, forward: bool
    ) -> list[tuple[int, Any]]:
        rows: list[tuple[int, Any]] = []
        ranges = self._ranges(forward=forward)
        for number, one in ranges:
            if skip and len(ranges) > 1:
                passed = await self.total(tx, one.match)
                if passed <= skip:
                    skip -= passed
                    continue
            found = await self._read(tx, number, size - len(rows), forward=forward, skip=skip)
            rows += [(number, row) for row in found]
            skip = 0
        return rows

    async def _read(
        self,
        tx: Transaction,
        number: int,
        size: int,
        *,
        forward: bool,
        skip: int = 0,
        beyond: Key | None = None,
    ) -> Sequence[Any]:
        if size <= 0:
            return []
        one, ascending = self.live_list.sort(self.sort)[number], self.query.descending != forward
        asked = {"tenant_id": self.tenant_id, "size": size, "skip": skip}
        if beyond is None and self._has_kept_shape(one):
            statement = _kept_statement(
                _Shape(
                    id(self.live_list),
                    self.tenant_id is not None,
                    self.sort,
                    number,
                    ascending,
                    tuple(self.query.filters.items()),
                    self.live_list,
                )
            )
            if isinstance(statement, Prepared):
                return _plainly(await statement.rows(tx, **asked))
        else:
            conditions = self.conditions(one.match)
            if beyond is not None:
                conditions.append(_is_beyond(self.live_list, one, beyond, ascending=ascending))
            statement = _statement(self.live_list, one, conditions, ascending=ascending)
        return _plainly((await tx.exec(statement, params=asked)).all())

    def _has_kept_shape(self, one: IndexRange) -> bool:
        """Whether others ask for these rows by the same statement, now and later."""
        query, live_list = self.query, self.live_list
        if self.words or query.ids is not None or live_list.scope is not None:
            return False
        matches = live_list.matches(query.filters, query.zone)
        asked = (live_list.belongs, one.match, *matches)
        return all(is_lasting(live_list.fields, match) for match in asked)


@dataclass(frozen=True)
class _Shape:
    """What a statement depends on, beside the values that it is given each time."""

    list_id: int
    has_tenant: bool
    sort: str
    number: int
    ascending: bool
    filters: tuple[tuple[str, str], ...]
    live_list: LiveList[Any] = field(compare=False)


@lru_cache(maxsize=MOST_KEPT)
def _kept_statement(shape: _Shape) -> Any:
    live_list = shape.live_list
    one = live_list.sort(shape.sort)[shape.number]
    owner = bindparam("tenant_id", type_=Uuid()) if shape.has_tenant else None
    asked = live_list.matches(dict(shape.filters))
    conditions = [live_list.within(owner, *asked)]
    for match in (*asked, one.match):
        conditions += condition_of(live_list.fields, match)
    statement = _statement(live_list, one, conditions, ascending=shape.ascending)
    return Prepared(statement) if live_list.reads else statement


def _statement(
    live_list: LiveList[Any],
    one: IndexRange,
    conditions: Sequence[ColumnElement[bool]],
    *,
    ascending: bool,
) -> Any:
    """The rows of a range for which all of this holds: `size` of them, after `skip` others."""
    model: Any = live_list.model
    order = [c.asc() if ascending else c.desc() for c in (*one.keys, col(model.id))]
    ids = select(model.id).where(*conditions).order_by(*order)
    size, skip = (bindparam(name, type_=Integer()) for name in ("size", "skip"))
    # The page's ids come from an index alone; rows are read for those few.
    few = col(model.id).in_(ids.limit(size).offset(skip))
    rows: Any = sqlalchemy.select(*live_list.reads) if live_list.reads else select(model)
    return rows.where(few).order_by(*order)


def _plainly(rows: Sequence[Any]) -> Sequence[Any]:
    """Rows whose columns are read ten times as fast as SQLAlchemy's: a page reads a thousand."""
    if not rows or not isinstance(rows[0], sqlalchemy.Row):
        return rows  # rows of a model
    return [*map(_kind(rows[0]._fields)._make, rows)]


@lru_cache(maxsize=MOST_KEPT)
def _kind(columns: tuple[str, ...]) -> Any:
    return namedtuple("_Columns", columns)


def _is_beyond(
    live_list: LiveList[Any], one: IndexRange, key: Key, *, ascending: bool
) -> ColumnElement[bool]:
    """What holds for a range's rows that come after this key."""
    model: Any = live_list.model
    columns: list[Any] = [*one.keys, col(model.id)]
    values = zip(columns, values_of(one, key), strict=True)
    there = tuple_(*(literal(value, column.type) for column, value in values))
    here = tuple_(*columns)
    return here > there if ascending else here < there


async def cursor_of(tx: Transaction, listing: Listing, found: Found) -> Cursor | None:
    """The keys where these rows begin and end; none if there are no rows."""
    if not found.rows:
        return None
    first, last = [await _key(tx, listing, found.rows[at]) for at in (0, -1)]
    return Cursor(found.page, first, last)


async def last_key(tx: Transaction, listing: Listing, rows: Sequence[tuple[int, Any]]) -> Key:
    """What the last of these rows is sorted by; the next page begins after it."""
    return await _key(tx, listing, rows[-1])


async def _key(tx: Transaction, listing: Listing, found: tuple[int, Any]) -> Key:
    """What a row is sorted by: its own columns, and perhaps values derived from other rows."""
    number, row = found
    keys = listing.live_list.sort(listing.sort)[number].keys
    if all(isinstance(key, InstrumentedAttribute) for key in keys):
        return key_of(number, [getattr(row, key.key) for key in keys], row.id)
    model: Any = listing.live_list.model
    derived: Any = sqlalchemy.select(*keys).where(model.id == row.id)
    return key_of(number, (await tx.exec(derived)).one(), row.id)


def _counted(counts: Counts, matches: Sequence[Match]) -> int | None:
    together: dict[str, object] = {}
    for match in matches:
        if contradict(match, together):
            return 0
        together |= match
    return counts.matching(together)
