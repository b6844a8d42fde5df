"""Who writes next. Acts that end somebody's access go first, and no user can block the queue.

These are the turns of one process. Between processes the database decides: SQLite by its lock, and
PostgreSQL by those of its rows.
"""

import asyncio
from bisect import insort
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from time import monotonic
from typing import Protocol
from uuid import UUID

from services.core.errors import DatabaseUnavailableError, TooMuchAtOnceError

MOST_OF_A_SESSION = 20
"""Acts of one session that may wait or run at once; people who click fast have two or three."""
MOST_OF_A_USER = 40
"""The same for all sessions of a user: if one session floods, another one can still end it."""
SHARE = 0.05
"""Seconds. A user who acts more often than once in this time falls behind those who don't, ..."""
FURTHEST_BEHIND = 5.0
"""... by so many seconds at most."""
PATIENCE = 0.5
"""For this many seconds, a patient act lets others go first that came after it."""
PATIENT_AT_ONCE = 2
"""How many patient acts of nobody run at a time, whatever slots there are. Many strangers' sign-ins
would wait for the same rows (the counter of their ip, the head of the log), each with a connection,
and an urgent act would wait for a step of each in the event loop. The patient acts of users and of
Rollcall itself aren't counted, and don't wait for this: some take long, and would keep everybody
from signing in."""
GIVES_UP = 60.0
"""After this many seconds, an act that still waits is told that the database doesn't answer."""
REMEMBERED = 1000
"""For how many users the last turn is remembered. If there are more, those are forgotten who aren't
behind."""


class Turn(Enum):
    """How an act takes its slot in the queue."""

    URGENT = "it ends somebody's access, and goes before all that don't"
    USUAL = "in its turn"
    PATIENT = (
        "it can wait a little: sign-ins, many of which come at once, and work in the background"
    )


class Who(Protocol):
    """Who acts; without ids if it is Rollcall itself. None is given for browsers that nobody is
    signed in with, and for screens that open or go. (The code below says "user"; a customer's
    person is counted the same way.)"""

    @property
    def session_id(self) -> UUID | None:
        """The session."""

    @property
    def holder_id(self) -> UUID | None:
        """Whose session it is."""


@dataclass(order=True)
class _Waiter:
    is_usual: bool
    due: float
    number: int
    user_id: UUID | None = field(compare=False)
    called: "asyncio.Future[None]" = field(compare=False)
    is_strangers: bool = field(compare=False)
    """Whether it is a patient act of nobody."""


class WriteQueue:
    """`slots` acts write at a time, one of each user and two patient ones of nobody, and
    `reserved` urgent ones beside them. Where none are reserved, urgent acts use the same slots as
    all others.

    Urgent acts go first. Any other act is due when it comes, but not sooner than `SHARE` seconds
    after its user's last act was due; the act that was due earliest goes next. So users who don't
    flood are served in the order in which they come, and before those who do.
    """

    def __init__(self, slots: int, reserved: int = 0, now: Callable[[], float] = monotonic) -> None:
        self._slots = slots
        self._reserved = reserved
        self._now = now
        self._numbers = count()
        self._waiting: list[_Waiter] = []
        self._running: list[_Waiter] = []
        self._present: Counter[UUID] = Counter()
        self._next_due: dict[UUID, float] = {}
        self.begun = 0
        """How many turns have begun so far."""
        self._became_calm = asyncio.Event()

    @property
    def present(self) -> int:
        """How many acts are here, waiting or running."""
        return len(self._waiting) + len(self._running)

    async def calm(self, seconds: float) -> None:
        """Wait until no act is here, for this many seconds at most. It is for work that can wait,
        and for which acts would have to wait in the event loop."""
        if self.present:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._became_calm.wait()

    def is_free_for(self, who: Who | None) -> bool:
        """Whether no act waits or runs, and this user hasn't acted just now. Then a turn is taken
        from nobody, and no user can take one turn after the other in this way."""
        behind = (
            who is not None
            and who.holder_id is not None
            and (self._next_due.get(who.holder_id, 0.0) > self._now())
        )
        return not self.present and not behind

    @asynccontextmanager
    async def turn(self, turn: Turn = Turn.USUAL, who: Who | None = None) -> AsyncIterator[None]:
        """Wait for the turn, and keep it for as long as the block runs.

        Raises `TooMuchAtOnceError` at once if too many acts of the same session or user are here,
        and `DatabaseUnavailableError` if no turn comes within `GIVES_UP` seconds.
        """
        with self._counted(who):
            waiter = self._line_up(turn, who)
            try:
                await _called(waiter)
                yield
            finally:
                self._leave(waiter)

    @contextmanager
    def _counted(self, who: Who | None) -> Iterator[None]:
        if who is None or who.session_id is None or who.holder_id is None:
            yield
            return
        session_id, user_id, present = who.session_id, who.holder_id, self._present
        if present[session_id] >= MOST_OF_A_SESSION or present[user_id] >= MOST_OF_A_USER:
            raise TooMuchAtOnceError
        present.update((session_id, user_id))
        try:
            yield
        finally:
            for key in (session_id, user_id):
                present[key] -= 1
                if not present[key]:
                    del present[key]

    def _line_up(self, turn: Turn, who: Who | None) -> _Waiter:
        is_patient = turn is Turn.PATIENT
        user_id = None if who is None else who.holder_id
        due = self._due(user_id) + (PATIENCE if is_patient else 0.0)
        called = asyncio.get_running_loop().create_future()
        is_usual, number = turn is not Turn.URGENT, next(self._numbers)
        waiter = _Waiter(is_usual, due, number, user_id, called, is_patient and who is None)
        insort(self._waiting, waiter)
        self._call()
        return waiter

    def _due(self, user_id: UUID | None) -> float:
        now = self._now()
        if user_id is None:
            return now
        due = max(now, min(self._next_due.get(user_id, now), now + FURTHEST_BEHIND))
        if len(self._next_due) >= REMEMBERED:
            self._next_due = {who: at for who, at in self._next_due.items() if at > now}
        self._next_due[user_id] = due + SHARE
        return due

    def _leave(self, waiter: _Waiter) -> None:
        if waiter in self._running:
            self._running.remove(waiter)
            self._call()
        else:
            self._waiting.remove(waiter)  # cancelled, or given up
        if not self.present:
            self._became_calm.set()
            self._became_calm.clear()  # each waits for the next time

    def _call(self) -> None:
        """Call everybody whose turn it is now."""
        for waiter in list(self._waiting):
            if len(self._running) == self._slots + self._reserved:
                return
            # An act whose task was cancelled at this moment leaves by itself.
            if self._has_slot(waiter) and not waiter.called.done():
                self._waiting.remove(waiter)
                self._running.append(waiter)
                self.begun += 1
                waiter.called.set_result(None)

    def _has_slot(self, waiter: _Waiter) -> bool:
        if self._reserved:
            rivals = [other for other in self._running if other.is_usual is waiter.is_usual]
            slots = self._slots if waiter.is_usual else self._reserved
        else:
            rivals, slots = self._running, self._slots
        if waiter.user_id is not None and waiter.user_id in {other.user_id for other in rivals}:
            return False
        if waiter.is_strangers and sum(one.is_strangers for one in rivals) >= PATIENT_AT_ONCE:
            return False
        return len(rivals) < slots


async def _called(waiter: _Waiter) -> None:
    if waiter.called.done():
        return
    try:
        async with asyncio.timeout(GIVES_UP):
            await waiter.called
    except TimeoutError as error:
        raise DatabaseUnavailableError from error
