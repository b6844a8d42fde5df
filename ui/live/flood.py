"""What happens to a session that floods: its pages are closed, and for a moment none can be
opened."""

import asyncio
import logging
import time
from uuid import UUID

from services.core.errors import FloodedError
from services.database import runtime
from ui.live import guard, pages
from ui.live.budget import account_of
from ui.live.connection import MOST_UNFINISHED
from ui.live.cut import cut
from ui.live.guard import Authenticate

log = logging.getLogger(__name__)

PAUSE = 10
"""For this many seconds, a session that flooded gets no page."""

SAY_EVERY = 60.0
"""Seconds between two lines in the log about floods, however many there are."""

REASON = "flood"


class _Floods:
    """When each session that flooded may open pages again, the cuts that run, and when the last
    line about floods was logged."""

    def __init__(self) -> None:
        self.calm_at: dict[UUID, float] = {}
        self.closing: set[asyncio.Task[object]] = set()
        self.said_at = -SAY_EVERY


def install(
    authenticate: Authenticate, *, public_url: str, most_unfinished: int = MOST_UNFINISHED
) -> None:
    """Guard every websocket from now on, and end the pages of sessions that flood."""
    guard.guard(authenticate, _flooded, public_url=public_url, most_unfinished=most_unfinished)


def require_calm(session_id: UUID) -> None:
    """Raise `FloodedError` for a session that has just flooded."""
    calm_at = runtime.current().part(_Floods).calm_at
    left = calm_at.get(session_id, 0.0) - time.monotonic()
    if left > 0:
        raise FloodedError(int(left) + 1)


async def keep_pace(session_id: UUID, holder_id: UUID, *, frames: int = 1) -> None:
    """Wait until a request that is no page may be answered: it counts as so many frames of a page.

    Raises `FloodedError` if too many were sent already.
    """
    account, delay = account_of(session_id, holder_id), 0.0
    for _ in range(frames):
        if not account.spend():
            raise FloodedError(PAUSE)
        delay = account.delay()
    await asyncio.sleep(delay)


def _flooded(session_id: UUID, user_id: UUID) -> None:
    floods, now = runtime.current().part(_Floods), time.monotonic()
    for calm in [known for known, at in floods.calm_at.items() if at <= now]:
        del floods.calm_at[calm]
    flooding = pages.pages_of_sessions([session_id])
    if not flooding:
        return  # another socket of it was faster, or it was shut out
    floods.calm_at[session_id] = now + PAUSE
    if now - floods.said_at >= SAY_EVERY:
        floods.said_at = now
        log.warning(
            "Session %s of user %s sent too much; its pages, %d, are closed",
            session_id,
            user_id,
            len(flooding),
        )
    task = asyncio.create_task(cut(flooding, REASON))
    floods.closing.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(floods.closing.discard)
