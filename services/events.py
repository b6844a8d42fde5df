"""What happened: facts that were committed, in the past tense, carrying ids and not rows (but for
the toggle's, which everybody is to see at once)."""

import logging
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from models import EndReason
from services.presence import UserPresence
from services.user_row import UserRow

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Event:
    """A committed fact. `committed_at` is this process's `time.perf_counter()` at the commit
    (or on arrival, where another process committed it), in seconds; `origin` is the id of the
    process that committed it."""

    committed_at: float = field(default=0.0, compare=False)
    origin: str = field(default="", compare=False)


@dataclass(frozen=True, kw_only=True)
class UserEvent(Event):
    """Something about one user; `tenant_id` is none for a Platform Admin."""

    tenant_id: UUID | None
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class UserInvited(UserEvent):
    """A new account exists."""


@dataclass(frozen=True, kw_only=True)
class UserSwitched(UserEvent):
    """A toggle was flipped; `row` is what grids show from now on, so that nobody waits for a query.
    Where it is none, it has to be read."""

    row: UserRow | None = None


@dataclass(frozen=True, kw_only=True)
class UserActivated(UserSwitched):
    """The user may sign in again."""


@dataclass(frozen=True, kw_only=True)
class UserDeactivated(UserSwitched):
    """The user is shut out."""


@dataclass(frozen=True, kw_only=True)
class UserEdited(UserEvent):
    """Name or end date changed; `old_search_key` tells which searches found the user before."""

    old_search_key: str


@dataclass(frozen=True, kw_only=True)
class UserSignedIn(UserEvent):
    """A session began; `first` where it was the user's first ever."""

    first: bool


@dataclass(frozen=True, kw_only=True)
class MailProgressed(UserEvent):
    """A mail to the user was queued, sent, or failed."""


@dataclass(frozen=True, kw_only=True)
class SecondFactorsChanged(UserEvent):
    """The user has an authenticator app now, or none any more, or other recovery codes."""


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(UserEvent):
    """These sessions are over; every open page of theirs must close.

    `cause` is the audit entry of the act that ended them: the receipt is kept beside it.
    """

    session_ids: tuple[UUID, ...]
    reason: EndReason
    cause: UUID


@dataclass(frozen=True, kw_only=True)
class TenantChanged(Event):
    """A tenant was created, renamed, closed or reopened."""

    tenant_id: UUID


@dataclass(frozen=True, kw_only=True)
class AuditWritten(Event):
    """The audit log of a chain (a tenant, or the nil UUID) has a new entry, about one user or
    none."""

    chain_id: UUID
    entry_id: UUID
    subject_id: UUID | None = None


# What follows is no fact of the database: serving processes tell it each other (`replicas`).


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


@dataclass(frozen=True, kw_only=True)
class PagesClosed(Event):
    """The `origin` has closed its pages of the sessions that `cause` ended.

    `collector` is the process that wants to know. The times are milliseconds since the origin
    heard of the end: to the last page's own answer, and to this message.
    """

    cause: UUID
    collector: str
    pages: int
    answered: int
    slowest_ms: float | None
    waited_ms: float


_adapters: dict[str, TypeAdapter[Event]] = {
    cls.__name__: TypeAdapter(cls)
    for cls in (
        UserInvited,
        UserActivated,
        UserDeactivated,
        UserEdited,
        SecondFactorsChanged,
        UserSignedIn,
        MailProgressed,
        SessionsEnded,
        TenantChanged,
        AuditWritten,
        ReplicaAnnounced,
        ReplicaChanged,
        ReplicaStopped,
        PagesClosed,
    )
}

# What every process notes for itself.
_LOCAL = ("committed_at", "origin")


def to_message(event: Event) -> dict[str, Any]:
    """The event as plain JSON values, for another process."""
    name = type(event).__name__
    values = _adapters[name].dump_python(event, mode="json", exclude=set(_LOCAL))
    return {"event": name, **values}


def from_message(message: dict[str, Any], committed_at: float, origin: str = "") -> Event | None:
    """The event in a message; none where another version of Rollcall sent one we don't know."""
    values = dict(message)
    adapter = _adapters.get(values.pop("event", ""))
    if adapter is None:
        return None
    local = {"committed_at": committed_at, "origin": origin}
    try:
        return adapter.validate_python({**values, **local}, strict=False)
    except ValidationError as error:
        log.warning("An event of another process isn't understood: %s", error)
        return None


def stamped(event: Event, committed_at: float, origin: str) -> Event:
    """The same event, with the moment of its commit and the process that committed it."""
    values = {f.name: getattr(event, f.name) for f in fields(event)}
    return type(event)(**{**values, "committed_at": committed_at, "origin": origin})
