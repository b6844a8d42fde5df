"""How long the steps of something take that runs in the event loop, without what it waits for."""

import time
from collections.abc import Awaitable, Callable, Generator
from types import coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Steps:
    """Their time, as far as it has run."""

    def __init__(self, now: Callable[[], float] = time.thread_time) -> None:
        self._now = now
        self.took = 0.0
        """Seconds of the processor."""

    async def of(self, work: Awaitable[T]) -> T:
        """Do it, and count its steps. What it starts in tasks of its own isn't counted."""
        return await self._counting(work)

    @coroutine
    def _counting(self, work: Awaitable[T]) -> Generator[Any, Any, T]:
        # As `yield from` does it, which leaves no place to look at the clock (PEP 380).
        steps = work.__await__()
        failure: BaseException | None = None
        while True:
            begun = self._now()
            try:
                waits_for = steps.send(None) if failure is None else steps.throw(failure)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # what `work` returns
            finally:
                self.took += self._now() - begun
            try:
                yield waits_for
                failure = None
            except BaseException as error:  # noqa: BLE001 - it goes on to `work`, a cancellation too
                failure = error
