"""What a list of POCs asks for, and how the database is asked for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, literal, tuple_
from sqlmodel import col, select

from models import CLOSED_STATUSES, Poc, PocStatus, User
from services.core.names import fold, plain, words_of

LONGEST_SEARCH = 200
# Days without an end come after every other.
NO_END = date.max

Sort = Literal["title", "customer", "owner", "status", "due"]
Owner = UUID | Literal["me", "inactive"]


class Due(StrEnum):
    """When an open POC ends."""

    OVERDUE = "overdue"
    THIS_WEEK = "this_week"
    LATER = "later"
    NO_END = "no_end"

    @property
    def label(self) -> str:
        """The choice on the screen."""
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True)
class PocQuery:
    """What the list asks for; `after` is the cursor of the slice before (`PocSlice.next`)."""

    q: str = ""
    owner: Owner | None = None
    status: PocStatus | None = None
    closed: bool | None = None
    customer: str = ""
    due: Due | None = None
    archived: bool = False
    sort: Sort = "due"
    descending: bool = False
    after: tuple[str, ...] = ()

    @classmethod
    def from_url(cls, values: dict[str, Any]) -> "PocQuery":
        """Read a query from a url's parameters; what makes no sense is left out."""
        status, due, sort = (str(values.get(name) or "") for name in ("status", "due", "sort"))
        after = values.get("after")
        return cls(
            q=plain(str(values.get("q") or ""))[:LONGEST_SEARCH],
            owner=_owner(str(values.get("owner") or "")),
            status=PocStatus(status) if status in set(PocStatus) else None,
            closed={"open": False, "closed": True}.get(status),
            customer=plain(str(values.get("customer") or ""))[:LONGEST_SEARCH],
            due=Due(due) if due in set(Due) else None,
            archived=str(values.get("archived") or "").lower() in {"1", "true"},
            sort=sort if sort in get_args(Sort) else "due",  # type: ignore[arg-type]
            descending=values.get("dir") == "desc",
            after=tuple(map(str, after)) if isinstance(after, list | tuple) else (),
        )


def _owner(text: str) -> Owner | None:
    words: dict[str, Owner] = {"me": "me", "inactive": "inactive"}
    if text in words:
        return words[text]
    try:
        return UUID(text)
    except ValueError:
        return None


def is_closed() -> ColumnElement[bool]:
    """The POCs in which nothing is to be done any more."""
    return col(Poc.status).in_(CLOSED_STATUSES)


def conditions(
    query: PocQuery, tenant_id: UUID, me: UUID | None, today: date
) -> list[ColumnElement[bool]]:
    """What holds for all POCs that the query is about."""
    archived = col(Poc.archived_at).is_not(None)
    found = [col(Poc.tenant_id) == tenant_id, archived if query.archived else ~archived]
    for word in words_of(fold(query.q)):
        in_title = col(Poc.title_key).contains(word, autoescape=True)
        found.append(in_title | col(Poc.customer_key).contains(word, autoescape=True))
    if query.owner == "inactive":
        inactive = select(User.id).where(User.tenant_id == tenant_id, ~col(User.active))
        found.append(col(Poc.owner_id).in_(inactive))
    elif query.owner is not None:
        found.append(col(Poc.owner_id) == (me if query.owner == "me" else query.owner))
    if query.status is not None:
        found.append(col(Poc.status) == query.status)
    if query.closed is not None:
        found.append(is_closed() if query.closed else ~is_closed())
    if query.customer:
        found.append(col(Poc.customer_key) == fold(query.customer)[:1000])
    if query.due is not None:
        found += [~is_closed(), _due(query.due, today)]
    return found


def _due(due: Due, today: date) -> ColumnElement[bool]:
    end = col(Poc.end_on)
    sunday = today + timedelta(days=6 - today.weekday())
    return {
        Due.OVERDUE: end < today,
        Due.THIS_WEEK: end.between(today, sunday),
        Due.LATER: end > sunday,
        Due.NO_END: end.is_(None),
    }[due]


def order(sort: Sort) -> list[Any]:
    """By what a list is sorted. By due date, closed POCs come last: they have none."""
    closed = case((is_closed(), 1), else_=0)
    rank = case({status: at for at, status in enumerate(PocStatus)}, value=col(Poc.status))
    end = func.coalesce(col(Poc.end_on), literal(NO_END))
    before: dict[Sort, list[Any]] = {
        "title": [],
        "customer": [col(Poc.customer_key)],
        "owner": [col(User.name_key)],
        "status": [rank],
        "due": [closed, end],
    }
    return [*before[sort], col(Poc.title_key), col(Poc.id)]


def _digit(text: str) -> int:
    if len(text) != 1:
        raise ValueError
    return int(text)


# What the texts of a cursor are, but for the last two: a title and an id.
_READERS: dict[Sort, list[Callable[[str], Any]]] = {
    "title": [],
    "customer": [plain],
    "owner": [plain],
    "status": [_digit],
    "due": [_digit, date.fromisoformat],
}


def beyond(query: PocQuery) -> list[ColumnElement[bool]]:
    """The POCs after the query's cursor; all where it has none, or one that makes no sense."""
    columns = order(query.sort)
    if len(query.after) != len(columns):
        return []
    readers = [*_READERS[query.sort], plain, UUID]
    try:
        values = [
            literal(read(text), column.type)
            for column, read, text in zip(columns, readers, query.after, strict=True)
        ]
    except ValueError:
        return []
    here, there = tuple_(*columns), tuple_(*values)
    return [here < there if query.descending else here > there]


def cursor(query: PocQuery, poc: Poc, owner: User) -> tuple[str, ...]:
    """Where the list goes on after this POC."""
    before: dict[Sort, list[object]] = {
        "title": [],
        "customer": [poc.customer_key],
        "owner": [owner.name_key],
        "status": [list(PocStatus).index(poc.status)],
        "due": [int(poc.status.is_closed), poc.end_on or NO_END],
    }
    return tuple(map(str, [*before[query.sort], poc.title_key, poc.id]))


def ordered(query: PocQuery) -> Sequence[ColumnElement[Any]]:
    """The order of the query, in its direction."""
    return [column.desc() if query.descending else column.asc() for column in order(query.sort)]
