"""Pages to which no browser has come yet: which of them go for the next one."""

from collections.abc import Callable
from time import monotonic
from typing import Protocol, TypeVar
from uuid import UUID

MOST_UNCONNECTED = 50
"""How many pages may be here, of all people together, whose browser hasn't come to them yet. Of
more than that, one is deleted of whoever has most, the one that was asked for first; and if its
browser does come, it asks for the page again. But the only one that somebody has stays, so that
whoever opens a page gets it, however many others ask; and so do those in `COMES_WITHIN`.

NiceGUI keeps such pages for a minute, also those of people who have stopped asking: a script that
asked for pages again and again left a thousand or two, each 140 KiB, and each whole collection
looked at all of them, which stopped everything for a third of a second. Twenty people who had ten
each made it 0.25 s of the processor."""

COMES_WITHIN, TABS = 10.0, 6
"""For so many seconds, so many pages of one person stay, whatever the others have. After Rollcall
was started again, everybody's tabs ask for their pages at the same moment, and their browsers come
to them some 2 s later, or several times that while a thousand others do: if the pages were deleted
before that, each would be loaded again. Few people have more tabs of it; and twenty people who ask
again and again have 120 pages in these seconds, which is 17 MiB."""

DELETED_AT_ONCE = 2
"""How many are deleted when one more is asked for: each deletion is a millisecond in which nothing
else happens."""


class Waiting(Protocol):
    """A page that waits for its browser."""

    user_id: UUID


PageT = TypeVar("PageT", bound=Waiting)


class Unconnected(dict[UUID, dict[PageT, float]]):
    """The pages of each person, the oldest first, with the times from which each may be deleted,
    and how many they are together."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._now = now
        self.total = 0

    def add(self, page: PageT) -> None:
        """One more is there."""
        self.setdefault(page.user_id, {})[page] = self._now() + COMES_WITHIN
        self.total += 1

    def discard(self, page: PageT) -> None:
        """Its browser has come, or it is gone; calling it a second time does nothing."""
        own = self.get(page.user_id, {})
        if page in own:
            del own[page]
            self.total -= 1
            if not own:
                del self[page.user_id]

    def too_many(self) -> list[PageT]:
        """Which ones have to go now, a few at a time; they are discarded here already."""
        gone: list[PageT] = []
        while self.total > MOST_UNCONNECTED and len(gone) < DELETED_AT_ONCE:
            most = max(filter(self._has_to_spare, self.values()), key=len, default=None)
            if most is None:
                break
            gone.append(next(iter(most)))
            self.discard(gone[-1])
        return gone

    def _has_to_spare(self, own: dict[PageT, float]) -> bool:
        return len(own) > TABS or (len(own) > 1 and next(iter(own.values())) <= self._now())
