"""Carries committed events to whoever listens in this process.

A subscriber that fails is logged and never reaches the caller: the fact is committed, and what
follows from it can also be read from the database.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from itertools import chain

from services.core.errors import RollcallError
from services.core.events import Event, EventT

log = logging.getLogger(__name__)

Handler = Callable[[EventT], Awaitable[None] | None]
"""What a subscriber does. One that has nothing to wait for returns none, and needs no task."""
FAILED = "A subscriber failed on %s"


class Bus:
    """The subscribers of one process."""

    def __init__(self) -> None:
        self._handlers: dict[type[Event], list[Handler[Event]]] = defaultdict(list)
        # Who hears of an event of exactly this type: found once.
        self._hearing: dict[type[Event], tuple[Handler[Event], ...]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def subscribe(self, event_type: type[EventT], handler: Handler[EventT]) -> None:
        """Call `handler` with each event of this type, or of a type derived from it."""
        self._handlers[event_type].append(handler)  # type: ignore[arg-type]  # it gets events of its type alone
        self._hearing.clear()

    def publish(self, events: Iterable[Event]) -> None:
        """Start every subscriber of every event, each that waits in a task of its own, and don't
        wait for them."""
        for event in events:
            for handler in self._who_hears(type(event)):
                self._start(handler, event)

    def _who_hears(self, kind: type[Event]) -> tuple[Handler[Event], ...]:
        if kind not in self._hearing:
            found = [to for heard, to in self._handlers.items() if issubclass(kind, heard)]
            self._hearing[kind] = tuple(chain.from_iterable(found))
        return self._hearing[kind]

    def _start(self, handler: Handler[Event], event: Event) -> None:
        try:
            following = handler(event)
        except Exception:
            log.exception(FAILED, type(event).__name__)
            return
        if following is not None:
            task = asyncio.get_running_loop().create_task(_follow(following, event))
            self._running.add(task)  # the loop itself holds tasks only weakly
            task.add_done_callback(self._running.discard)

    async def drain(self) -> None:
        """Wait until every subscriber that was started has ended."""
        while self._running:
            await asyncio.wait(self._running)


async def _follow(following: Awaitable[None], event: Event) -> None:
    try:
        await following
    # for example the database can't be reached: that is no bug, so no traceback
    except RollcallError as error:
        log.warning("A subscriber couldn't follow %s: %s", type(event).__name__, error)
    except Exception:
        log.exception(FAILED, type(event).__name__)
