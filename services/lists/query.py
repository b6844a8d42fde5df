"""What is asked of a list, as its url says it, and a page's position in the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from services.core.days import zone_name
from services.core.names import plain
from services.lists.declaration import IndexRange, LiveList

PAGE_SIZE = 50
PAGE_SIZES = (25, 50, 100)
# Beyond this page people should search; the limit also bounds what a made-up url can ask for.
LAST_PAGE = 100_000
LONGEST_SEARCH = 200
MOST_IDS = 1000
# No sort key of a row is longer.
LONGEST_KEY = 1000

Values = dict[str, Any]
Key = tuple[str, ...]
"""What one row is sorted by, as texts: the number of its range, its keys there, and its id."""


@dataclass(frozen=True)
class Cursor:
    """Where a page begins and ends: the sort keys of its first and last row.

    A request for the next or the previous page sends it along, and the database begins there
    instead of skipping all rows before it. Rows that come and go meanwhile don't shift the pages.
    """

    page: int
    first: Key
    last: Key

    @classmethod
    def from_values(cls, values: object, live_list: LiveList[Any], sort: str) -> "Cursor | None":
        """Read what `to_values` gave and a browser sent back; none if it makes no sense."""
        if not isinstance(values, dict) or type(values.get("page")) is not int:
            return None
        ranges = live_list.sort(sort)
        first, last = _key(values.get("first"), ranges), _key(values.get("last"), ranges)
        return cls(values["page"], first, last) if first and last else None

    def to_values(self) -> Values:
        """The same as plain values, for the browser."""
        return {"page": self.page, "first": list(self.first), "last": list(self.last)}


@dataclass(frozen=True)
class ListQuery:
    """What is asked of a list. `from_url` reads one from anything that people may type.

    `filters` are the texts of the filters that narrow the list; `sort` is a column's key, and empty
    for the usual order.
    """

    q: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
    page: int = 1
    near: Cursor | None = None
    size: int = PAGE_SIZE
    ids: frozenset[UUID] | None = None
    """The rows that were selected by hand; none if all rows are meant that match."""
    zone: str = ""
    """The time zone (IANA's name) whose days the filters mean; none: UTC."""
    columns: frozenset[str] = frozenset()
    """The columns that somebody sees, out of those that need a query of their own
    (`LiveList.more`)."""


def from_url(live_list: LiveList[Any], values: Mapping[str, Any]) -> ListQuery:
    """Read a query from a url's parameters; what makes no sense is left out."""
    wanted, page, size = values.get("sort"), str(values.get("page") or ""), values.get("size")
    sorts = {column.key for column in live_list.columns if column.sort}
    sort = wanted if isinstance(wanted, str) and wanted in sorts else live_list.usual_sort
    return ListQuery(
        q=plain(str(values.get("q") or ""))[:LONGEST_SEARCH],
        filters=_filters(live_list, values),
        sort=sort,
        descending=values.get("dir") == "desc",
        page=min(max(int(page), 1), LAST_PAGE) if _is_number(page) else 1,
        near=Cursor.from_values(values.get("near"), live_list, sort),
        size=next((known for known in PAGE_SIZES if str(known) == str(size)), PAGE_SIZE),
        ids=_ids(values.get("ids")),
        zone=zone_name(values.get("zone")),
        columns=frozenset(str(values.get("columns") or "").split()) & live_list.more.keys(),
    )


def in_words(live_list: LiveList[Any], query: ListQuery) -> str:
    """What a query narrows the list to, for the log; "all" if it doesn't."""
    texts = [(one, query.filters.get(one.key, "")) for one in live_list.filters]
    asked = [(one.label, one.in_words(text)) for one, text in texts if text]
    asked += [("days in", query.zone), ("text", query.q)]
    asked += [("selected", str(len(query.ids)) if query.ids else "")]
    # of a box to tick, the one option says what the filter says
    said = [name if name == value else f"{name}: {value}" for name, value in asked if value]
    return "; ".join(said) or "all"


def to_url(live_list: LiveList[Any], query: ListQuery) -> Values:
    """The same as plain values, for the browser."""
    return {
        "q": query.q,
        **{one.key: query.filters.get(one.key, "") for one in live_list.filters},
        "sort": query.sort or live_list.usual_sort,
        "dir": "desc" if query.descending else "asc",
        "page": query.page,
        "size": query.size,
    }


def key_of(at: int, values: Sequence[object], row_id: UUID) -> Key:
    """The key of a row in the range with this number, which is sorted by these values of it."""
    return str(at), *(_text(value) for value in values), str(row_id)


def values_of(index_range: IndexRange, key: Key) -> list[Any]:
    """A key's values for the database, without the number of its range."""
    _, *texts, row_id = key
    read = [_value(text, column) for text, column in zip(texts, index_range.keys, strict=True)]
    return [*read, UUID(row_id)]


def _filters(live_list: LiveList[Any], values: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in live_list.filters:
        text = str(values.get(one.key) or "")[:LONGEST_SEARCH]
        if one.kind in ("check", "too") and text.lower() == "true":
            text = "1"
        if text and one.read(text) is not None:
            found[one.key] = text
    return found


def _ids(value: object) -> frozenset[UUID] | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        return frozenset(UUID(text) for text in value.split()[:MOST_IDS])
    except ValueError:
        return frozenset()


def _key(values: object, ranges: Sequence[IndexRange]) -> Key | None:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return None
    key = tuple(plain(value)[:LONGEST_KEY] for value in values)
    try:
        values_of({str(at): one for at, one in enumerate(ranges)}[key[0]], key)
    except (IndexError, KeyError, ValueError):
        return None
    return key


def _text(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value.value if isinstance(value, Enum) else value)


def _value(text: str, column: Any) -> Any:
    # For our own types (`models.base.UtcDateTime`), the type inside them knows Python's type.
    kind = getattr(column.type, "impl_instance", column.type).python_type
    if issubclass(kind, datetime | date):
        read = kind.fromisoformat(text)
        if isinstance(read, datetime) and read.tzinfo is None:
            raise ValueError(text)
        return read
    if issubclass(kind, UUID):
        return UUID(text)
    return kind(text) if issubclass(kind, int | float | Enum) else text


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len(str(LAST_PAGE)) + 1
