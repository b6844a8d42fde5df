"""What serving processes tell each other; these aren't facts of the database."""

from dataclasses import dataclass
from uuid import UUID

from services.core.events import Event
from services.sessions.presence import UserPresence


@dataclass(frozen=True, kw_only=True)
class ReplicaAnnounced(Event):
    """A part of the list of who has pages in the `origin`; with the last part the list is complete.

    `asks` if the origin wants to be told the same. `secret_mark` is the same in all processes that
    share the signing secret, and says nothing else about it.
    """

    part: int
    parts: int
    people: tuple[UserPresence, ...]
    asks: bool
    secret_mark: str
    host: str = ""


@dataclass(frozen=True, kw_only=True)
class ReplicaChanged(Event):
    """The `origin` lives, and now has this many pages of these users."""

    people: tuple[UserPresence, ...]


@dataclass(frozen=True, kw_only=True)
class ReplicaStopped(Event):
    """The `origin` has stopped serving."""


@dataclass(frozen=True)
class ClosedPage:
    """A page that was closed: its session, its title, and how many milliseconds after the commit it
    answered; none if it didn't answer."""

    session_id: UUID
    title: str
    ms: float | None


@dataclass(frozen=True, kw_only=True)
class PagesClosed(Event):
    """The `origin` has closed its pages of the sessions that `cause` ended.

    `collector` is the process that gathers the reports. The times are milliseconds since the origin
    heard of the end: until the last page's own answer, until this message, and until each page's
    answer.
    """

    cause: UUID
    collector: str
    pages: int
    answered: int
    slowest_ms: float | None
    waited_ms: float
    closed: tuple[ClosedPage, ...] = ()
