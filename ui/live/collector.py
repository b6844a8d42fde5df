"""Keeps the garbage collector from stopping everything for a second, and has it run all the same.

An open page is a thousand or so objects, many of them in cycles: when it is closed, nothing but the
collector gives their memory back. A collection looks at every open page's objects too, and nothing
else happens meanwhile; so it is to run seldom, and when nobody waits for anything.
"""

import asyncio
import gc
import math
import time
from collections.abc import Callable

THRESHOLDS = (50_000, 20, 50)
"""Allocations until a young collection, and how many of those until an older one. Python's own are
(700, 10, 10), under which a broadcast to 1,000 pages met pauses of a second. These leave the whole
to `Collector`."""


def quiet_gc() -> None:
    """To be called once, when everything is imported and set up.

    What exists by then lives as long as the process, so the collector needn't look at it again, nor
    now: the little of it that is garbage isn't worth a fifth of a second of the start.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()


class Collector:
    """Collects what closed pages have left, once it is enough to be worth the pause.

    That is `enough` pages, or a quarter of those that are open: so each page that closes pays for a
    handful of open ones at most, however many there are. It waits for `quiet` seconds in which
    nothing was sent to rooms, and no page was cut; `patience` seconds long at most, and as long as
    `cut_patience` while one cut follows the other: of many who are deactivated, some would wait for
    it. What piles up until then decides how much memory the process keeps for good
    (docs/benchmarks.md).
    """

    def __init__(
        self,
        *,
        enough: int = 25,
        quiet: float = 0.5,
        patience: float = 2.0,
        cut_patience: float = 30.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.enough = enough
        self.quiet = quiet
        self.patience = patience
        self.cut_patience = cut_patience
        self.now = now
        self._closed = 0
        self._busy_at = 0.0
        self._cut_at = -math.inf
        self._is_waiting = False
        self._waiting_since = 0.0

    def busy(self) -> None:
        """Somebody waits for news at this moment."""
        self._busy_at = self.now()

    def cutting(self) -> None:
        """Pages are cut at this moment."""
        self._busy_at = self._cut_at = self.now()

    def page_closed(self, still_open: int) -> None:
        """Note that a page is closed, and how many are left; to be called in the event loop."""
        self._closed += 1
        if not self._is_waiting and self._closed >= max(self.enough, still_open // 4):
            self._is_waiting = True
            self._waiting_since = self.now()
            asyncio.get_running_loop().call_later(self.quiet, self._try)

    def _try(self) -> None:
        now = self.now()
        patience = self.cut_patience if now - self._cut_at < self.quiet else self.patience
        if now - self._busy_at < self.quiet and now - self._waiting_since < patience:
            asyncio.get_running_loop().call_later(self.quiet, self._try)
            return
        self._is_waiting = False
        self._closed = 0
        gc.collect()


collector = Collector()
