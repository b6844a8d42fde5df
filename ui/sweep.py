"""Closes the open pages whose sessions have ended: as soon as the event comes, and, if it doesn't
come, by comparing them with the database."""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from models import EndReason
from services.core import clock
from services.core.bus import Bus
from services.core.errors import RollcallError
from services.database import changes
from services.database.lasting import warn
from services.sessions import receipts, sessions
from services.sessions.events import SessionsEnded
from services.workspace.customers.cut import find_unshown
from services.workspace.events import PocShownNoMore
from ui import live

log = logging.getLogger(__name__)

# How often this looks whether open pages have to be compared with the database, in seconds. This is
# how it notices an expired session, and an event that never arrived.
COMPARE_SECONDS = 1.0
# For so many seconds, a session that was ended is left to the event of the act that ended it, which
# may still be on its way from another process: only the event's cut counts the pages for a receipt.
LEFT_TO_EVENT = 0.5


def subscribe(bus: Bus) -> None:
    """Have the bus tell which sessions end."""
    bus.subscribe(SessionsEnded, _close_pages)
    bus.subscribe(PocShownNoMore, _close_pages_of_poc)


async def _close_pages(event: SessionsEnded) -> None:
    live.end_pause(event.user_id)
    pages = live.pages_of_sessions(event.session_ids)
    await receipts.settle(event, live.cut(pages, event.reason.value, event.committed_at))


async def _close_pages_of_poc(event: PocShownNoMore) -> None:
    pages = _pages_that_show(event.customer_id, event.poc_id)
    await live.cut(pages, event.reason.value, event.committed_at)


def _pages_that_show(customer_id: UUID, poc_id: UUID) -> list[live.OpenPage]:
    shown = (customer_id, poc_id)
    return [page for page in live.all_pages() if (page.user_id, page.shows) == shown]


async def compare_forever() -> None:
    """Close the pages whose sessions have ended in the database, until cancelled."""
    comparison = Comparison()
    while True:
        await live.any_open()
        await asyncio.sleep(COMPARE_SECONDS)
        try:
            await comparison.go_on()
        except RollcallError as error:
            warn(log, f"Open pages can't be compared with the database now: {error}")


class Comparison:
    """Closes the pages whose sessions have ended in the database, or whose POC isn't shown any
    more.

    It asks the database only when something may have changed: after a commit, when a session
    expires, or when there are pages of a new session.
    """

    def __init__(self) -> None:
        self._mark: object = None
        self._compared: set[UUID] = set()
        self._expiry: datetime | None = None

    async def go_on(self) -> bool:
        """Compare, if anything can have changed; returns whether it did."""
        open_sessions = live.session_ids()
        if not open_sessions:
            return False
        mark = await changes.mark()
        expired = self._expiry is not None and self._expiry <= clock.now()
        if mark == self._mark and open_sessions <= self._compared and not expired:
            return False
        ended, self._expiry = await sessions.compare(open_sessions)
        self._mark, self._compared = mark, open_sessions
        if any(reason is not EndReason.EXPIRED for reason in ended.values()):
            await asyncio.sleep(LEFT_TO_EVENT)
        await asyncio.gather(
            *(
                live.cut(live.pages_of_sessions([session_id]), reason.value)
                for session_id, reason in ended.items()
            )
        )
        await self._close_unshown()
        return True

    async def _close_unshown(self) -> None:
        shown = {(page.user_id, page.shows) for page in live.all_pages() if page.shows}
        unshown = await find_unshown(shown) if shown else {}
        await asyncio.gather(
            *(live.cut(_pages_that_show(*pair), reason.value) for pair, reason in unshown.items())
        )
