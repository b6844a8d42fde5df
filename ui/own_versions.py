"""Which versions of rows an open page has made by itself, so that nobody is refused as too late
behind their own last click."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID


class OwnVersions:
    """The versions that the acts of one open page made.

    A second click may leave the browser before the first one's patch has reached it. It names the
    version before the first, though nobody but its author has changed the row since: it is about
    the newest version, then. Acts come one after the other, in the order of the clicks.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._made: dict[UUID, tuple[int, int]] = {}

    async def change(self, row_id: UUID, seen: int, act: Callable[[int], Awaitable[int]]) -> None:
        """Change a row that the browser saw as the version `seen`. The act gets the version that it
        is about, and returns the one that it makes."""
        async with self._turn:
            first, last = self._made.get(row_id, (seen, seen))
            if not first <= seen <= last:  # somebody else has changed it, which the browser saw
                first, last = seen, seen
            self._made[row_id] = first, await act(last)
