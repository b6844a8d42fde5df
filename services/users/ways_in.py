"""All the ways in that somebody has: what a deactivation closes besides the account itself."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, literal, union_all
from sqlmodel import col, delete, select

from models import (
    CalendarFeed,
    LinkPurpose,
    LoginSession,
    MailState,
    OneTimeLink,
    OutgoingMail,
    Passkey,
    User,
)
from services.access import one_time_links
from services.core import clock
from services.core.db import Transaction
from services.mail import outbox

SESSION, PASSKEY, LINK, MAIL, FEED = "session", "passkey", "link", "mail", "feed"
CLOSED_LINKS = (LinkPurpose.INVITATION, LinkPurpose.RESET)


_whose = bindparam("user_id", type_=Uuid())
_nameless = literal("")
_each = union_all(
    select(literal(SESSION).label("kind"), LoginSession.id, _nameless.label("name")).where(
        LoginSession.user_id == _whose,
        col(LoginSession.ended_at).is_(None),
        col(LoginSession.expires_at) > bindparam("now"),
    ),
    select(literal(PASSKEY), Passkey.id, Passkey.name).where(Passkey.user_id == _whose),
    select(literal(LINK), OneTimeLink.id, _nameless).where(
        OneTimeLink.user_id == _whose,
        col(OneTimeLink.used_at).is_(None),
        col(OneTimeLink.void_at).is_(None),
    ),
    select(literal(MAIL), OutgoingMail.id, _nameless).where(
        OutgoingMail.user_id == _whose, OutgoingMail.state == MailState.WAITING
    ),
    select(literal(FEED), CalendarFeed.id, _nameless).where(CalendarFeed.user_id == _whose),
).subquery()
# Built once: building it takes longer than running it.
_ALL: Any = select(_each.c.kind, _each.c.id, _each.c.name)


@dataclass(frozen=True)
class Closed:
    """What was closed, or will be; a departure's receipt is recomputed from it."""

    session_ids: list[UUID]
    """The living sessions. They aren't ended yet: the end has the deactivation as its cause."""
    passkeys: list[str]
    """The names of the passkeys. They stay, and open nothing while the account is inactive."""
    links: int
    mails: int


async def close(tx: Transaction, user: User) -> Closed:
    """Void the links, cancel the mails and drop the calendar of somebody who is locked, and return
    what else there is.

    Nearly everybody has nothing of most kinds, so one statement looks for all of them first.
    """
    there: dict[str, list[tuple[UUID, str]]] = defaultdict(list)
    asked = {"user_id": user.id, "now": clock.now()}
    for kind, row_id, name in await tx.exec(_ALL, params=asked):
        there[kind].append((row_id, name))
    if there[FEED]:
        await tx.exec(delete(CalendarFeed).where(col(CalendarFeed.user_id) == user.id))
    return Closed(
        session_ids=[row_id for row_id, _ in there[SESSION]],
        passkeys=sorted(name for _, name in there[PASSKEY]),
        links=await one_time_links.void(tx, user.id, *CLOSED_LINKS) if there[LINK] else 0,
        mails=await outbox.cancel(tx, user.id) if there[MAIL] else 0,
    )
