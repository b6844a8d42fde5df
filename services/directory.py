"""The user directory: rows for the grid, page by page, and one user's details."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from models import MailState, MailTemplate, OutgoingMail, Role, User
from services.actor import Acting, Actor, authorize, get_user
from services.db import Transaction, reading
from services.names import fold, plain
from services.permissions import Permission

PAGE_SIZE = 50
# Past this page a search is the way; it also bounds what a made-up address can ask for.
LAST_PAGE = 100_000
LONGEST_SEARCH = 200

Sort = Literal["name", "email", "role", "status"]


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

    @classmethod
    def from_address(cls, values: dict[str, Any]) -> "UserQuery":
        """Read a query from an address's parameters; what makes no sense is left out."""
        role, status = str(values.get("role") or ""), values.get("status")
        sort, page = values.get("sort"), str(values.get("page") or "")
        return cls(
            q=plain(str(values.get("q") or ""))[:LONGEST_SEARCH],
            role=Role(role) if role in set(Role) else None,
            active={"active": True, "inactive": False}.get(str(status)),
            invited=str(values.get("invited") or "").lower() in {"1", "true"},
            sort=sort if sort in ("email", "role", "status") else "name",
            descending=values.get("dir") == "desc",
            page=min(max(int(page), 1), LAST_PAGE) if _is_number(page) else 1,
        )

    def to_address(self) -> dict[str, Any]:
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


@dataclass(frozen=True)
class UserRow:
    """One row of the grid."""

    id: UUID
    name: str
    email: str
    role: Role
    active: bool
    invited: bool
    mail: MailState | None
    mail_answer: str
    version: int
    key: str
    last_sign_in: datetime | None
    end_date: date | None


@dataclass(frozen=True)
class UserPage:
    """The rows of one page, and the counts around them."""

    rows: Sequence[UserRow]
    total: int
    page: int
    pages: int
    folded_q: str
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class UserDetails:
    """Everything that the details page shows of a user."""

    row: UserRow
    first_name: str
    last_name: str
    created_at: datetime
    invited_by: str | None
    first_sign_in: datetime | None
    deactivated_at: datetime | None
    deactivated_by: str | None
    successor_id: UUID | None
    successor_name: str | None
    predecessor_id: UUID | None
    has_password: bool
    mails: Sequence[OutgoingMail]
    is_self: bool


async def list_users(actor: Acting, query: UserQuery) -> UserPage:
    """A page of the users of the tenant in which the actor works (or of the Platform Admins)."""
    folded = fold(query.q)
    async with reading() as tx:
        await authorize(tx, actor, Permission.VIEW_USERS)
        counts = await _counts(tx, actor.tenant_id)
        conditions = _conditions(actor.tenant_id, query, folded)
        unfiltered = not (folded.split() or query.role or query.active is not None or query.invited)
        total = (
            counts["all"]
            if unfiltered
            else (await tx.exec(select(func.count()).select_from(User).where(*conditions))).one()
        )
        pages = max(1, -(-total // PAGE_SIZE))
        page = min(query.page, pages)
        # The page's ids come from an index alone; whole rows are read for those few.
        ids = (
            select(User.id)
            .where(*conditions)
            .order_by(*_order(query))
            .limit(PAGE_SIZE)
            .offset((page - 1) * PAGE_SIZE)
        )
        users = await tx.exec(select(User).where(col(User.id).in_(ids)).order_by(*_order(query)))
        rows = await _rows(tx, users.all())
    return UserPage(rows, total, page, pages, folded, counts)


async def find_row(user_id: UUID) -> tuple[UUID | None, UserRow] | None:
    """A user's tenant and row as they are now, to tell the open grids of that tenant."""
    async with reading() as tx:
        user = await tx.get(User, user_id)
        if user is None:
            return None
        return user.tenant_id, (await _rows(tx, [user]))[0]


async def get_details(actor: Acting, user_id: UUID) -> UserDetails:
    """One user's details; raises `NotFoundError` for a user of another tenant."""
    async with reading() as tx:
        await authorize(tx, actor, Permission.VIEW_USERS)
        user = await get_user(tx, actor, user_id)
        mails = await tx.exec(
            select(OutgoingMail)
            .where(OutgoingMail.user_id == user.id)
            .order_by(col(OutgoingMail.created_at).desc())
            .limit(20)
        )
        successor = await tx.get(User, user.successor_id) if user.successor_id else None
        predecessor = (await tx.exec(select(User.id).where(User.successor_id == user.id))).first()
        return UserDetails(
            row=(await _rows(tx, [user]))[0],
            first_name=user.first_name,
            last_name=user.last_name,
            created_at=user.created_at,
            invited_by=await _name(tx, user.invited_by_id),
            first_sign_in=user.first_sign_in_at,
            deactivated_at=user.deactivated_at,
            deactivated_by=await _name(tx, user.deactivated_by_id),
            successor_id=successor.id if successor else None,
            successor_name=successor.full_name if successor else None,
            predecessor_id=predecessor,
            has_password=user.password_hash is not None,
            mails=mails.all(),
            is_self=isinstance(actor, Actor) and actor.user_id == user.id,
        )


async def _name(tx: Transaction, user_id: UUID | None) -> str | None:
    user = await tx.get(User, user_id) if user_id else None
    return user.full_name if user else None


async def _counts(tx: Transaction, tenant_id: UUID | None) -> dict[str, int]:
    rows = await tx.exec(
        select(User.active, func.count(), func.count(col(User.first_sign_in_at)))
        .where(_in_tenant(tenant_id))
        .group_by(col(User.active))
    )
    by_status = {active: (int(users), int(signed_in)) for active, users, signed_in in rows}
    (active, came), (inactive, had_come) = by_status.get(True, (0, 0)), by_status.get(False, (0, 0))
    everyone = active + inactive
    return {
        "all": everyone,
        "active": active,
        "inactive": inactive,
        "invited": everyone - came - had_come,
    }


def _in_tenant(tenant_id: UUID | None) -> ColumnElement[bool]:
    return col(User.tenant_id) == tenant_id if tenant_id else col(User.tenant_id).is_(None)


def _conditions(tenant_id: UUID | None, query: UserQuery, folded: str) -> list[ColumnElement[bool]]:
    conditions = [_in_tenant(tenant_id)]
    conditions += [col(User.search_key).contains(word, autoescape=True) for word in folded.split()]
    if query.role is not None:
        conditions.append(col(User.role) == query.role)
    if query.active is not None:
        conditions.append(col(User.active).is_(query.active))
    if query.invited:
        conditions.append(col(User.first_sign_in_at).is_(None))
    return conditions


def _order(query: UserQuery) -> list[Any]:
    columns: dict[str, list[Any]] = {
        "name": [col(User.name_key), col(User.id)],
        "email": [col(User.email_key), col(User.id)],
        "role": [col(User.role), col(User.name_key), col(User.id)],
        # Active first reads as ascending.
        "status": [col(User.active).desc(), col(User.name_key), col(User.id)],
    }
    if not query.descending:
        return columns[query.sort]
    if query.sort == "status":
        return [col(User.active), col(User.name_key).desc(), col(User.id).desc()]
    return [column.desc() for column in columns[query.sort]]


async def _rows(tx: Transaction, users: Sequence[User]) -> list[UserRow]:
    waiting = [user.id for user in users if user.invited]
    mails: dict[UUID, OutgoingMail] = {}
    if waiting:
        found = await tx.exec(
            select(OutgoingMail)
            .where(
                col(OutgoingMail.user_id).in_(waiting),
                OutgoingMail.template == MailTemplate.INVITATION,
            )
            .order_by(col(OutgoingMail.created_at))
        )
        mails = {mail.user_id: mail for mail in found}  # the latest of each wins
    return [_row(user, mails.get(user.id)) for user in users]


def _row(user: User, mail: OutgoingMail | None) -> UserRow:
    return UserRow(
        id=user.id,
        name=user.full_name,
        email=user.email,
        role=user.role,
        active=user.active,
        invited=user.invited,
        mail=mail.state if mail else None,
        mail_answer=mail.last_answer if mail else "",
        version=user.version,
        key=user.search_key,
        last_sign_in=user.last_sign_in_at,
        end_date=user.end_date,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len(str(LAST_PAGE)) + 1
