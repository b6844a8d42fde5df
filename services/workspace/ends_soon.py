"""What ends soon in an organisation: people's access, that of customers' people with their POCs,
and links that nobody has opened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from models import (
    CalendarFeed,
    CustomerPerson,
    LinkPurpose,
    OneTimeLink,
    Poc,
    PocCustomer,
    User,
)
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core import clock
from services.core.days import end_of as day_end
from services.core.days import find_zone, today_in
from services.core.words import count_words
from services.database.transaction import Transaction
from services.users.ends import End, end_of, zone_of
from services.workspace.left import is_open

SHOWN_DAYS = (7, 30, 90)
MOST = 500
"""How many rows a page has; if more end than that, people look at fewer days."""


class Kind(StrEnum):
    """What ends."""

    PERSON = "person"
    CUSTOMER = "customer"
    INVITATION = "invitation"
    LINK = "link"
    """A customer's way in, which they haven't used."""


@dataclass(frozen=True)
class Ending:
    """Something that ends, at this moment.

    `end` is the end that somebody chose, if anybody did; `poc_id` is the POC with which it ends, or
    to which it leads. `user_id` is the id of a user, or of a customer's person.
    """

    kind: Kind
    user_id: UUID
    name: str
    detail: str
    at: datetime
    end: End | None
    note: str
    email: str = ""
    poc_id: UUID | None = None
    picture: str = ""
    """The digest of a user's picture; empty where there is none."""


@dataclass(frozen=True)
class EndsSoon:
    """What ends within this many days, the nearest first; `has_more` if it is too much to show.

    `reminded` are the admins who want reminders; `has_feed` says whether the reader has a
    calendar's url.
    """

    rows: Sequence[Ending]
    has_more: bool
    time_zone: str
    reminded: int
    is_reminded: bool
    has_feed: bool


async def list_ends_soon(actor: Principal, days: int = 30) -> EndsSoon:
    """What ends within this many days in the organisation in which the actor works."""
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
    customers = await _customers(tx, tenant_id, until)
    invitations = await _invitations(tx, tenant_id, until)
    links = await _links(tx, tenant_id, until)
    return sorted([*people, *customers, *invitations, *links], key=lambda row: row.at)[: MOST + 1]


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
            picture=user.picture,
        )
        for user in users
        if user.ends_at is not None
    ]


async def _customers(tx: Transaction, tenant_id: UUID, until: datetime) -> list[Ending]:
    """Customers' people whose last open POC ends until then."""
    zone, last = await zone_of(tx, tenant_id), func.max(Poc.end_on)
    today = today_in(zone)
    ending = (
        _shown(tenant_id)
        .with_only_columns(col(PocCustomer.customer_id), last)
        .group_by(col(PocCustomer.customer_id))
        .having(func.count() == func.count(col(Poc.end_on)))
        .having(last >= today, last <= until.astimezone(find_zone(zone)).date())
        .order_by(last, col(PocCustomer.customer_id))
        .limit(MOST + 1)
    )
    days = dict((await tx.exec(ending)).all())
    if not days:
        return []
    pairs = await tx.exec(
        _shown(tenant_id).where(col(PocCustomer.customer_id).in_(days)).order_by(col(Poc.id))
    )
    found = {person.id: (person, poc) for person, poc in pairs if poc.end_on == days[person.id]}
    return [
        Ending(
            Kind.CUSTOMER,
            person.id,
            person.full_name,
            f"Customer, {poc.customer}",
            day_end(days[person.id], zone) - timedelta(seconds=1),
            End(days[person.id], None, zone),
            f"with its POC {poc.title}",
            person.email,
            poc.id,
        )
        for person, poc in found.values()
    ]


async def _links(tx: Transaction, tenant_id: UUID, until: datetime) -> list[Ending]:
    """Customers' ways in that nobody has used, and that expire until then."""
    found = await tx.exec(
        select(CustomerPerson, col(OneTimeLink.expires_at))
        .join(OneTimeLink, col(OneTimeLink.customer_id) == col(CustomerPerson.id))
        .where(
            CustomerPerson.tenant_id == tenant_id,
            CustomerPerson.active,
            OneTimeLink.purpose == LinkPurpose.CUSTOMER_INVITATION,
            *_is_waiting(until),
        )
        .order_by(col(OneTimeLink.expires_at), col(CustomerPerson.id))
        .limit(MOST + 1)
    )
    rows = found.all()
    pairs = await tx.exec(
        _shown(tenant_id)
        .where(col(PocCustomer.customer_id).in_([person.id for person, _ in rows]))
        .order_by(col(PocCustomer.added_at).desc())
    )
    pocs = {person.id: poc for person, poc in pairs}
    names = await _names(tx, [person.created_by_id for person, _ in rows])
    return [
        Ending(
            Kind.LINK,
            person.id,
            person.full_name,
            f"Open link to POC {pocs[person.id].title}, not used yet",
            expires_at,
            None,
            f"made by {names[person.created_by_id]}" if person.created_by_id in names else "",
            person.email,
            pocs[person.id].id,
        )
        for person, expires_at in rows
        if person.id in pocs
    ]


def _shown(tenant_id: UUID) -> Any:
    """The customers' people who are shown an open POC, with each of these."""
    return (
        select(CustomerPerson, Poc)
        .join(PocCustomer, col(PocCustomer.customer_id) == col(CustomerPerson.id))
        .join(Poc, col(Poc.id) == col(PocCustomer.poc_id))
        .where(
            CustomerPerson.tenant_id == tenant_id,
            CustomerPerson.active,
            col(PocCustomer.removed_at).is_(None),
            *is_open(),
        )
    )


def _is_waiting(until: datetime) -> list[ColumnElement[bool]]:
    return [
        col(OneTimeLink.used_at).is_(None),
        col(OneTimeLink.void_at).is_(None),
        col(OneTimeLink.expires_at) > clock.now(),
        col(OneTimeLink.expires_at) <= until,
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
            *_is_waiting(until),
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
    return f", {count_words(count, 'POC')} owned" if count else ""


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
        .where(col(Poc.owner_id).in_(ids), *is_open())
        .group_by(col(Poc.owner_id))
    )
    return dict(found.all())
