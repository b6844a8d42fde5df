"""What takes long to be read, and so is read once an hour at most while a page is watched."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

ResultT = TypeVar("ResultT")

READ_SECONDS = 3600


class Hourly(Generic[ResultT]):
    """The last result of such reading, be it good or bad."""

    def __init__(self) -> None:
        self._begun = -math.inf
        self._result: ResultT | None = None
        self._one_at_a_time = asyncio.Lock()

    async def read(self, read: Callable[[], Awaitable[ResultT]], *, anew: bool) -> ResultT | None:
        """The result of the last hour, or that of reading `anew`.

        None if the last reading was cut off, as it took longer than its caller waits: the next
        one would be, too. What fails otherwise is tried again the next time.
        """
        asked, waits = time.monotonic(), self._one_at_a_time.locked()
        async with self._one_at_a_time:
            begun = time.monotonic()
            was_read_since = self._begun >= asked  # for another who waited, too
            if was_read_since or not (anew or begun - self._begun > READ_SECONDS):
                return self._result
            try:
                self._begun, self._result = begun, await read()
            except asyncio.CancelledError:
                # Who waited had less time, and what they waited for has only just ended.
                if not waits:
                    self._begun, self._result = begun, None
                raise
            except Exception:
                self._begun = -math.inf
                raise
            return self._result
