"""Pages to which no browser has come yet: which of them go for the next one."""

from collections.abc import Iterable
from itertools import islice
from typing import Protocol, TypeVar
from uuid import UUID

MOST_UNCONNECTED = 50
"""How many pages may be here, of all people together, whose browser hasn't come to them yet; it
comes within seconds. Of more than that, one is deleted of whoever has most, the one that was asked
for first; and if its browser does come, it asks for the page again. But the only one that somebody
has stays, so that whoever opens a page gets it, however many others ask.

NiceGUI keeps such pages for a minute, also those of people who have stopped asking: a script that
asked for pages again and again left a thousand or two, each 140 KiB, and each whole collection
looked at all of them, which stopped everything for a third of a second. Twenty people who had ten
each made it 0.25 s of the processor."""

DELETED_AT_ONCE = 2
"""How many are deleted when one more is asked for: each deletion is a millisecond in which nothing
else happens."""


class Waiting(Protocol):
    """A page that waits for its browser."""

    user_id: UUID


PageT = TypeVar("PageT", bound=Waiting)


class Unconnected(dict[UUID, dict[PageT, None]]):
    """The pages of each person, the oldest first, and how many they are together."""

    total = 0

    def add(self, page: PageT) -> None:
        """One more is there."""
        self.setdefault(page.user_id, {})[page] = None
        self.total += 1

    def discard(self, page: PageT) -> None:
        """Its browser has come, or it is gone; calling it a second time does nothing."""
        own = self.get(page.user_id, {})
        if page in own:
            del own[page]
            self.total -= 1
            if not own:
                del self[page.user_id]

    def too_many(self) -> Iterable[PageT]:
        """Which ones have to go now, a few at a time."""
        count = min(self.total - MOST_UNCONNECTED, DELETED_AT_ONCE)
        if count <= 0:
            return ()
        most = max(self.values(), key=len)
        return list(islice(most, min(count, len(most) - 1)))
