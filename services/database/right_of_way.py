"""While an act that ends somebody's access is under way, nobody else begins anything. The act's own
steps run in the event loop, and each of them would wait there for a step of every request, event
and query that runs beside it.

What has begun to write goes on: it may hold what the act waits for. What only reads holds nothing,
and stops before its next statement.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from time import monotonic
from uuid import UUID

from services.database.write_queue import Who

LONGEST = 0.25
"""Seconds: how long others wait for one act at most, and how long anybody waits for such acts
without a break. Such an act takes some 10 ms."""

OF_ONE, OF_ALL = 0.1, 0.5
"""For which part of the time others wait, in the long run, for one user's acts, and for those of
all users together. So nobody can keep the others waiting by ending sessions again and again."""

OF_ONE_AT_ONCE, OF_ALL_AT_ONCE = 0.25, 1.0
"""Seconds of that part that can be used up at once. Others don't wait for a user who has used up
theirs, until some of it has grown again."""

REMEMBERED = 1000
"""For how many users it is remembered what they have used. If there are more, those are forgotten
whose part has grown back to its full size."""

_has_begun: ContextVar[bool] = ContextVar("has_begun", default=False)
_claimed: ContextVar["Way | None"] = ContextVar("claimed", default=None)
"""What was given way before its act began (`RightOfWay.claim`)."""


class RightOfWay:
    """The acts that are given way in this process, and those who wait for them."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._acts = 0
        self._nobody = asyncio.Event()
        # When each user, and all together (none), have their whole part again.
        self._whole_at: dict[UUID | None, float] = {}

    @property
    def is_given(self) -> bool:
        """Whether such an act is under way."""
        return bool(self._acts)

    @contextmanager
    def given(self, who: Who | None) -> Iterator[None]:
        """Have all others wait for as long as the block runs, if this user has some of their part
        left."""
        way = _claimed.get()
        if way is None or way.is_over:
            way = self._begin(who.holder_id if who is not None else None)
        try:
            yield
        finally:
            if way is not None:
                way.end()

    def claim(self, holder_id: UUID) -> "Way | None":
        """Have all others wait from now on for an act of this user's that is about to begin
        (`Way.taken`), if they have some of their part left. Whoever claims knows that this user may
        do such acts."""
        return self._begin(holder_id)

    def _begin(self, own: UUID | None) -> "Way | None":
        if not self._has_left(None) or (own is not None and not self._has_left(own)):
            return None
        begun = self._now()
        self._acts += 1

        def end() -> None:
            self._acts -= 1
            if not self._acts:
                self._nobody.set()
                self._nobody.clear()  # each waits for the next time
            for key in {None, own}:
                self._count(key, self._now() - begun)

        return Way(end)

    def _has_left(self, key: UUID | None) -> bool:
        part, at_once = (OF_ALL, OF_ALL_AT_ONCE) if key is None else (OF_ONE, OF_ONE_AT_ONCE)
        return (self._whole_at.get(key, 0.0) - self._now()) * part < at_once

    def _count(self, key: UUID | None, seconds: float) -> None:
        now, part = self._now(), OF_ALL if key is None else OF_ONE
        if len(self._whole_at) >= REMEMBERED:
            self._whole_at = {key: at for key, at in self._whole_at.items() if at > now}
        self._whole_at[key] = max(now, self._whole_at.get(key, now)) + seconds / part

    async def wait(self) -> None:
        """Wait until no such act is under way, for `LONGEST` at most. What has begun to write
        doesn't wait (`begun`), nor does what others wait for."""
        own = _claimed.get()
        if self._acts and not _has_begun.get() and (own is None or own.is_over):
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST):
                    while self._acts:  # one that looked first begins again at once
                        await self._nobody.wait()


class Way:
    """What one act is given, for `LONGEST` seconds at most."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end
        self.is_over = False
        self._timer = asyncio.get_running_loop().call_later(LONGEST, self.end)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """An act that is started in this block is what the others wait for: until it has ended, or
        `let_go` is called."""
        before = _claimed.set(self)
        try:
            yield
        finally:
            _claimed.reset(before)

    def end(self) -> None:
        """Let the others go on; calling it a second time does nothing."""
        if not self.is_over:
            self.is_over = True
            self._timer.cancel()
            self._end()


def let_go() -> None:
    """What was claimed for this isn't needed any more, if it was."""
    if (way := _claimed.get()) is not None:
        way.end()


@contextmanager
def begun(has_begun: bool = True) -> Iterator[None]:
    """What runs in this block is in the middle of something that others may wait for; or, with
    `False`, what it starts is something of its own."""
    before = _has_begun.get()
    _has_begun.set(has_begun)
    try:
        yield
    finally:
        _has_begun.set(before)
