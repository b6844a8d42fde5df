"""Who has Rollcall open right now, as the pages of this process report it.

A page that was left counts for presence a moment longer, so that nobody seems to leave between two
pages; as an open page it no longer counts.
"""

from collections import Counter
from uuid import UUID

_present: Counter[UUID] = Counter()
_leaving: Counter[UUID] = Counter()


def page_opened(user_id: UUID) -> None:
    """A page of the user is connected."""
    _present[user_id] += 1


def page_closed(user_id: UUID) -> None:
    """A page of the user is forgotten."""
    _less(_present, user_id)


def page_left(user_id: UUID) -> None:
    """The browser said goodbye to a page, which will be forgotten soon."""
    _leaving[user_id] += 1


def page_left_no_more(user_id: UUID) -> None:
    """A page that was left is back, or is forgotten now."""
    _less(_leaving, user_id)


def open_pages(user_id: UUID) -> int:
    """How many pages the user has open."""
    return max(0, _present[user_id] - _leaving[user_id])


def is_online(user_id: UUID) -> bool:
    """Whether the user has Rollcall open."""
    return _present[user_id] > 0


def _less(counter: Counter[UUID], user_id: UUID) -> None:
    counter[user_id] -= 1
    if counter[user_id] <= 0:
        del counter[user_id]
