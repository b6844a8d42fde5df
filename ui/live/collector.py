"""Keeps the garbage collector from stopping everything for a second, and still lets it run.

An open page is a thousand or so objects, many of them in cycles: when it is closed, only the
collector gives their memory back. A collection also looks at the objects of every open page, and
nothing else happens meanwhile; so it should run seldom, and when nobody waits for anything.
"""

import asyncio
import gc
import math
import time
from collections.abc import Callable

THRESHOLDS = (10_000, 2, 2_500)
"""After this many allocations a young collection runs, and after this many of those an older one.
Python's own numbers are (700, 10, 10): with these, a broadcast to 1,000 pages met pauses of a
second, because whole collections came with it. Ours leave these to `Collector`, and keep the others
short: some milliseconds each. (With (50_000, 20) they paused for 25 and for 450.)"""


def quiet_gc() -> None:
    """Call this once, after everything is imported and set up.

    What exists by then lives as long as the process, so the collector needn't look at it again. It
    doesn't look now either: the little garbage in it isn't worth a fifth of a second of the start.
    """
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()


class Collector:
    """Collects what closed pages have left, as soon as it is enough to be worth the pause.

    Enough are `enough` pages, or a quarter of the open ones: so each page that closes pays for a
    handful of open ones at most, however many there are. It waits for `quiet` seconds in which
    nothing was sent to rooms, for `after_cut` in which no page was cut, and for `expected` after
    somebody was asked whether to end a person's access: their answer wouldn't be heard before the
    collection is over, a third of a second with many pages. It waits for `patience` seconds at
    most, or for `cut_patience` while one cut, or such a question, follows the other: if many people
    are deactivated, the cuts of some would otherwise wait for the collection. What piles up until
    then decides how much memory the process keeps for good (docs/benchmarks.md).
    """

    def __init__(
        self,
        *,
        enough: int = 25,
        quiet: float = 0.5,
        patience: float = 2.0,
        after_cut: float = 2.0,
        cut_patience: float = 30.0,
        expected: float = 10.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.enough = enough
        self.quiet = quiet
        self.patience = patience
        self.after_cut = after_cut
        self.cut_patience = cut_patience
        self.expected = expected
        self.now = now
        self._closed = 0
        self._busy_at = 0.0
        self._cut_at = self._expected_at = -math.inf
        self._is_waiting = False
        self._waiting_since = 0.0

    def busy(self) -> None:
        """Somebody is waiting for news at this moment."""
        self._busy_at = self.now()

    def cutting(self) -> None:
        """Pages are being cut at this moment."""
        self._cut_at = self.now()

    def expecting(self) -> None:
        """Somebody is asked at this moment whether to end a person's access."""
        self._expected_at = self.now()

    def page_closed(self, still_open: int) -> None:
        """Note that a page is closed, and how many are left; call this in the event loop."""
        self._closed += 1
        if not self._is_waiting and self._closed >= max(self.enough, still_open // 4):
            self._is_waiting = True
            self._waiting_since = self.now()
            asyncio.get_running_loop().call_later(self.quiet, self._try)

    def _try(self) -> None:
        now = self.now()
        is_expected = now - self._expected_at < self.expected
        is_cutting = is_expected or now - self._cut_at < self.after_cut
        is_busy = is_cutting or now - self._busy_at < self.quiet
        patience = self.cut_patience if is_cutting else self.patience
        if is_busy and now - self._waiting_since < patience:
            asyncio.get_running_loop().call_later(self.quiet, self._try)
            return
        self._is_waiting = False
        self._closed = 0
        gc.collect()


collector = Collector()
