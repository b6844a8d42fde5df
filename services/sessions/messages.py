"""What serving processes tell each other: no facts of the database."""

from dataclasses import dataclass
from uuid import UUID

from services.core.events import Event
from services.sessions.presence import UserPresence


@dataclass(frozen=True, kw_only=True)
class ReplicaAnnounced(Event):
    """A part of who has pages in the `origin`; with the last one that is known in whole.

    `asks` where the origin wants to be told the same. `secret_mark` is the same in all processes
    that share the signing secret, and tells nothing else about it.
    """

    part: int
    parts: int
    people: tuple[UserPresence, ...]
    asks: bool
    secret_mark: str
    host: str = ""


@dataclass(frozen=True, kw_only=True)
class ReplicaChanged(Event):
    """The `origin` lives, and has now so many pages of these users."""

    people: tuple[UserPresence, ...]


@dataclass(frozen=True, kw_only=True)
class ReplicaStopped(Event):
    """The `origin` serves no more."""


@dataclass(frozen=True)
class ClosedPage:
    """A page that was closed: of which session, what it was called, and how many milliseconds after
    the commit it answered; none where it didn't."""

    session_id: UUID
    title: str
    ms: float | None


@dataclass(frozen=True, kw_only=True)
class PagesClosed(Event):
    """The `origin` has closed its pages of the sessions that `cause` ended.

    `collector` is the process that wants to know. The times are milliseconds since the origin
    heard of the end: to the last page's own answer, to this message, and to each page's answer.
    """

    cause: UUID
    collector: str
    pages: int
    answered: int
    slowest_ms: float | None
    waited_ms: float
    closed: tuple[ClosedPage, ...] = ()
