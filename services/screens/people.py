"""People: how many are active, invited, about to end, and who signed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case
from sqlmodel import col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from models import LinkPurpose, LoginSession, OneTimeLink, User
from services.core import clock
from services.core import days as days_of
from services.database.counting import count_each
from services.database.transaction import Transaction
from services.screens.review import ReviewShown, read_review
from services.screens.scope import Scope
from services.screens.showing import Showing
from services.users.counts import find_counts, find_counts_of_all

SOON, LATELY = timedelta(days=30), timedelta(days=30)
EXPIRES_SOON = timedelta(days=3)
DAYS_OF_SIGN_INS = 14
MOST_LISTED = 8  # an upright screen without a review has room for them


@dataclass(frozen=True)
class Ending:
    """Somebody whose account ends, and on which day."""

    name: str
    role: str
    on: date


@dataclass(frozen=True)
class Waiting:
    """An invited person: when they were invited, and until when (seconds since 1970)."""

    name: str
    invited: int
    expires: int


@dataclass(frozen=True)
class People:
    """What the view shows."""

    active: int
    more: int
    """How many more there are than a month ago."""
    invited: int
    expiring: int
    ending: int
    ending_this_week: int
    until: date
    review: ReviewShown
    ends_soon: Sequence[Ending]
    waiting: Sequence[Waiting]
    signed_in: Sequence[tuple[date, int]]
    """How many signed in on each of the last days, the last one today."""


async def read_people(tx: Transaction, scope: Scope, showing: Showing) -> People:
    """The people, as one screen may show them."""
    now, today, tenant_id = clock.now(), scope.today(), scope.tenant_id
    counts = await find_counts(tx, tenant_id) if tenant_id else await find_counts_of_all(tx)
    invited = counts.of(active=True, invited=True)
    of_tenant = scope.holds(col(User.tenant_id))
    soon = (of_tenant, User.active, col(User.end_date) <= today + SOON)
    week = today + timedelta(days=6 - today.weekday())
    joined, gone, expiring, ending, ending_this_week = await count_each(
        tx,
        _count(of_tenant, User.active, col(User.first_sign_in_at) > now - LATELY),
        _count(
            of_tenant,
            ~col(User.active),
            col(User.deactivated_at) > now - LATELY,
            col(User.first_sign_in_at) <= now - LATELY,
        ),
        _count_expiring(scope),
        _count(*soon),
        _count(*soon, col(User.end_date) <= week),
    )
    return People(
        active=counts.of(active=True) - invited,
        more=joined - gone,
        invited=invited,
        expiring=expiring,
        ending=ending,
        ending_this_week=ending_this_week,
        until=today + SOON,
        review=await read_review(tx, scope, has_names=showing.has_names),
        ends_soon=await _ends_soon(tx, soon, showing) if showing.has_names else (),
        waiting=await _waiting(tx, scope, showing) if showing.has_names else (),
        signed_in=await _signed_in(tx, scope),
    )


def _count(*which: ColumnElement[bool] | bool) -> SelectOfScalar[int]:
    return select(func.count()).select_from(User).where(*which)


async def _ends_soon(
    tx: Transaction, soon: Sequence[ColumnElement[bool] | bool], showing: Showing
) -> list[Ending]:
    found = await tx.exec(
        select(User)
        .where(*soon)
        .order_by(col(User.end_date), col(User.name_key), col(User.id))
        .limit(MOST_LISTED)
    )
    return [
        Ending(showing.name_of(user), user.role.label, user.end_date)
        for user in found
        if user.end_date is not None
    ]


def _is_open(scope: Scope) -> Sequence[ColumnElement[bool] | bool]:
    return (
        scope.holds(col(User.tenant_id)),
        User.active,
        col(User.first_sign_in_at).is_(None),
        OneTimeLink.purpose == LinkPurpose.INVITATION,
        col(OneTimeLink.used_at).is_(None),
        col(OneTimeLink.void_at).is_(None),
        col(OneTimeLink.expires_at) > clock.now(),
    )


def _count_expiring(scope: Scope) -> SelectOfScalar[int]:
    soon = col(OneTimeLink.expires_at) <= clock.now() + EXPIRES_SOON
    return (
        select(func.count(func.distinct(User.id)))
        .join(OneTimeLink, col(OneTimeLink.user_id) == User.id)
        .where(*_is_open(scope), soon)
    )


async def _waiting(tx: Transaction, scope: Scope, showing: Showing) -> list[Waiting]:
    found = await tx.exec(
        select(User, OneTimeLink)
        .join(OneTimeLink, col(OneTimeLink.user_id) == User.id)
        .where(*_is_open(scope))
        .order_by(col(OneTimeLink.expires_at), col(User.name_key), col(User.id))
        .limit(MOST_LISTED)
    )
    return [
        Waiting(
            showing.name_of(user),
            int(user.created_at.timestamp()),
            int(link.expires_at.timestamp()),
        )
        for user, link in found
    ]


async def _signed_in(tx: Transaction, scope: Scope) -> list[tuple[date, int]]:
    today, zone = scope.today(), scope.zone
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS_OF_SIGN_INS))]
    # By moments: a database's own days are those of its server's time zone.
    counts = [
        func.count(
            func.distinct(
                case((_is_within(LoginSession.created_at, day, zone), col(LoginSession.user_id)))
            )
        )
        for day in days
    ]
    found = await tx.exec(
        select(*counts)
        .join(User, col(User.id) == col(LoginSession.user_id))
        .where(
            scope.holds(col(User.tenant_id)),
            col(LoginSession.created_at) >= days_of.beginning_of(days[0], zone),
        )
    )
    row: Any = found.one()  # a list of columns has no type of its own
    return list(zip(days, row, strict=True))


def _is_within(moment: datetime, day: date, zone: str) -> ColumnElement[bool]:
    since, until = days_of.beginning_of(day, zone), days_of.end_of(day, zone)
    return and_(col(moment) >= since, col(moment) < until)
