"""Carries events between processes that share a database.

PostgreSQL: NOTIFY in the same transaction, and one LISTEN connection per process
(`postgresql_transport`). SQLite: a row in the same transaction, and a look at it after the file was
written (`sqlite_transport`).

A lost message makes nothing wrong: every service call asks the database, and open pages are
compared with it after commits (`ui.sweep`). A process that listens again after an interruption
hears a `Listening`, and makes up for what it missed.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar

from sqlmodel.ext.asyncio.session import AsyncSession

from services.core.bus import Bus
from services.core.events import Event, from_message
from services.core.repeats import Repeats

log = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Listening(Event):
    """This process hears the others from now on. `again` says that it did before, and may have
    missed something. It isn't sent to other processes."""

    again: bool


class Transport(ABC):
    """The way of events from this process to the others, and back."""

    broken: ClassVar[tuple[type[Exception], ...]] = (OSError,)
    """What `listen` raises where its connection breaks."""

    def __init__(self, process_id: str, bus: Bus) -> None:
        self.process_id = process_id
        self.bus = bus
        self.heard_at = 0.0
        """When anything was last heard, by `time.perf_counter()`; one's own messages count."""
        self.deaf_because = "it doesn't listen yet"
        """Why this process doesn't hear the others now; empty if it does."""
        self.version: object = None
        """An object that is another one each time a commit is noticed; none if nobody listens, or
        if this way tells of messages alone."""
        self._noticed = asyncio.Event()

    @abstractmethod
    async def send(self, tx: AsyncSession, events: Sequence[Event]) -> None:
        """Write the events where other processes will see them once this transaction commits."""

    @abstractmethod
    async def try_to_hear(self) -> str:
        """Listen for a moment, and send oneself a message: returns why it isn't heard, or nothing.
        For a process that doesn't listen, or doesn't listen yet."""

    @abstractmethod
    async def listen(self, *, again: bool) -> None:
        """Publish what other processes commit, until the connection breaks or this is cancelled."""

    @abstractmethod
    async def catch_up(self) -> None:
        """Publish what other processes had committed when this was called, as far as it is there to
        be read: what was read from the database just now may show it already."""

    async def changed(self) -> None:
        """Wait until a commit is noticed, or nobody listens any more."""
        await self._noticed.wait()

    def note(self, version: object) -> None:
        """Tell everybody who waits that `version` is another one now."""
        self.version = version
        self._noticed.set()
        self._noticed.clear()  # each waits for the next time

    async def receive(self) -> None:
        """Publish what other processes commit, until cancelled; reconnects by itself."""
        said = Repeats()
        for attempt in count():
            try:
                await self.listen(again=attempt > 0)
            except self.broken as error:
                reason = self.deaf_because = str(error).strip().partition("\n")[0]
                if said.is_news(reason):
                    log.warning("Listening for other processes failed, trying again: %s", reason)
                await asyncio.sleep(RECONNECT_SECONDS)
            finally:
                self.deaf_because = self.deaf_because or "it listens no more"

    def publish(self, origin: str, messages: Sequence[dict[str, Any]]) -> None:
        """Tell the bus of this process what another one committed."""
        self.heard_at = time.perf_counter()
        if origin == self.process_id:
            return  # heard at the commit already
        events = [from_message(message, self.heard_at, origin) for message in messages]
        self.bus.publish(event for event in events if event is not None)
