"""Whose event is handled next: of everybody's, one at a time, of each person in turn. After an
event of somebody who sends too fast there is a rest, in which nobody has a turn who does.

What an event has done runs in the event loop, and each step of somebody else's act would wait for a
step of every event that is handled. So a few who send searches all the time could hold up the act
that shuts them out. Whoever answers requests has slots of the same kind (`ui.live.asking`).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from types import SimpleNamespace
from typing import Any, Self, TypeVar
from uuid import UUID

from nicegui import background_tasks, events

from services.database import runtime
from ui.live.budget import Account

T = TypeVar("T")

SLOTS, SLOTS_ON_POSTGRESQL = 1, 2
"""How many events are handled at a time. On SQLite they wait for nothing meanwhile; for PostgreSQL
they do, and then another one is handled."""

SLOT = 0.05
"""Seconds after which the next one begins in any case: an event may wait for a mail server, or for
somebody else's act."""

REST = 2.0
"""For how many times as long as their event took, none begins of those whose events come too fast.
So all of them together have a third of the event loop at most, and what ends their access finds it
free."""

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
        # Whoever is next stands first.
        self._waiting: dict[UUID, deque[tuple[asyncio.Future[None], Account]]] = {}
        self._rests_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def is_full_for(self, holder_id: UUID) -> bool:
        """Whether too many of this person's events wait."""
        return len(self._waiting.get(holder_id, ())) >= MOST_WAITING

    async def slot(self, holder_id: UUID, account: Account) -> "Slot":
        """Wait for a slot for one of this person's events, whose pace the account knows."""
        called = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(holder_id, deque()).append((called, account))
        self._call()
        leave = partial(self._leave, account)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                leave(0.0)
            raise
        return Slot(leave)

    def _leave(self, account: Account, took: float) -> None:
        self._free += 1
        if account.is_ahead:
            self._rests_until = asyncio.get_running_loop().time() + min(took, SLOT) * REST
        self._call()

    def _call(self) -> None:
        """Give the free slots to those who wait and may have one."""
        while self._free and self._call_one():
            self._free -= 1
        if self._free and self._waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(self._rests_until, self._wake)

    def _call_one(self) -> bool:
        is_rest = asyncio.get_running_loop().time() < self._rests_until
        for holder_id, line in list(self._waiting.items()):
            while line and line[0][0].done():
                line.popleft()  # they don't wait any more
            if line and is_rest and line[0][1].is_ahead:
                continue
            del self._waiting[holder_id]
            if line:
                called, _ = line.popleft()
                if line:
                    self._waiting[holder_id] = line  # after everybody else's
                called.set_result(None)
                return True
        return False

    def _wake(self) -> None:
        self._timer = None
        self._call()


class Slot:
    """One event's: it ends with the block, or with the last of what was started in it, or after
    `SLOT` seconds."""

    def __init__(self, leave: Callable[[float], None]) -> None:
        self._leave = leave
        self._running = 0
        self._begun = asyncio.get_running_loop().time()
        self._timer: asyncio.TimerHandle | None = asyncio.get_running_loop().call_later(
            SLOT, self.leave
        )

    def leave(self) -> None:
        """Leave it to the next one; a second time does nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._leave(asyncio.get_running_loop().time() - self._begun)

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
