"""What happened: facts that were committed, in the past tense, with ids and not rows (except for
the events of the toggle and of an invitation, which everybody must see at once).

Each noun declares its own events beside it (`…/events.py`): to be declared is all that an event
needs to travel to the other processes.
"""

import logging
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Event:
    """A committed fact. `committed_at` is this process's `time.perf_counter()` at the commit
    (or on arrival, where another process committed it), in seconds; `origin` is the id of the
    process that committed it."""

    committed_at: float = field(default=0.0, compare=False)
    origin: str = field(default="", compare=False)


EventT = TypeVar("EventT", bound=Event)


def _declared() -> dict[str, type[Event]]:
    """Every event that this process knows, by its name."""
    found: dict[str, type[Event]] = {}
    todo = Event.__subclasses__()
    while todo:
        event = todo.pop()
        found[event.__name__] = event
        todo += event.__subclasses__()
    return found


@cache
def _adapter(name: str) -> TypeAdapter[Event]:
    return TypeAdapter(_declared()[name])


# What every process notes for itself.
_LOCAL = ("committed_at", "origin")


def to_message(event: Event) -> dict[str, Any]:
    """The event as plain JSON values, for another process."""
    name = type(event).__name__
    values = _adapter(name).dump_python(event, mode="json", exclude=set(_LOCAL))
    return {"event": name, **values}


def from_message(message: dict[str, Any], committed_at: float, origin: str = "") -> Event | None:
    """The event in a message; none where another version of Rollcall sent one we don't know."""
    values = dict(message)
    name = values.pop("event", "")
    if name not in _declared():
        return None
    local = {"committed_at": committed_at, "origin": origin}
    try:
        return _adapter(name).validate_python({**values, **local}, strict=False)
    except ValidationError as error:
        log.warning("An event of another process isn't understood: %s", error)
        return None


def stamped(event: EventT, committed_at: float, origin: str) -> EventT:
    """The same event, with the moment of its commit and the process that committed it."""
    same = object.__new__(type(event))
    vars(same).update(vars(event), committed_at=committed_at, origin=origin)
    return same
