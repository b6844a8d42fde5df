"""Carries committed events to whoever listens in this process.

A subscriber that fails is logged and never reaches the caller: the fact is committed, and what
follows from it can also be read from the database.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable

from services.core.errors import RollcallError
from services.core.events import Event, EventT

log = logging.getLogger(__name__)

Handler = Callable[[EventT], Awaitable[None] | None]
"""What a subscriber does. If it waits for nothing it is a plain function, and needs no task."""


class Bus:
    """The subscribers of one process."""

    def __init__(self) -> None:
        self._handlers: dict[type[Event], list[Handler[Event]]] = defaultdict(list)
        self._running: set[asyncio.Task[None]] = set()

    def subscribe(self, event_type: type[EventT], handler: Handler[EventT]) -> None:
        """Call `handler` with each event of this type, or of a type derived from it."""
        self._handlers[event_type].append(handler)  # type: ignore[arg-type]  # it gets events of its type alone

    def publish(self, events: Iterable[Event]) -> None:
        """Start every subscriber of every event, each that waits in a task of its own, and don't
        wait for them."""
        for event in events:
            for event_type, handlers in self._handlers.items():
                if isinstance(event, event_type):
                    for handler in handlers:
                        self._start(handler, event)

    def _start(self, handler: Handler[Event], event: Event) -> None:
        with _Logged(event):
            following = handler(event)
            if following is not None:
                task = asyncio.get_running_loop().create_task(_follow(following, event))
                self._running.add(task)  # the loop itself holds tasks only weakly
                task.add_done_callback(self._running.discard)

    async def drain(self) -> None:
        """Wait until every subscriber that was started has ended."""
        while self._running:
            await asyncio.wait(self._running)


async def _follow(following: Awaitable[None], event: Event) -> None:
    with _Logged(event):
        await following


class _Logged:
    """A block in which a subscriber may fail. (A generator would take three times as long, and an
    act has some twelve of these.)"""

    def __init__(self, event: Event) -> None:
        self._event = event

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """Log what the subscriber failed with."""
        name = type(self._event).__name__
        # for example the database can't be reached: that is no bug, so no traceback
        if isinstance(error, RollcallError):
            log.warning("A subscriber couldn't follow %s: %s", name, error)
        elif isinstance(error, Exception):
            log.error("A subscriber failed on %s", name, exc_info=error)
        return isinstance(error, Exception)
