"""The other processes that serve the same database: which of them are alive, and who has pages open
there.

On PostgreSQL each process tells the others over the bus what changes about who has pages open in
it; each message is a sign of life, too. None of this is stored: a process that begins to listen
tells all that it knows, and asks the others for the same. SQLite has one serving process, which has
nobody to tell.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from services.core.bus import Bus
from services.core.errors import RollcallError
from services.core.events import Event
from services.core.secrets import derive
from services.database import runtime
from services.database.lasting import warn
from services.database.transaction import transaction
from services.database.transport import Listening
from services.sessions import presence
from services.sessions.messages import ReplicaAnnounced, ReplicaChanged, ReplicaStopped
from services.sessions.presence import UserPresence

log = logging.getLogger(__name__)

# How often changes are told, in seconds, and how often a sign of life is given if nothing changes.
TELL_SECONDS = 0.2
LIFE_SECONDS = 2.0
# A replica that is silent for this many seconds is gone: three signs of life were missed.
GONE_SECONDS = 7.0
# With two UUIDs and two numbers a head, this stays under the limit of one NOTIFY.
PEOPLE_PER_MESSAGE = 80
LONGEST_HOST = 40


@dataclass
class _Replica:
    heard_at: float
    host: str = ""
    arriving: list[UserPresence] = field(default_factory=list)
    has_stopped: bool = False


@dataclass
class _Replicas:
    """The other processes, and what this one has told them and still has to tell: all messages
    leave by one task, in order."""

    others: dict[str, _Replica] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    told: dict[UUID, UserPresence] = field(default_factory=dict)
    said_at: float = 0.0
    is_asked: bool = False
    asks: bool = False


def _known() -> _Replicas:
    return runtime.current().part(_Replicas)


def others() -> set[str]:
    """The ids of the other processes that serve now."""
    return {process_id for process_id, other in _known().others.items() if not other.has_stopped}


def has_stopped(process_id: str) -> bool:
    """Whether a process said goodbye, so that nobody has to wait for it."""
    return process_id in _known().stopped


@dataclass(frozen=True)
class Heard:
    """Another process that serves: its id, its machine's name, and how long ago it was heard."""

    process_id: str
    host: str
    seconds: float


def heard() -> list[Heard]:
    """The other processes that serve now, by their machines' names."""
    now = time.perf_counter()
    serving = others()
    found = [
        Heard(process_id, other.host, max(0.0, now - other.heard_at))
        for process_id, other in _known().others.items()
        if process_id in serving
    ]
    return sorted(found, key=lambda other: (other.host, other.process_id))


def own_host() -> str:
    """What the others are told of where this process runs: the name of the machine or container."""
    return socket.gethostname()[:LONGEST_HOST]


def with_pages_of(user_id: UUID) -> set[str]:
    """The other processes that serve now and have pages of the user, as they have told."""
    return others() & presence.elsewhere(user_id)


def may_count_us(user_id: UUID) -> bool:
    """Whether the others may know of pages that the user has in this process."""
    return user_id in presence.here() or user_id in _known().told


def collector_of(origin: str) -> str:
    """Which process gathers the reports about an act that `origin` committed: that process itself,
    if it serves; for the command line, the oldest process that serves."""
    serving = others() | {runtime.current().process_id}
    return origin if origin in serving else min(serving)


def subscribe(bus: Bus) -> None:
    """Listen to the other replicas."""
    bus.subscribe(Listening, _begin)
    bus.subscribe(ReplicaAnnounced, _hear_announcement)
    bus.subscribe(ReplicaChanged, _hear_change)
    bus.subscribe(ReplicaStopped, _hear_stop)


async def take_part() -> None:
    """Tell the other replicas what changes here, and notice which of them are gone, until
    cancelled."""
    known = _known()
    try:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            _forget_the_silent()
            if known.asks or known.is_asked:
                await _announce()
            else:
                await _tell_changes()
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(LIFE_SECONDS):
                await _say([ReplicaStopped()])
        for process_id in list(known.others):
            _forget(process_id)
        known.told.clear()


async def _announce() -> None:
    known = _known()
    here, asks = presence.here(), known.asks
    known.asks = known.is_asked = False
    parts = _parts(list(here.values()))
    announcements = [
        ReplicaAnnounced(
            part=number,
            parts=len(parts),
            people=part,
            asks=asks,
            secret_mark=_secret_mark(),
            host=own_host(),
        )
        for number, part in enumerate(parts)
    ]
    if await _say(announcements):
        known.told = here
    else:
        known.is_asked, known.asks = True, asks


async def _tell_changes() -> None:
    known = _known()
    here = presence.here()
    people = []
    if others():  # if not, a process that comes is told everything
        people = [seen for user_id, seen in here.items() if known.told.get(user_id) != seen]
        gone = known.told.keys() - here.keys()
        people += [known.told[user_id]._replace(pages=0, left=0) for user_id in gone]
    if not people and time.perf_counter() - known.said_at < LIFE_SECONDS:
        return
    if await _say([ReplicaChanged(people=part) for part in _parts(people)]):
        known.told = here


def _parts(people: list[UserPresence]) -> list[tuple[UserPresence, ...]]:
    starts = range(0, max(1, len(people)), PEOPLE_PER_MESSAGE)
    return [tuple(people[start : start + PEOPLE_PER_MESSAGE]) for start in starts]


async def _say(events: Sequence[Event]) -> bool:
    try:
        async with transaction() as tx:
            for event in events:
                tx.publish(event)
    except RollcallError as error:
        warn(log, f"The other replicas can't be told now: {error}")
        return False
    _known().said_at = time.perf_counter()
    return True


def _secret_mark() -> str:
    return derive(runtime.current().secret, "replica", b"").hex()[:16]


async def _begin(_event: Listening) -> None:
    known = _known()
    now = time.perf_counter()
    for other in known.others.values():
        other.heard_at = now  # if we didn't listen, they weren't silent
    known.asks = True


async def _hear_announcement(event: ReplicaAnnounced) -> None:
    known = _known()
    if _is_own(event):
        return
    if event.origin not in known.others:
        known.others[event.origin] = _Replica(event.committed_at)
        log.info("Replica %s serves the same database", event.origin)
        if event.secret_mark != _secret_mark():
            log.error("Replica %s has another ROLLCALL_SECRET: links in mails fail", event.origin)
    other = known.others[event.origin]
    other.heard_at, other.host = event.committed_at, event.host
    if event.part == 0:
        other.arriving = []
    other.arriving += event.people
    if event.part == event.parts - 1:
        presence.heard(event.origin, other.arriving, whole=True)
        other.arriving = []
        known.is_asked = known.is_asked or event.asks


async def _hear_change(event: ReplicaChanged) -> None:
    known = _known()
    if _is_own(event):
        return
    if event.origin in known.others:
        known.others[event.origin].heard_at = event.committed_at
        presence.heard(event.origin, event.people)
    else:
        known.asks = True  # we thought that it was gone


async def _hear_stop(event: ReplicaStopped) -> None:
    # Its pages count a little longer: most are about to connect to another replica.
    known = _known()
    if event.origin in known.others:
        known.others[event.origin].has_stopped = True
        known.stopped.add(event.origin)


def _is_own(event: Event) -> bool:
    return event.origin == runtime.current().process_id


def _forget_the_silent() -> None:
    # Compared with the last time that anything was heard, not with now: while nothing is heard from
    # anybody, it is this process that doesn't listen.
    for process_id, other in list(_known().others.items()):
        if runtime.current().transport.heard_at - other.heard_at > GONE_SECONDS:
            if not other.has_stopped:
                log.warning("Replica %s is silent, and counts as gone", process_id)
            _forget(process_id)


def _forget(process_id: str) -> None:
    del _known().others[process_id]
    presence.heard(process_id, [], whole=True)
