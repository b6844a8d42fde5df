"""How a live list is declared, once, beside its noun (docs/changing.md, "A list")."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, and_
from sqlmodel import SQLModel

from services.database.transaction import Transaction
from services.lists.matches import (
    Between,
    Field,
    Given,
    Match,
    NotWithin,
    SetOf,
    Test,
    Unindexed,
    Within,
    condition_of,
    in_zone,
)

RowT = TypeVar("RowT", bound="Row")


class Row(Protocol):
    """A row as a list shows it: a frozen dataclass. Fields that have their default value aren't
    sent."""

    @property
    def id(self) -> UUID:
        """The id of what the row shows."""

    @property
    def version(self) -> int:
        """Grows with each change, so that a late notice never overwrites a newer one."""


@dataclass(frozen=True)
class IndexRange:
    """Rows that one index has in order: those that match, sorted by these columns and their id.

    If a key is derived from other rows, no index has it: the rows are sorted for each page.
    """

    match: Match
    keys: tuple[Any, ...]


Sort = tuple[IndexRange, ...]
"""A list's order: one range of an index, or several, one after the other."""


def by(*keys: Any) -> Sort:
    """Sorted by these columns. None of them is ever empty in the database; see `by_optional`."""
    return (IndexRange({}, keys),)


def by_groups(matches: Sequence[Match], *then: Any) -> Sort:
    """In groups, one for each match, and sorted by the columns within each."""
    return tuple(IndexRange(match, then) for match in matches)


def by_optional(name: str, key: Any, *then: Any) -> Sort:
    """Sorted by a column that may be empty: the field `name`. Those without it come first."""
    return (IndexRange({name: None}, then), IndexRange({name: Given()}, (key,)))


@dataclass(frozen=True)
class Column:
    """A column of the table.

    `cell` says how the browser draws it (`cells.js`), from the field of the row named `key`.
    `export` gives its text in a file; without it, the field's value is written. `shown` says
    whether people see it who haven't chosen their columns. Words are searched in what the columns
    with `search` show; the one that `opens` has the link to the row's own page.
    """

    key: str
    label: str
    sort: Sort = ()
    cell: str = "text"
    search: bool = False
    opens: bool = False
    shown: bool = True
    export: Callable[[Any], object] | None = None


@dataclass(frozen=True)
class Option:
    """One choice of a filter, or one of the counts above the table, where one that is `rare` is
    only told of if there are any."""

    key: str
    label: str
    match: Match
    rare: bool = False


@dataclass(frozen=True)
class Filter:
    """What rows may be narrowed to; `read` makes a match of the text in a url, or none."""

    key: str
    label: str
    kind: str
    everything: str = "All"
    options: tuple[Option, ...] = ()
    field: str = ""
    own: str = ""
    """What the box says that stands for it where the page gives the reader alone to choose."""
    quiet: bool = False
    """Whether it is offered by "+ Filter", and not shown until it is asked for."""
    later: Callable[[], Sequence[Option]] = tuple
    """More options, which other packages declare: they are asked for when they are needed."""

    @property
    def all_options(self) -> tuple[Option, ...]:
        """All options."""
        return (*self.options, *self.later())

    def in_words(self, text: str) -> str:
        """What this text asks for, as the users of the list read it: an option by its label."""
        return next((option.label for option in self.all_options if option.key == text), text)

    def read(self, text: str) -> Match | None:
        """The match that this text asks for; none if it makes no sense."""
        if self.kind in ("choice", "check", "too"):
            return next((option.match for option in self.all_options if option.key == text), None)
        if self.kind in ("person", "value"):
            wanted = _uuid(text) if self.kind == "person" else text
            return {self.field: wanted} if wanted else None
        text = {"since": f"{text}..", "until": f"..{text}"}.get(self.kind, text)
        first, _, last = text.partition("..")
        between = Between(_day(first), _day(last))
        return {self.field: between} if between.first or between.last else None


def choice(
    key: str,
    label: str,
    *options: Option,
    everything: str = "All",
    quiet: bool = False,
    later: Callable[[], Sequence[Option]] = tuple,
) -> Filter:
    """One of several choices; `later` gives those that other packages declare."""
    return Filter(key, label, "choice", everything, options, quiet=quiet, later=later)


def ages(name: str) -> tuple[Option, ...]:
    """Options of how long ago the moment of this field was."""
    return (
        Option("7", "In the last 7 days", {name: Within(7)}),
        Option("30", "In the last 30 days", {name: Within(30)}),
        Option("not-30", "Not since 30 days", {name: NotWithin(30)}),
        Option("not-60", "Not since 60 days", {name: NotWithin(60)}),
        Option("not-90", "Not since 90 days", {name: NotWithin(90)}),
        Option("never", "Never", {name: None}),
    )


def check(key: str, label: str, match: Match) -> Filter:
    """A box to tick."""
    return Filter(key, label, "check", options=(Option("1", label, match),))


def too(key: str, label: str, *, field: str) -> Filter:
    """A box to tick. Without the tick, rows are left out whose field is true: archived ones, for
    example. The breakdown counts them, by an option with the same key."""
    usual, all_of_them = Option("", label, {field: False}), Option("1", label, {})
    return Filter(key, label, "too", options=(usual, all_of_them))


def person(
    key: str,
    label: str,
    *,
    field: str = "",
    everything: str = "Anybody",
    quiet: bool = False,
    own: str = "",
) -> Filter:
    """A person: the field has their id, or is a `SetOf` such ids. The page gives the people to
    choose from (`options`). Where that is the reader alone, it is a box to tick, called `own`,
    which is always shown."""
    return Filter(key, label, "person", everything, field=field or key, quiet=quiet, own=own)


def value(key: str, label: str, *, field: str = "", everything: str = "All") -> Filter:
    """One of the texts that the field has. The page gives those to choose from (`options`)."""
    return Filter(key, label, "value", everything, field=field or key)


def dates(key: str, label: str, *, field: str = "", quiet: bool = False) -> Filter:
    """From one day to another, both included: "2026-01-01..2026-03-31" in a url."""
    return Filter(key, label, "dates", field=field or key, quiet=quiet)


def since(key: str, label: str, *, field: str) -> Filter:
    """From a day on: "2026-01-01" in a url."""
    return Filter(key, label, "since", field=field)


def until(key: str, label: str, *, field: str) -> Filter:
    """Up to a day, which is included."""
    return Filter(key, label, "until", field=field)


@dataclass(frozen=True)
class TextSearch:
    """Where words are looked for: a column with the folded text (`names.fold`) of each row.
    `label` is the word in “Search …”, if it isn't the list's plural.

    `trigrams` are the table and the key of an index of trigrams in SQLite
    (`models.migrations.search_index`): its full-text table, and the one that says whose row it is.
    """

    column: Any
    trigrams: tuple[str, str, str] | None = None
    label: str = ""


class Counts(Protocol):
    """Counters that the database keeps."""

    def matching(self, match: Match) -> int | None:
        """How many rows match; none if these counters can't say."""


Enrich = Callable[[Transaction, Sequence[RowT]], Awaitable[Sequence[RowT]]]
"""Adds to rows what one column shows."""


Owner = UUID | BindParameter[UUID] | None
"""Whose rows a statement is about; none for those that are above the tenants."""


@dataclass(frozen=True)
class LiveList(Generic[RowT]):
    """A list: the rows that it has, and everything that is shown of them.

    `noun` is its key, and what one row is called, unless that is `singular`.
    `rows` makes rows of what the table's rows are; `fields` are what matches are about, in SQL.
    `belongs` is the match of all rows of the list: those that aren't archived, say.
    `more` reads what takes a query of its own, for those who see that column alone.
    `beside` adds what isn't in the database, to what the browser gets (and none takes a value
    away). `counters` are for a table too large to count. `breakdown` says what the counts above the
    table are of, and `tallies` count what the filters of the same keys are about, beside them. The
    order at first is that of `first_sort`, or of the first column that sorts. `scope` says which of
    the table's rows are a tenant's (or above the tenants), where it has no `tenant_id`. `reads` are
    the columns that `rows` and the orders need, where a page is made of those alone: whole rows of
    a wide table take twice as long to read.
    """

    noun: str
    plural: str
    model: type[SQLModel]
    columns: tuple[Column, ...]
    rows: Callable[[Transaction, Sequence[Any]], Awaitable[Sequence[RowT]]]
    fields: Mapping[str, Field] = field(default_factory=dict)
    belongs: Match = field(default_factory=dict)
    filters: tuple[Filter, ...] = ()
    search: TextSearch | None = None
    breakdown: tuple[Option, ...] = ()
    counters: Callable[[Transaction, UUID | None], Awaitable[Counts]] | None = None
    tallies: Mapping[str, Callable[[Transaction, UUID | None], Awaitable[int]]] = field(
        default_factory=dict
    )
    beside: Callable[[RowT], Mapping[str, object]] | None = None
    more: Mapping[str, Enrich[RowT]] = field(default_factory=dict)
    first_sort: str = ""
    singular: str = ""
    scope: Callable[[UUID | None], ColumnElement[bool]] | None = None
    reads: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        _declared[self.noun] = self

    @property
    def usual_sort(self) -> str:
        """The column by which the list is sorted at first."""
        return self.first_sort or next(column.key for column in self.columns if column.sort)

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The fields in which words are looked for."""
        return tuple(column.key for column in self.columns if column.search)

    def sort(self, key: str) -> Sort:
        """The order of a column."""
        return next(column.sort for column in self.columns if column.key == key)

    def matches(
        self, filters: Mapping[str, str], zone: str = "", *, by_hand: bool = False
    ) -> tuple[Match, ...]:
        """What these filters ask for: a match for each of them that asks for anything. Their days
        are those of a time zone. Of rows that were selected `by_hand`, a `too` leaves none out."""
        asked = [one for one in self.filters if not (by_hand and one.kind == "too")]
        read = (one.read(filters.get(one.key, "")) for one in asked)
        return tuple(in_zone(match, zone) for match in read if match)

    @property
    def breaks_down_by(self) -> str | None:
        """The field whose plain values the parts of the breakdown are, where it is one."""
        asked = [item for part in self.breakdown for item in part.match.items()]
        fields = {field for field, wanted in asked if not isinstance(wanted, Test | None)}
        return fields.pop() if len(fields) == 1 and len(asked) == len(self.breakdown) else None

    def within(self, tenant_id: Owner, *asked: Match) -> ColumnElement[bool]:
        """The rows of the list that are a tenant's, or in none. Where one value of a `SetOf` is
        `asked` for, that leads to few rows, and not whose they are."""
        leads = any(isinstance(self.fields[name], SetOf) for match in asked for name in match)
        owned = self.owned_by(tenant_id, without_index=leads)
        return and_(owned, *condition_of(self.fields, self.belongs))

    def owned_by(self, tenant_id: Owner, *, without_index: bool = False) -> ColumnElement[bool]:
        """The table's rows that are a tenant's, or in none. SQLite would rather read all of a
        tenant's part of an index than rows by their ids, unless it is kept from that."""
        if self.scope is not None:
            assert not isinstance(tenant_id, BindParameter), "a scope is built for one tenant"
            return self.scope(tenant_id)
        column: ColumnElement[Any] = self.model.tenant_id  # type: ignore[attr-defined]  # or it has a `scope`
        if without_index:
            column = Unindexed(column)
        return column.is_(None) if tenant_id is None else column == tenant_id


_declared: dict[str, LiveList[Any]] = {}


def list_of(noun: str) -> LiveList[Any] | None:
    """The list that was declared of this noun."""
    return _declared.get(noun)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
