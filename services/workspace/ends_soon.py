"""What ends soon in an organisation: people's access, and invitations that nobody has accepted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import col, func, select

from models import CLOSED_STATUSES, CalendarFeed, LinkPurpose, OneTimeLink, Poc, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core import clock
from services.core.db import Transaction
from services.users.ends import End, end_of, zone_of

SHOWN_DAYS = (7, 30, 90)
MOST = 500
"""Rows of a page; who has more that end looks at fewer days."""


class Kind(StrEnum):
    """What ends."""

    PERSON = "person"
    INVITATION = "invitation"


@dataclass(frozen=True)
class Ending:
    """Something that ends, at this moment. `end` is as somebody chose it, where somebody did."""

    kind: Kind
    user_id: UUID
    name: str
    detail: str
    at: datetime
    end: End | None
    note: str
    email: str = ""


@dataclass(frozen=True)
class EndsSoon:
    """What ends within so many days, the nearest first; `has_more` where it is too much to show.

    `reminded` are the admins who want reminders; `has_feed` says whether whoever asks has a
    calendar's url.
    """

    rows: Sequence[Ending]
    has_more: bool
    time_zone: str
    reminded: int
    is_reminded: bool
    has_feed: bool


async def list_ends_soon(actor: Principal, days: int = 30) -> EndsSoon:
    """What ends within so many days in the organisation in which the actor works."""
    async with viewing(actor, Permission.VIEW_USERS) as view:
        tx, tenant = view.tx, await view.get_tenant()
        until = clock.now() + timedelta(days=days if days in SHOWN_DAYS else 30)
        rows = await find_endings(tx, tenant.id, until)
        reminded = await tx.exec(
            select(User.id).where(
                User.tenant_id == tenant.id, User.active, col(User.wants_end_reminders)
            )
        )
        wanting = set(reminded)
        feed = await tx.exec(
            select(CalendarFeed.id).where(
                CalendarFeed.tenant_id == tenant.id, CalendarFeed.user_id == actor.user_id
            )
        )
        return EndsSoon(
            rows[:MOST],
            len(rows) > MOST,
            await zone_of(tx, tenant.id),
            len(wanting),
            actor.user_id in wanting,
            feed.first() is not None,
        )


async def find_endings(tx: Transaction, tenant_id: UUID, until: datetime) -> list[Ending]:
    """What ends until then, the nearest first: at most one more than `MOST`."""
    people = await _people(tx, tenant_id, until)
    invitations = await _invitations(tx, tenant_id, until)
    return sorted([*people, *invitations], key=lambda row: row.at)[: MOST + 1]


async def _people(tx: Transaction, tenant_id: UUID, until: datetime) -> list[Ending]:
    found = await tx.exec(
        select(User)
        .where(User.active, col(User.ends_at) <= until, User.tenant_id == tenant_id)
        .order_by(col(User.ends_at), col(User.id))
        .limit(MOST + 1)
    )
    users = found.all()
    names = await _names(tx, [user.end_set_by_id for user in users])
    owned = await _owned(tx, [user.id for user in users])
    return [
        Ending(
            Kind.PERSON,
            user.id,
            user.full_name,
            user.role.label + _owns(owned.get(user.id, 0)),
            user.ends_at,
            end_of(user),
            _set_by(user, names),
            user.email,
        )
        for user in users
        if user.ends_at is not None
    ]


async def _invitations(tx: Transaction, tenant_id: UUID, until: datetime) -> list[Ending]:
    found = await tx.exec(
        select(User, col(OneTimeLink.expires_at))
        .join(OneTimeLink, col(OneTimeLink.user_id) == col(User.id))
        .where(
            User.tenant_id == tenant_id,
            User.active,
            col(User.first_sign_in_at).is_(None),
            OneTimeLink.purpose == LinkPurpose.INVITATION,
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.void_at).is_(None),
            col(OneTimeLink.expires_at) > clock.now(),
            col(OneTimeLink.expires_at) <= until,
        )
        .order_by(col(OneTimeLink.expires_at), col(User.id))
        .limit(MOST + 1)
    )
    rows = found.all()
    names = await _names(tx, [user.invited_by_id for user, _ in rows])
    return [
        Ending(
            Kind.INVITATION,
            user.id,
            user.full_name,
            f"Invitation as {user.role.label}, not accepted yet",
            expires_at,
            None,
            f"sent by {names[user.invited_by_id]}" if user.invited_by_id in names else "",
            user.email,
        )
        for user, expires_at in rows
    ]


def _set_by(user: User, names: Mapping[UUID | None, str]) -> str:
    if user.end_set_at is not None and user.end_set_at == user.created_at:
        return "set at the invitation"
    by = names.get(user.end_set_by_id)
    return f"set by {by}" if by else ""


def _owns(count: int) -> str:
    return f", {count} {'POC' if count == 1 else 'POCs'} owned" if count else ""


async def _names(tx: Transaction, ids: Sequence[UUID | None]) -> Mapping[UUID | None, str]:
    wanted = {user_id for user_id in ids if user_id}
    if not wanted:
        return {}
    found = await tx.exec(select(User).where(col(User.id).in_(wanted)))
    return {user.id: user.full_name for user in found}


async def _owned(tx: Transaction, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """How many open POCs each of these users owns."""
    if not ids:
        return {}
    found = await tx.exec(
        select(col(Poc.owner_id), func.count())
        .where(
            col(Poc.owner_id).in_(ids),
            col(Poc.archived_at).is_(None),
            col(Poc.status).not_in(CLOSED_STATUSES),
        )
        .group_by(col(Poc.owner_id))
    )
    return dict(found.all())
