"""Days as files write them. Whether 05 or 06 is the day in 05/06/2026 is known from other cells of
the column, or not at all."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

# 2026-12-31 as in ISO 8601; 31.12.2026; and 31/12/2026 or 12/31/2026, which only numbers above 12
# tell apart.
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})")
_HALF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?\s*([ap])\.?m\.?", re.IGNORECASE)
_MIDNIGHT = {"00:00", "0:00"}
MONTHS = 12
CENTURY = 2000


class Order(StrEnum):
    """Which part of a day stands first in a column."""

    DAY = "day"
    MONTH = "month"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class WrittenEnd:
    """An end as the form has it: a day and a time.

    A text that isn't a day stays as it was written; if two days may be meant, `problem` says what
    to write instead.
    """

    day: str = ""
    at: str = ""
    problem: str = ""


def find_order(cells: Iterable[str]) -> Order:
    """Which part stands first in the days of a column, by those days that can be read in only one
    way."""
    found = (_YEAR_LAST.fullmatch(_split(cell)[0]) for cell in cells)
    pairs = [(int(match[1]), int(match[3])) for match in found if match and match[2] != "."]
    day_first = any(first > MONTHS for first, _ in pairs)
    month_first = any(second > MONTHS for _, second in pairs)
    if day_first == month_first:
        return Order.UNKNOWN
    return Order.DAY if day_first else Order.MONTH


def read_end(cell: str, order: Order = Order.UNKNOWN) -> WrittenEnd:
    """The end that a cell says: a day, and perhaps a time. (A sheet writes a day as its
    midnight.)"""
    written, at = _split(cell)
    at = _time(at)
    if match := _YEAR_FIRST.fullmatch(written):
        return WrittenEnd(_iso(match[1], match[3], match[4]) or written, at)
    match = _YEAR_LAST.fullmatch(written)
    if match is None:
        return WrittenEnd(written, at)
    first, sign, second, year = match.groups()
    as_day_first, as_month_first = _iso(year, second, first), _iso(year, first, second)
    if sign == "." or order is Order.DAY:
        return WrittenEnd(as_day_first or written, at)
    if order is Order.MONTH:
        return WrittenEnd(as_month_first or written, at)
    if as_day_first and as_month_first and as_day_first != as_month_first:
        return WrittenEnd(written, at, _which(written, as_day_first, as_month_first))
    return WrittenEnd(as_day_first or as_month_first or written, at)


def _which(written: str, one: str, other: str) -> str:
    days = " or ".join(f"{date.fromisoformat(day):%-d %B}" for day in (one, other))
    return f"The end date “{written}” may be {days}. Write it as {one}, say."


def _split(cell: str) -> tuple[str, str]:
    day, _, at = cell.strip().replace("T", " ").partition(" ")
    return day, at.strip()


def _time(at: str) -> str:
    if match := _HALF_DAY.fullmatch(at):
        hour = int(match[1]) % 12 + (12 if match[3].lower() == "p" else 0)
        at = f"{hour:02}:{match[2]}"
    return "" if at[:5] in _MIDNIGHT or at.startswith("0:00") else at


def _iso(year: str, month: str, day: str) -> str:
    """The day as in ISO 8601; empty if there is none."""
    number = int(year)
    try:
        return date(
            number + (CENTURY if len(year) == len("26") else 0), int(month), int(day)
        ).isoformat()
    except ValueError:
        return ""
