"""Who has Rollcall open right now: by the pages of this process, and by what other replicas tell.

A page that was left counts for presence a moment longer, so that nobody seems to leave between two
pages; it no longer counts as an open page.

Customers' people and screens have sessions and pages as users have: a `user_id` here may be theirs.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.core import clock
from services.database import runtime

log = logging.getLogger(__name__)

KEPT = timedelta(minutes=10)
"""For how long it is remembered when somebody opened a page: asked for minutes later."""


class UserPresence(NamedTuple):
    """How many pages of a user one process has, and how many of them the browser has left.

    `tenant_id` is where the first of them works; for a Platform Admin it is the tenant that they
    entered.
    """

    user_id: UUID
    tenant_id: UUID | None
    pages: int
    left: int


Callback = Callable[[UUID, UUID | None, bool], None]


@dataclass
class _Presence:
    """Who is here by the pages of this process, and by those of other processes; and who is told of
    changes."""

    here: dict[UUID, UserPresence] = field(default_factory=dict)
    elsewhere: dict[str, dict[UUID, UserPresence]] = field(default_factory=dict)
    callbacks: list[Callback] = field(default_factory=list)
    opened_at: dict[UUID, datetime] = field(default_factory=dict)
    """When people last opened a page, the earliest first."""


def _known() -> _Presence:
    return runtime.current().part(_Presence)


def on_change(callback: Callback) -> None:
    """Call back with (user id, tenant id, online) when a user's first page anywhere connects, and
    when their last one is forgotten."""
    _known().callbacks.append(callback)


def page_opened(user_id: UUID, tenant_id: UUID | None) -> None:
    """A page of the user is connected."""
    _change(user_id, tenant_id, pages=1)


def page_closed(user_id: UUID, tenant_id: UUID | None) -> None:
    """A page of the user is forgotten."""
    _change(user_id, tenant_id, pages=-1)


def page_left(user_id: UUID, tenant_id: UUID | None) -> None:
    """The browser said goodbye to a page, which will be forgotten soon."""
    _change(user_id, tenant_id, left=1)


def page_left_no_more(user_id: UUID, tenant_id: UUID | None) -> None:
    """A page that was left is back, or is forgotten now."""
    _change(user_id, tenant_id, left=-1)


def open_pages(user_id: UUID) -> int:
    """How many pages the user has open, in all processes that we hear of."""
    return sum(max(0, seen.pages - seen.left) for seen in _seen(user_id))


def is_online(user_id: UUID) -> bool:
    """Whether the user has Rollcall open."""
    known = _known()
    return user_id in known.here or any(user_id in there for there in known.elsewhere.values())


def has_opened_since(user_id: UUID, at: datetime) -> bool:
    """Whether the user opened a page at that moment or later: one that stays open unseen counts
    once. What this process doesn't know any more, or wasn't there to see, it takes for no."""
    opened = _known().opened_at.get(user_id)
    return opened is not None and opened >= at


def online_ids(tenant_id: UUID | None = None) -> set[UUID]:
    """Everybody who has Rollcall open; with a tenant, those who work in it."""
    return {seen.user_id for seen in everywhere() if tenant_id in (None, seen.tenant_id)}


def everywhere() -> list[UserPresence]:
    """The users with pages in each process that we hear of; a user may be named more than once."""
    known = _known()
    return [seen for people in (known.here, *known.elsewhere.values()) for seen in people.values()]


def elsewhere(user_id: UUID) -> set[str]:
    """The other processes that have pages of the user."""
    return {process_id for process_id, people in _known().elsewhere.items() if user_id in people}


def here() -> dict[UUID, UserPresence]:
    """The users who have pages in this process."""
    return dict(_known().here)


def heard(process_id: str, people: Iterable[UserPresence], *, whole: bool = False) -> None:
    """Take over what another process says about its users. If `whole`, it names all of them: users
    that it doesn't name have no page there.

    All are named whenever a replica starts, for example. So whoever is new to this process may have
    opened their pages long ago.
    """
    there = _known().elsewhere.setdefault(process_id, {})
    already = dict(there)
    told = {person.user_id: person for person in people}
    affected = there | told if whole else told
    before = {user_id: is_online(user_id) for user_id in affected}
    if whole:
        there.clear()
    for person in told.values():
        was = already.get(person.user_id)
        if person.pages > (was.pages if was else 0) and (was or not whole):
            _note_opened(person.user_id)
        if person.pages > 0:
            there[person.user_id] = person
        else:
            there.pop(person.user_id, None)
    if not there:
        del _known().elsewhere[process_id]
    for user_id, was_online in before.items():
        if is_online(user_id) != was_online:
            _tell(user_id, affected[user_id].tenant_id, online=not was_online)


def _seen(user_id: UUID) -> list[UserPresence]:
    everywhere = (_known().here, *_known().elsewhere.values())
    return [process[user_id] for process in everywhere if user_id in process]


def _change(user_id: UUID, tenant_id: UUID | None, *, pages: int = 0, left: int = 0) -> None:
    was_online, here = is_online(user_id), _known().here
    if pages > 0:
        _note_opened(user_id)
    seen = here.get(user_id) or UserPresence(user_id, tenant_id, 0, 0)
    seen = seen._replace(pages=seen.pages + pages, left=max(0, seen.left + left))
    if seen.pages > 0:
        here[user_id] = seen
    else:
        here.pop(user_id, None)
    if is_online(user_id) != was_online:
        _tell(user_id, tenant_id, online=not was_online)


def _note_opened(user_id: UUID) -> None:
    opened_at, now = _known().opened_at, clock.now()
    opened_at.pop(user_id, None)
    opened_at[user_id] = now
    while (first := next(iter(opened_at))) != user_id and opened_at[first] < now - KEPT:
        del opened_at[first]


def _tell(user_id: UUID, tenant_id: UUID | None, *, online: bool) -> None:
    for callback in _known().callbacks:
        try:
            callback(user_id, tenant_id, online)
        except Exception:
            log.exception("A presence callback failed")
