"""The user directory: rows for the grid, page by page, and one user's details."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from models import MailTemplate, OneTimeLink, OutgoingMail, User
from services.access.actor import Acting, Actor, authorize, get_user
from services.access.permissions import Permission
from services.core.db import Transaction, reading
from services.core.errors import NotFoundError
from services.core.names import fold, words_of
from services.users.counts import find_counts
from services.users.keyset import Found
from services.users.query import PAGE_SIZE, Place, Sort, UserQuery, sorted_by
from services.users.row import UserRow, row_of
from services.users.search import find_few


@dataclass(frozen=True)
class UserPage:
    """The rows of one page, and the counts around them."""

    rows: Sequence[UserRow]
    total: int
    page: int
    pages: int
    folded_q: str
    counts: dict[str, int]
    place: Place | None


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
    mails: Sequence[OutgoingMail]
    is_self: bool


async def list_users(actor: Acting, query: UserQuery) -> UserPage:
    """A page of the users of the tenant in which the actor works (or of the Platform Admins)."""
    words = words_of(fold(query.q))
    async with reading() as tx:
        await authorize(tx, actor, Permission.VIEW_USERS)
        counts = await find_counts(tx, actor.tenant_id)
        few = await find_few(tx, actor.tenant_id, words) if words else None
        found = Found(actor.tenant_id, query, words, counts, few)
        total = await found.total(tx)
        pages = max(1, -(-total // PAGE_SIZE))
        page = min(query.page, pages)
        users = await found.page(tx, page, total)
        rows = await _rows(tx, users)
    return UserPage(
        rows, total, page, pages, " ".join(words), counts.summary(), _place(page, users, query.sort)
    )


def _place(page: int, users: Sequence[User], sort: Sort) -> Place | None:
    if not users:
        return None
    return Place(page, sorted_by(users[0], sort), sorted_by(users[-1], sort))


async def find_row(user_id: UUID) -> UserRow:
    """A user's row as it is now, to tell the open grids; raises `NotFoundError`."""
    async with reading() as tx:
        user = await tx.get(User, user_id)
        if user is None:
            raise NotFoundError
        return (await _rows(tx, [user]))[0]


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
            mails=mails.all(),
            is_self=isinstance(actor, Actor) and actor.user_id == user.id,
        )


async def _name(tx: Transaction, user_id: UUID | None) -> str | None:
    user = await tx.get(User, user_id) if user_id else None
    return user.full_name if user else None


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
            .join(OneTimeLink, col(OneTimeLink.id) == col(OutgoingMail.link_id), isouter=True)
            # The one whose link is good, else the latest: times may lie, links don't.
            .order_by(col(OneTimeLink.void_at).is_(None), col(OutgoingMail.created_at))
        )
        mails = {mail.user_id: mail for mail in found}  # the last of each wins
    return [row_of(user, mails.get(user.id)) for user in users]
