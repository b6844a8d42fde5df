"""Which sessions are over: this finds what push may have missed."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select

from models import EndReason, LoginSession
from services.core import clock
from services.database.prepared import Prepared
from services.database.transaction import reading
from services.sessions import holders

# Built once: open pages are compared again and again.
_ALIVE = holders.alive(select(LoginSession.id, LoginSession.expires_at)).where(
    col(LoginSession.id).in_(bindparam("ids", expanding=True))
)
_ENDED_SINCE = Prepared(
    select(LoginSession.id).where(col(LoginSession.ended_at) >= bindparam("since"))
)


async def find(session_ids: Collection[UUID]) -> dict[UUID, EndReason]:
    """Which of these sessions have ended, and why."""
    return (await compare(session_ids))[0]


async def compare(
    session_ids: Collection[UUID],
) -> tuple[dict[UUID, EndReason], dict[UUID, datetime]]:
    """The same, and when each of the others expires."""
    if not session_ids:
        return {}, {}
    async with reading() as tx:
        asked = {"ids": list(session_ids), "now": clock.now()}
        alive = dict((await tx.exec(_ALIVE, params=asked)).all())
        over = set(session_ids) - alive.keys()
        if not over:
            return {}, alive
        rows = await tx.exec(
            holders.joined(
                select(LoginSession.id, LoginSession.end_reason, holders.has_active_holder())
            ).where(col(LoginSession.id).in_(list(over)))
        )
        reasons = {
            session_id: EndReason(reason)
            if reason
            else (EndReason.EXPIRED if active else EndReason.DEACTIVATED)
            for session_id, reason, active in rows
        }
    return dict.fromkeys(over, EndReason.REVOKED) | reasons, alive


async def find_since(since: datetime) -> set[UUID]:
    """Which sessions were ended since then: however many are open, this reads only these.

    A session says when it was ended, by the clock of the process that did it, before that counts:
    ask for more than the time since the last look.
    """
    async with reading() as tx:
        return set(await _ENDED_SINCE.rows(tx, since=since))
