"""All the ways in that somebody has: what a deactivation closes besides the account itself."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, bindparam, literal, union_all
from sqlmodel import col, delete, select

from models import (
    CalendarFeed,
    LinkPurpose,
    LoginSession,
    OneTimeLink,
    OutgoingMail,
    Passkey,
    User,
)
from services.access import one_time_links
from services.core import clock
from services.database.prepared import Prepared
from services.database.transaction import Transaction
from services.mail import outbox

SESSION, PASSKEY, LINK, MAIL, FEED = "session", "passkey", "link", "mail", "feed"
CLOSED_LINKS = (LinkPurpose.INVITATION, LinkPurpose.RESET, LinkPurpose.EMAIL_CONFIRM)


_ids = bindparam("user_ids", type_=Uuid(), expanding=True)
_nameless = literal("")
_each = union_all(
    select(
        literal(SESSION).label("kind"),
        LoginSession.user_id,
        LoginSession.id,
        _nameless.label("name"),
    ).where(
        col(LoginSession.user_id).in_(_ids),
        col(LoginSession.ended_at).is_(None),
        col(LoginSession.expires_at) > bindparam("now"),
    ),
    select(literal(PASSKEY), Passkey.user_id, Passkey.id, Passkey.name).where(
        col(Passkey.user_id).in_(_ids)
    ),
    select(literal(LINK), OneTimeLink.user_id, OneTimeLink.id, _nameless).where(
        col(OneTimeLink.user_id).in_(_ids),
        col(OneTimeLink.purpose).in_(CLOSED_LINKS),
        col(OneTimeLink.used_at).is_(None),
        col(OneTimeLink.void_at).is_(None),
    ),
    select(literal(MAIL), OutgoingMail.user_id, OutgoingMail.id, _nameless).where(
        col(OutgoingMail.user_id).in_(_ids), outbox.IS_WAITING
    ),
    select(literal(FEED), CalendarFeed.user_id, CalendarFeed.id, _nameless).where(
        col(CalendarFeed.user_id).in_(_ids)
    ),
).subquery()
# What the act has changed so far is none of this, and is written later, with all the rest.
_ALL = Prepared(select(_each.c.kind, _each.c.user_id, _each.c.id, _each.c.name))


@dataclass(frozen=True)
class Closed:
    """What was closed, or will be; a departure's receipt is recomputed from it."""

    session_ids: list[UUID]
    """The living sessions. They aren't ended yet: the end has the deactivation as its cause."""
    passkeys: list[str]
    """The names of the passkeys. They stay, and open nothing while the account is inactive."""
    links: int
    mails: int


async def close(tx: Transaction, users: Sequence[User]) -> dict[UUID, Closed]:
    """Void the links, cancel the mails and drop the calendars of people who are locked, and return
    what else there is of each, by their ids.

    Nearly everybody has nothing of most kinds, so one statement looks for all of them first.
    """
    there: dict[str, dict[UUID, list[tuple[UUID, str]]]] = defaultdict(lambda: defaultdict(list))
    rows = await _ALL.rows(tx, user_ids=[user.id for user in users], now=clock.now())
    for kind, user_id, row_id, name in rows:
        there[kind][user_id].append((row_id, name))
    if feeds := list(there[FEED]):
        await tx.exec(delete(CalendarFeed).where(col(CalendarFeed.user_id).in_(feeds)))
    if there[LINK]:
        await one_time_links.void(tx, there[LINK], *CLOSED_LINKS)
    if there[MAIL]:
        await outbox.cancel(tx, there[MAIL])
    return {
        user.id: Closed(
            session_ids=[row_id for row_id, _ in there[SESSION][user.id]],
            passkeys=sorted(name for _, name in there[PASSKEY][user.id]),
            # Nobody changes these meanwhile: whoever does locks the user first.
            links=len(there[LINK][user.id]),
            mails=len(there[MAIL][user.id]),
        )
        for user in users
    }
