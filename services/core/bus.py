"""Carries committed events to whoever listens in this process.

A subscriber that fails is logged and never reaches the caller: the fact is committed, and what
follows from it can also be read from the database.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from services.core.errors import RollcallError
from services.core.events import Event, EventT

log = logging.getLogger(__name__)

Handler = Callable[[EventT], Awaitable[None]]


@dataclass(frozen=True)
class _Subscriber:
    event_type: type[Event]
    handler: Handler[Event]
    first: bool


class Bus:
    """The subscribers of one process."""

    def __init__(self) -> None:
        self._subscribers: list[_Subscriber] = []
        self._of: dict[type[Event], list[_Subscriber]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def subscribe(
        self, event_type: type[EventT], handler: Handler[EventT], *, first: bool = False
    ) -> None:
        """Call `handler` with each event of this type, or of a type derived from it. `first` is for
        what people wait for: pages that close, rows that change."""
        self._subscribers.append(_Subscriber(event_type, handler, first))  # type: ignore[arg-type]  # it gets events of its type alone
        self._of.clear()

    def publish(self, events: Iterable[Event]) -> None:
        """Start every subscriber of every event, each in a task of its own, and don't wait. Those
        that come first have put into sockets what they tell before the others begin."""
        others: list[tuple[Handler[Event], Event]] = []
        for event in events:
            for subscriber in self._subscribers_of(type(event)):
                if subscriber.first:
                    self._start(self._run(subscriber.handler, event))
                else:
                    others.append((subscriber.handler, event))
        if others:
            self._start(self._start_all(others))

    def _subscribers_of(self, kind: type[Event]) -> list["_Subscriber"]:
        if kind not in self._of:
            self._of[kind] = [one for one in self._subscribers if issubclass(kind, one.event_type)]
        return self._of[kind]

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._running.discard)

    async def _start_all(self, calls: Iterable[tuple[Handler[Event], Event]]) -> None:
        """In the loop's next turn."""
        for handler, event in calls:
            self._start(self._run(handler, event))

    async def drain(self) -> None:
        """Wait until every subscriber that was started has ended."""
        while self._running:
            await asyncio.wait(self._running)

    async def _run(self, handler: Handler[Event], event: Event) -> None:
        try:
            await handler(event)
        # for example the database can't be reached: that is no bug, so no traceback
        except RollcallError as error:
            log.warning("A subscriber couldn't follow %s: %s", type(event).__name__, error)
        except Exception:
            log.exception("A subscriber failed on %s", type(event).__name__)
