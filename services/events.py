"""What happened: facts that were committed, in the past tense, carrying ids and not rows."""

from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from models import EndReason


@dataclass(frozen=True, kw_only=True)
class Event:
    """A committed fact. `committed_at` is this process's `time.perf_counter()` at the commit
    (or on arrival, where another process committed it), in seconds."""

    committed_at: float = field(default=0.0, compare=False)


@dataclass(frozen=True, kw_only=True)
class UserEvent(Event):
    """Something about one user; `tenant_id` is none for a Platform Admin."""

    tenant_id: UUID | None
    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class UserInvited(UserEvent):
    """A new account exists."""


@dataclass(frozen=True, kw_only=True)
class UserActivated(UserEvent):
    """The user may sign in again."""


@dataclass(frozen=True, kw_only=True)
class UserDeactivated(UserEvent):
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
class SessionsEnded(UserEvent):
    """These sessions are over; every open page of theirs must close.

    `cause` is the audit entry of the act that ended them: the receipt is kept beside it.
    """

    session_ids: tuple[UUID, ...]
    reason: EndReason
    cause: UUID


@dataclass(frozen=True, kw_only=True)
class TenantChanged(Event):
    """A tenant was created or renamed."""

    tenant_id: UUID


@dataclass(frozen=True, kw_only=True)
class AuditWritten(Event):
    """The audit log of a chain (a tenant, or the nil UUID) has a new entry."""

    chain_id: UUID
    entry_id: UUID


_adapters: dict[str, TypeAdapter[Event]] = {
    cls.__name__: TypeAdapter(cls)
    for cls in (
        UserInvited,
        UserActivated,
        UserDeactivated,
        UserEdited,
        UserSignedIn,
        MailProgressed,
        SessionsEnded,
        TenantChanged,
        AuditWritten,
    )
}


def to_message(event: Event) -> dict[str, Any]:
    """The event as plain JSON values, for another process."""
    name = type(event).__name__
    values = _adapters[name].dump_python(event, mode="json", exclude={"committed_at"})
    return {"event": name, **values}


def from_message(message: dict[str, Any], committed_at: float) -> Event | None:
    """The event in a message; none where a newer version of Rollcall sent one we don't know."""
    values = dict(message)
    adapter = _adapters.get(values.pop("event", ""))
    if adapter is None:
        return None
    return adapter.validate_python({**values, "committed_at": committed_at}, strict=False)


def stamped(event: Event, committed_at: float) -> Event:
    """The same event, with the moment of its commit."""
    values = {f.name: getattr(event, f.name) for f in fields(event)}
    return type(event)(**{**values, "committed_at": committed_at})
