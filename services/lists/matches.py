"""What rows have to match: said once, for the database and for the browser."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache
from types import FunctionType, UnionType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnClause, ColumnElement, Date, not_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from services.core import clock
from services.core.days import beginning_of, end_of

Match = Mapping[str, object]
"""Fields and the values that they must have. A value that isn't a plain one is a `Test`."""


class Unindexed(FunctionElement[Any]):
    """A column by which SQLite looks for no rows, where something else leads to fewer: it isn't
    told how many there are, and would take an index of it. (A unary plus keeps it from that:
    sqlite.org, "The SQLite Query Optimizer Overview", on disqualifying terms.)"""

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Unindexed)
def _as_it_is(element: Unindexed, compiler: SQLCompiler, **given: Any) -> str:
    return compiler.process(element.clauses, **given)


@compiles(Unindexed, "sqlite")
def _with_a_plus(element: Unindexed, compiler: SQLCompiler, **given: Any) -> str:
    return f"+{compiler.process(element.clauses, **given)}"


@dataclass(frozen=True)
class SetOf:
    """A field that has several values at once, as a tuple in a row: who works on something, say. A
    match asks for one of them, and `having` is the condition that it is among them: by an index
    that leads to few rows."""

    having: Callable[[Any], ColumnElement[bool]]


Field = Mapped[Any] | ColumnElement[Any] | SetOf | Callable[[], ColumnElement[Any]]
"""A field in SQL: a column of the table, or what is derived from it. It is a function if it depends
on the moment (on who is online, for example)."""


class Test:
    """A test of a field that is more than equality with a value."""

    __test__ = False  # pytest takes every class of this name for one of its own

    def condition(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """The test in SQL."""
        raise NotImplementedError

    def wire(self) -> object:
        """The test as the browser makes it (`fits` in `table_rows.js`)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Given(Test):
    """The field has a value."""

    def condition(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """The test in SQL."""
        return column.is_not(None)

    def wire(self) -> object:
        """The test as the browser makes it."""
        return {"given": True}


@dataclass(frozen=True)
class Within(Test):
    """The field is a moment within the last days, this many."""

    days: int

    def condition(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """The test in SQL."""
        return column >= _ago(self.days, column)

    def wire(self) -> object:
        """The test as the browser makes it."""
        return {"within": self.days}


@dataclass(frozen=True)
class NotWithin(Test):
    """The field isn't a moment within the last days, this many; a field that is empty isn't
    either."""

    days: int

    def condition(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """The test in SQL."""
        return or_(column < _ago(self.days, column), column.is_(None))

    def wire(self) -> object:
        """The test as the browser makes it."""
        return {"not_within": self.days}


@dataclass(frozen=True)
class Between(Test):
    """The field is one of these days; an end that isn't given is open. If the field is a moment,
    the days are those of a time zone (none: UTC)."""

    first: date | None
    last: date | None
    zone: str = ""

    def condition(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """The test in SQL."""
        is_day = isinstance(column.type, Date)
        condition: ColumnElement[bool] = column.is_not(None)
        if self.first is not None:
            begins = self.first if is_day else beginning_of(self.first, self.zone)
            condition &= column >= begins
        if self.last is not None:
            condition &= column <= self.last if is_day else column < end_of(self.last, self.zone)
        return condition

    def wire(self) -> object:
        """The test as the browser makes it."""
        return {"from": str(self.first or ""), "to": str(self.last or "")}


def condition_of(fields: Mapping[str, Field], match: Match) -> list[ColumnElement[bool]]:
    """The match in SQL: a condition for each of its fields."""
    return [_condition(column_of(fields[name]), value) for name, value in match.items()]


def column_of(field: Field) -> Any:
    """The field's SQL at this moment."""
    return field() if isinstance(field, FunctionType) else field


def in_zone(match: Match, zone: str) -> Match:
    """The match, with the days of a time zone."""
    return {
        name: replace(value, zone=zone) if isinstance(value, Between) else value
        for name, value in match.items()
    }


def is_lasting(fields: Mapping[str, Field], match: Match) -> bool:
    """Whether the match is the same in SQL at any moment."""
    return all(
        not isinstance(fields[name], FunctionType)
        and (not isinstance(value, Test) or isinstance(value, Given))
        for name, value in match.items()
    )


def contradict(one: Match, other: Match) -> bool:
    """Whether nothing can match both, as far as plain values tell."""
    return any(
        name in other and _is_plain(value) and _is_plain(other[name]) and other[name] != value
        for name, value in one.items()
    )


def wire_of(match: Match) -> dict[str, object]:
    """The match for the browser."""
    return {name: plain_value(value) for name, value in match.items()}


AS_THEY_ARE = frozenset({str, int, float, bool, type(None), list, dict})
"""Types of values that are plain ones already."""


def plain_value(value: object) -> object:
    """A value of a row or of a match as JSON has it; times to the minute, as rows show them."""
    if type(value) in AS_THEY_ARE:
        return value
    kind: Any = type(value)
    return _plainly(kind)(value)


@cache
def _plainly(kind: type) -> Callable[[Any], object]:
    """How values of this type become plain ones. (A page of a list has hundreds.)"""
    ways: tuple[tuple[type | UnionType, Callable[[Any], object]], ...] = (
        (Test, lambda test: test.wire()),
        (Enum, lambda member: member.value),
        (datetime, lambda at: f"{at.isoformat()[:16]}Z"),
        (date | UUID, str),
        (tuple, list),
    )
    return next((way for kinds, way in ways if issubclass(kind, kinds)), lambda value: value)


def _condition(column: ColumnElement[Any] | SetOf, value: object) -> ColumnElement[bool]:
    if isinstance(column, SetOf):
        return column.having(value)
    if isinstance(value, Test):
        return value.condition(column)
    if isinstance(value, bool) and _is_expression(column):
        return column if value else not_(column)
    if isinstance(value, bool) or value is None:
        return column.is_(value)
    return column == value


def _is_expression(column: object) -> bool:
    return isinstance(column, ColumnElement) and not isinstance(column, ColumnClause)


def _is_plain(value: object) -> bool:
    return not isinstance(value, Test)


def _ago(days: int, column: ColumnElement[Any]) -> datetime | date:
    at = clock.now() - timedelta(days=days)
    return at.date() if isinstance(column.type, Date) else at
