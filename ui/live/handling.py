"""Whose event is handled next: of everybody's, one at a time, of each person in turn.

What an event has done runs in the event loop, and each step of somebody else's act would wait for a
step of every event that is handled. So a few who send searches all the time could hold up the act
that shuts them out. Whoever answers requests has slots of the same kind (`ui.live.asking`).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, Self, TypeVar
from uuid import UUID

from nicegui import background_tasks, events

from services.database import runtime

T = TypeVar("T")

SLOTS, SLOTS_ON_POSTGRESQL = 1, 2
"""How many events are handled at a time. On SQLite they wait for nothing meanwhile; for PostgreSQL
they do, and then another one is handled."""

SLOT = 0.05
"""Seconds after which the next one begins in any case: an event may wait for a mail server, or for
somebody else's act."""

MOST_WAITING = 100
"""How many events of one person may wait, each with a task and up to 64 KiB. At the pace let
through, it takes seconds in which each event waits for something slow; it is a flood then."""

_handled: ContextVar["Slot | None"] = ContextVar("handled", default=None)


def install() -> None:
    """An event has been handled when all has ended that its handlers started."""
    theirs: Any = events
    theirs.background_tasks = SimpleNamespace(
        **vars(background_tasks) | {"create_or_defer": _create}
    )


def _create(handler: Awaitable[Any], **given: Any) -> None:
    slot = _handled.get()
    background_tasks.create_or_defer(handler if slot is None else slot.until_done(handler), **given)


class Handling:
    """The events that are being handled, and those that wait: each person's in their order."""

    def __init__(self) -> None:
        is_sqlite = runtime.current().database.is_sqlite
        self._free = SLOTS if is_sqlite else SLOTS_ON_POSTGRESQL
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}  # whoever is next stands first

    def is_full_for(self, holder_id: UUID) -> bool:
        """Whether too many of this person's events wait."""
        return len(self._waiting.get(holder_id, ())) >= MOST_WAITING

    async def slot(self, holder_id: UUID) -> "Slot":
        """Wait for a slot for one of this person's events."""
        if self._free:
            self._free -= 1
            return Slot(self._leave)
        called = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(holder_id, deque()).append(called)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._leave()
            raise
        return Slot(self._leave)

    def _leave(self) -> None:
        while self._waiting:
            holder_id = next(iter(self._waiting))
            line = self._waiting.pop(holder_id)
            called = line.popleft()
            if line:
                self._waiting[holder_id] = line  # after everybody else's
            if not called.done():
                called.set_result(None)
                return
        self._free += 1


class Slot:
    """One event's: it ends with the block, or with the last of what was started in it, or after
    `SLOT` seconds."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._running = 0
        self._timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(
            SLOT, self.leave
        )

    def leave(self) -> None:
        """Leave it to the next one; a second time does nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._leave()

    def __enter__(self) -> Self:
        self._before = _handled.set(self)
        self._running += 1
        return self

    def __exit__(self, *_failed: object) -> None:
        _handled.reset(self._before)
        self._ended()

    def until_done(self, work: Awaitable[T]) -> Awaitable[T]:
        """Do something that was started in the block, which counts from now on."""
        self._running += 1

        async def done() -> T:
            try:
                return await work
            finally:
                self._ended()

        return done()

    def _ended(self) -> None:
        self._running -= 1
        if not self._running:
            self.leave()
