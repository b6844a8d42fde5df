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
        async with self._one_at_a_time:
            if anew or time.monotonic() - self._begun > READ_SECONDS:
                self._begun, self._result = time.monotonic(), None
                try:
                    self._result = await read()
                except Exception:
                    self._begun = -math.inf
                    raise
            return self._result
