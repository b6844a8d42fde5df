"""Who has Rollcall open right now, as the pages of this process report it."""

from collections import Counter
from uuid import UUID

_open: Counter[UUID] = Counter()


def page_opened(user_id: UUID) -> None:
    """A page of the user is connected."""
    _open[user_id] += 1


def page_closed(user_id: UUID) -> None:
    """A page of the user is gone."""
    _open[user_id] -= 1
    if _open[user_id] <= 0:
        del _open[user_id]


def open_pages(user_id: UUID) -> int:
    """How many connected pages the user has."""
    return _open[user_id]


def is_online(user_id: UUID) -> bool:
    """Whether the user has Rollcall open."""
    return _open[user_id] > 0
