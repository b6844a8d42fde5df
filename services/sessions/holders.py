"""Whose a session is: a user's, a customer's person's, or a screen's."""

from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import and_, case, col, or_, select

from models import CustomerPerson, LoginSession, Screen, User
from services.access.actor import lock_users
from services.access.outsiders import (
    CUSTOMER_LASTS,
    SCREEN_LASTS,
    SCREEN_LONGEST,
    CustomerActor,
    ScreenActor,
    SessionActor,
)
from services.database import runtime
from services.database.transaction import Transaction

Holder = User | CustomerPerson | Screen
QueryT = TypeVar("QueryT", bound=Any)
RowT = TypeVar("RowT", CustomerPerson, Screen)


def give(session: LoginSession, holder: Holder) -> None:
    """Have a new session belong to the holder."""
    setattr(session, _column_of(holder), holder.id)


def is_of(holder: Holder) -> ColumnElement[bool]:
    """The sessions of the holder, as a condition."""
    return col(getattr(LoginSession, _column_of(holder))) == holder.id


def lasting(holder: Holder) -> tuple[timedelta, timedelta]:
    """How long a session of theirs lasts without a sign of life, and at most."""
    if isinstance(holder, CustomerPerson):
        return CUSTOMER_LASTS, CUSTOMER_LASTS
    if isinstance(holder, Screen):
        return SCREEN_LASTS, SCREEN_LONGEST
    settings = runtime.current().settings
    return settings.session_idle, settings.session_max


async def lock(tx: Transaction, actor: SessionActor) -> Holder | None:
    """The holder of the actor's session, locked, as they are now."""
    if isinstance(actor, CustomerActor):
        return await _locked(tx, CustomerPerson, actor.customer_id)
    if isinstance(actor, ScreenActor):
        return await _locked(tx, Screen, actor.screen_id)
    return (await lock_users(tx, [actor.user_id])).get(actor.user_id)


async def find(tx: Transaction, holder_id: UUID) -> Holder | None:
    """The holder with this id, of any kind."""
    return (
        await tx.get(User, holder_id)
        or await tx.get(CustomerPerson, holder_id)
        or await tx.get(Screen, holder_id)
    )


def joined(query: QueryT) -> QueryT:
    """Sessions, with their holders beside them."""
    found: QueryT = (
        query.join(User, col(User.id) == col(LoginSession.user_id), isouter=True)
        .join(CustomerPerson, col(CustomerPerson.id) == LoginSession.customer_id, isouter=True)
        .join(Screen, col(Screen.id) == LoginSession.screen_id, isouter=True)
    )
    return found


def has_active_holder() -> ColumnElement[bool]:
    """Of `joined` sessions, those whose holder may be here."""
    shown = and_(col(Screen.id).is_not(None), col(Screen.revoked_at).is_(None))
    return case((or_(col(User.active), col(CustomerPerson.active), shown), True), else_=False)


def alive(query: QueryT) -> QueryT:
    """Of sessions, those that let their holder in at a moment, which is bound as `now`."""
    found: QueryT = joined(query).where(
        col(LoginSession.ended_at).is_(None),
        col(LoginSession.expires_at) > bindparam("now"),
        has_active_holder(),
    )
    return found


async def _locked(tx: Transaction, table: type[RowT], row_id: UUID) -> RowT | None:
    found = await tx.exec(
        select(table)
        .where(table.id == row_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.first()


def _column_of(holder: Holder) -> str:
    if isinstance(holder, User):
        return "user_id"
    return "customer_id" if isinstance(holder, CustomerPerson) else "screen_id"
