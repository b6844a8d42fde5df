"""Closes the open pages whose sessions have ended: as soon as the event comes, and, if it doesn't
come, by comparing them with the database."""

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from models import EndReason
from services.core import clock
from services.core.bus import Bus
from services.core.errors import RollcallError
from services.database import changes, runtime
from services.database.lasting import warn
from services.database.transport import Listening
from services.sessions import ended_sessions, receipts
from services.sessions.events import SessionsEnded
from services.workspace.customers.cut import find_unshown
from services.workspace.events import PocShownNoMore
from ui import live

log = logging.getLogger(__name__)

# Looks are so far apart at least, in seconds.
LOOK_SECONDS = 1.0
# All that is open is compared that seldom, in seconds, and only if anything was committed. This is
# how it notices what no event tells and no session says itself, as after an UPDATE by hand.
ALL_SECONDS = 30.0
# A session counts as ended lately for longer than a commit takes by far, and than clocks differ.
LATELY = clock.APART + timedelta(seconds=10)
# For so many seconds, a session that was ended is left to the event of the act that ended it, which
# may still be on its way from another process: only the event's cut counts the pages for a receipt.
LEFT_TO_EVENT = 0.5


def subscribe(bus: Bus) -> None:
    """Have the bus tell which sessions end."""
    bus.subscribe(SessionsEnded, _close_pages)
    bus.subscribe(PocShownNoMore, _close_pages_of_poc)
    bus.subscribe(Listening, _compare_all)


async def _close_pages(event: SessionsEnded) -> None:
    live.end_pause(event.user_id)
    pages = live.pages_of_sessions(event.session_ids)
    await receipts.settle(event, live.cut(pages, event.reason.value, event.committed_at))


async def _close_pages_of_poc(event: PocShownNoMore) -> None:
    pages = _pages_that_show(event.customer_id, event.poc_id)
    await live.cut(pages, event.reason.value, event.committed_at)


def _compare_all(event: Listening) -> None:
    if event.again:  # an event may have been missed
        runtime.current().part(Comparison).compare_all()


def _pages_that_show(customer_id: UUID, poc_id: UUID) -> list[live.OpenPage]:
    shown = (customer_id, poc_id)
    return [page for page in live.all_pages() if (page.user_id, page.shows) == shown]


async def compare_forever() -> None:
    """Close the pages whose sessions have ended in the database, until cancelled."""
    comparison = runtime.current().part(Comparison)
    while True:
        await live.any_open()
        await comparison.until_news()
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await comparison.go_on()
        except RollcallError as error:
            warn(log, f"Open pages can't be compared with the database now: {error}")
            comparison.compare_all()


class Comparison:
    """Closes the pages whose sessions have ended in the database, or whose POC isn't shown any
    more.

    What it asks grows with what has changed, not with what is open: after a commit, which sessions
    were ended lately; of the open ones, those that are new, and those whose time seems to be over.
    It asks about all of them now and then, and while this process doesn't hear the others.
    """

    def __init__(self) -> None:
        self._mark: object = None
        self._expiries: dict[UUID, datetime] = {}
        self._all_mark: object = None
        self._all_at = -math.inf

    def compare_all(self) -> None:
        """Have the next look ask about all that are open."""
        self._mark = self._all_mark = None
        self._all_at = -math.inf

    async def until_news(self) -> None:
        """Wait until a commit is noticed, a page opens, or a session is nearly over, for
        `ALL_SECONDS` at most; not at all where nobody tells of commits."""
        if self._has_news():
            return
        left = (min(self._expiries.values()) - clock.now()).total_seconds() - LOOK_SECONDS
        told = (runtime.current().transport.changed(), live.opened())
        waiting = [asyncio.ensure_future(each) for each in told]
        try:
            await asyncio.sleep(0)  # both wait from here on
            if not self._has_news():
                rest = max(0.0, min(left, ALL_SECONDS))
                await asyncio.wait(waiting, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    def _has_news(self) -> bool:
        version = runtime.current().transport.version
        is_known = live.session_ids() <= self._expiries.keys()
        return version is None or version is not self._mark or not is_known

    async def go_on(self) -> bool:
        """Compare what can have changed; returns whether anything can."""
        open_sessions = live.session_ids()
        self._expiries = {one: at for one, at in self._expiries.items() if one in open_sessions}
        if not open_sessions:
            return False
        mark, now = await changes.mark(), clock.now()
        is_all = mark != self._all_mark and self._is_time_for_all()
        if is_all:
            asked = open_sessions
            self._all_mark, self._all_at = mark, time.monotonic()
        else:
            asked = {one for one in open_sessions if self._expiries.get(one, now) <= now}
            if mark == self._mark and not asked:
                return False
            if mark != self._mark:
                asked |= open_sessions & await ended_sessions.find_since(now - LATELY)
        self._mark = mark
        over, alive = await ended_sessions.compare(asked)
        known = self._expiries | alive
        self._expiries = {one: at for one, at in known.items() if one not in over}
        await self._close(over)
        if is_all:
            await self._close_unshown()
        return True

    def _is_time_for_all(self) -> bool:
        is_deaf = bool(runtime.current().transport.deaf_because)
        return is_deaf or time.monotonic() - self._all_at >= ALL_SECONDS

    async def _close(self, over: Mapping[UUID, EndReason]) -> None:
        if any(reason is not EndReason.EXPIRED for reason in over.values()):
            await asyncio.sleep(LEFT_TO_EVENT)
        await asyncio.gather(
            *(
                live.cut(live.pages_of_sessions([session_id]), reason.value)
                for session_id, reason in over.items()
            )
        )

    async def _close_unshown(self) -> None:
        shown = {(page.user_id, page.shows) for page in live.all_pages() if page.shows}
        unshown = await find_unshown(shown) if shown else {}
        await asyncio.gather(
            *(live.cut(_pages_that_show(*pair), reason.value) for pair, reason in unshown.items())
        )
