"""What a grid of users asks for, and how the database is asked for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col

from models import Role, User
from services.core.names import plain

PAGE_SIZE = 50
# Past this page a search is the way; it also bounds what a made-up address can ask for.
LAST_PAGE = 100_000
LONGEST_SEARCH = 200
# No key of a user that a grid sorts by is longer.
LONGEST_KEY = 1000

Sort = Literal["name", "email", "role", "status"]
Values = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a page begins and ends: what its first and last user are sorted by, as texts.

    Who turns to the page beside it says so, and the database looks there at once, instead of
    passing over all the users before it.
    """

    page: int
    first: tuple[str, ...]
    last: tuple[str, ...]

    @classmethod
    def from_values(cls, values: object, sort: Sort) -> "Place | None":
        """Read what `to_values` gave and a browser sent back; none where it makes no sense."""
        if not isinstance(values, dict) or type(values.get("page")) is not int:
            return None
        first, last = _keys(values.get("first"), sort), _keys(values.get("last"), sort)
        return cls(values["page"], first, last) if first and last else None

    def to_values(self) -> Values:
        """The same as plain values, for the grid."""
        return {"page": self.page, "first": list(self.first), "last": list(self.last)}


@dataclass(frozen=True)
class UserQuery:
    """What the grid asks for. `from_address` builds one from anything that people may type."""

    q: str = ""
    role: Role | None = None
    active: bool | None = None
    invited: bool = False
    sort: Sort = "name"
    descending: bool = False
    page: int = 1
    near: Place | None = None

    @classmethod
    def from_address(cls, values: Values) -> "UserQuery":
        """Read a query from an address's parameters; what makes no sense is left out."""
        role, status = str(values.get("role") or ""), values.get("status")
        wanted, page = values.get("sort"), str(values.get("page") or "")
        sort: Sort = wanted if wanted in ("email", "role", "status") else "name"
        return cls(
            q=plain(str(values.get("q") or ""))[:LONGEST_SEARCH],
            role=Role(role) if role in set(Role) else None,
            active={"active": True, "inactive": False}.get(str(status)),
            invited=str(values.get("invited") or "").lower() in {"1", "true"},
            sort=sort,
            descending=values.get("dir") == "desc",
            page=min(max(int(page), 1), LAST_PAGE) if _is_number(page) else 1,
            near=Place.from_values(values.get("near"), sort),
        )

    def to_address(self) -> Values:
        """The same as plain values, for the grid."""
        return {
            "q": self.q,
            "role": self.role.value if self.role else "",
            "status": "" if self.active is None else ("active" if self.active else "inactive"),
            "invited": self.invited,
            "sort": self.sort,
            "dir": "desc" if self.descending else "asc",
            "page": self.page,
        }


def in_tenant(tenant_id: UUID | None) -> ColumnElement[bool]:
    """The users of a tenant, or those who are in none."""
    return col(User.tenant_id) == tenant_id if tenant_id else col(User.tenant_id).is_(None)


def contain(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """The users whose name or address contains each of these folded words."""
    return [col(User.search_key).contains(word, autoescape=True) for word in words]


def sorted_by(user: User, sort: Sort) -> tuple[str, ...]:
    """What a user is sorted by, as texts."""
    before = {
        "name": (user.name_key,),
        "email": (user.email_key,),
        "role": (user.role.value, user.name_key),
        "status": ("1" if user.active else "0", user.name_key),
    }
    return *before[sort], str(user.id)


def _keys(values: object, sort: Sort) -> tuple[str, ...] | None:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return None
    keys = tuple(plain(value)[:LONGEST_KEY] for value in values)
    try:
        UUID(keys[-1])
    except (IndexError, ValueError):
        return None
    return keys if len(keys) == (3 if sort in ("role", "status") else 2) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len(str(LAST_PAGE)) + 1
