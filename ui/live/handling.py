"""Whose event is handled next: of everybody's, one at a time, of each person in turn; and after an
event a rest, in which those have no turn who send faster than their pace.

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
from ui.live.budget import Account

T = TypeVar("T")

SLOTS, SLOTS_ON_POSTGRESQL = 1, 2
"""How many events are handled at a time. On SQLite they wait for nothing meanwhile; for PostgreSQL
they do, and then another one is handled."""

SLOT = 0.05
"""Seconds after which the next one begins in any case: an event may wait for a mail server, or for
somebody else's act."""

REST = 2.0
"""For how many times as long as an event took, none begins of those whose events come too fast. So
all of them together have a third of the event loop, and what ends their access finds it free."""

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


class _Line:
    """One person's events that wait, in their order."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.called: deque[asyncio.Future[None]] = deque()


class Handling:
    """The events that are being handled, and those that wait: each person's in their order."""

    def __init__(self) -> None:
        is_sqlite = runtime.current().database.is_sqlite
        self._free = SLOTS if is_sqlite else SLOTS_ON_POSTGRESQL
        self._waiting: dict[UUID, _Line] = {}  # whoever is next stands first
        self._rests_until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def is_full_for(self, holder_id: UUID) -> bool:
        """Whether too many of this person's events wait."""
        line = self._waiting.get(holder_id)
        return line is not None and len(line.called) >= MOST_WAITING

    async def slot(self, holder_id: UUID, account: Account) -> "Slot":
        """Wait for a slot for one of this person's events, whose pace their account knows."""
        line = self._waiting.setdefault(holder_id, _Line(account))
        called = asyncio.get_running_loop().create_future()
        line.called.append(called)
        self._call()
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._leave()
            raise
        return Slot(self._leave)

    def _leave(self, took: float = 0.0) -> None:
        self._free += 1
        self._rests_until = max(self._rests_until, asyncio.get_running_loop().time() + took * REST)
        self._call()

    def _call(self) -> None:
        """Give the free slots to those who wait and may have one."""
        is_rest = asyncio.get_running_loop().time() < self._rests_until
        for holder_id, line in list(self._waiting.items()):
            if not self._free:
                return
            while line.called and line.called[0].done():
                line.called.popleft()  # they don't wait any more
            if line.called and is_rest and line.account.is_ahead:
                continue
            del self._waiting[holder_id]
            if not line.called:
                continue
            self._free -= 1
            line.called.popleft().set_result(None)
            if line.called:
                self._waiting[holder_id] = line  # after everybody else's
        if self._free and self._waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(self._rests_until, self._wake)

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
