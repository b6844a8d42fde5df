"""The user directory: rows for the list, page by page, and one user's details."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from models import MailState, MailTemplate, OutgoingMail, Role, User
from services.access.actor import Actor, Principal
from services.access.permissions import Permission, Secret, may
from services.audit.acting import acting, viewing
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.lists.export import csv_pieces
from services.lists.opening import Opened, read_opening
from services.lists.query import ListQuery, in_words
from services.lists.slices import Slice, read_row, read_slice
from services.users.actions import UserAction
from services.users.ends import End, end_of, zone_of
from services.users.list import USERS
from services.users.row import UserRow
from services.users.stays import UNLIMITED, Stays, stays_of
from services.users.telling import suggests

_LEFT_OUT = and_(
    col(OutgoingMail.template) == MailTemplate.MENTIONED,
    col(OutgoingMail.state) == MailState.CANCELLED,
)
"""The mails about mentions that weren't needed: many, and nothing to an admin."""


@dataclass(frozen=True)
class Contact:
    """How somebody says that they can be reached; `picture` is its digest."""

    phone: str
    time_zone: str
    picture: str


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
    contact: Contact
    mails: Sequence[OutgoingMail]
    is_self: bool
    end: End | None
    time_zone: str
    stays: Stays
    tells: bool
    """Whether the organisation suggests that people are told by mail."""

    @property
    def latest_end(self) -> str:
        """The sentence on the latest allowed end; empty if any end is allowed."""
        return "" if self.row.role in UNLIMITED else self.stays.hint


async def list_users(actor: Principal, query: ListQuery) -> Slice[UserRow]:
    """A page of the users of the tenant in which the actor works (or the Platform Admins)."""
    async with viewing(actor, Permission.VIEW_USERS) as view:
        return await read_slice(view.tx, USERS, query, view.tenant_id)


async def open_users(actor: Principal, url: Mapping[str, Any]) -> Opened[UserRow]:
    """The same by a url's parameters, with what the actor chose for the list: what its page begins
    with."""
    async with viewing(actor, Permission.VIEW_USERS) as view:
        return await read_opening(view, USERS, url)


@looks_first
async def export_users(
    actor: Principal, query: ListQuery, columns: Sequence[str] = ()
) -> AsyncIterator[str]:
    """The users that a query finds as a CSV file, in pieces, with these columns.

    The export itself is logged before anything is read. If it is broken off, by the end of the
    session for example, the lines at its end are missing.
    """
    async with acting(actor, Secret.USERS_EXPORT) as act:
        await act.record(UserAction.EXPORTED, filters=in_words(USERS, query))
    return csv_pieces(lambda: viewing(actor, Permission.VIEW_USERS), USERS, query, columns)


async def list_inviters(actor: Principal) -> Sequence[tuple[UUID, str]]:
    """Who invited any of the users that `list_users` lists, by their names."""
    async with viewing(actor, Permission.VIEW_USERS) as view:
        tenant_id, invited = view.tenant_id, aliased(User)
        # Searched among the few who may invite, and not among all who were invited.
        inviting = [role for role in Role if may(role, Permission.INVITE_USERS)]
        found = await view.tx.exec(
            select(User)
            .where(
                col(User.role).in_(inviting),
                or_(col(User.tenant_id).is_(None), col(User.tenant_id) == tenant_id),
                exists().where(
                    _is_in(tenant_id, col(invited.tenant_id)),
                    col(invited.invited_by_id) == col(User.id),
                ),
            )
            .order_by(col(User.name_key), col(User.id))
        )
        return [(user.id, user.full_name) for user in found]


async def find_row(user_id: UUID) -> UserRow:
    """A user's row as it is now, to tell the open pages; raises `NotFoundError`."""
    async with reading() as tx:
        return await read_row(tx, USERS, user_id)


async def get_details(actor: Principal, user_id: UUID) -> UserDetails:
    """One user's details; raises `NotFoundError` for a user of another tenant."""
    async with viewing(actor, Permission.VIEW_USERS) as view:
        tx = view.tx
        user = await view.get(User, user_id)
        mails = await tx.exec(
            select(OutgoingMail)
            .where(OutgoingMail.user_id == user.id, ~_LEFT_OUT)
            .order_by(col(OutgoingMail.created_at).desc())
            .limit(20)
        )
        successor = await tx.get(User, user.successor_id) if user.successor_id else None
        predecessor = (await tx.exec(select(User.id).where(User.successor_id == user.id))).first()
        return UserDetails(
            row=await read_row(tx, USERS, user.id),
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
            contact=Contact(user.phone, user.time_zone, user.picture),
            mails=mails.all(),
            is_self=isinstance(actor, Actor) and actor.user_id == user.id,
            end=end_of(user),
            time_zone=await zone_of(tx, user.tenant_id),
            stays=await stays_of(tx, user.tenant_id),
            tells=await suggests(tx, user.tenant_id),
        )


async def _name(tx: Transaction, user_id: UUID | None) -> str | None:
    user = await tx.get(User, user_id) if user_id else None
    return user.full_name if user else None


def _is_in(tenant_id: UUID | None, column: Any) -> ColumnElement[bool]:
    is_in: ColumnElement[bool] = column == tenant_id if tenant_id else column.is_(None)
    return is_in
