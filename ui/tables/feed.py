"""Tells the open pages of a list what happened to its rows: one query and one message per fact,
however many pages watch."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from services.core.bus import Bus
from services.core.errors import RollcallError
from services.database import runtime
from services.lists.declaration import LiveList, list_of
from services.lists.events import RowChanged
from services.lists.slices import find_row
from services.lists.wire import patch_values
from ui import figures, live

log = logging.getLogger(__name__)

ReadT = TypeVar("ReadT")
READS = 3
"""How often an answer is read at most: an act on many people has a batch each 20 ms."""


class _Turns(WeakValueDictionary[live.Room, asyncio.Lock]):
    """The locks of rooms, as long as anybody waits for one."""


class _Told(Counter[live.Room]):
    """How many changed rows the pages of each room were told; only whether that number changed
    matters."""


def list_room(noun: str, tenant_id: UUID | None) -> live.Room:
    """The room of the pages that show a tenant's rows of a list (or those above the tenants)."""
    return live.Room(noun, tenant_id)


def subscribe(bus: Bus) -> None:
    """Have the bus tell the open pages of every list."""
    bus.subscribe(RowChanged, _tell_change)


async def tell_row(
    live_list: LiveList[Any],
    tenant_id: UUID | None,
    read: Callable[[], Awaitable[Any]],
    was: Mapping[str, Any] | None,
    committed_at: float,
) -> None:
    """Send a changed row to all who watch its list; it is read only if anybody does."""
    room, name = list_room(live_list.noun, tenant_id), f"rollcall_{live_list.noun}"
    if await tell(room, name, read, lambda row: patch_values(live_list, row, was)):
        figures.current().pushed(committed_at)


async def tell(
    room: live.Room,
    name: str,
    read: Callable[[], Awaitable[ReadT | None]],
    values: Callable[[ReadT], Mapping[str, Any]],
) -> bool:
    """Send something that changed, as it is now, to the pages that watch a room.

    Nothing is sent if `read` finds nothing to show. Returns whether anybody watches.
    """
    if not live.is_watched(room):
        return False  # on most replicas nobody watches: this saves the database a query for each
    async with asked_at_least([room]), turn(room):
        found = await read()
        if found is not None:
            runtime.current().part(_Told)[room] += 1
            await live.broadcast(room, name, values(found))
    return True


def turn(room: live.Room) -> asyncio.Lock:
    """A lock to hold while a fact is read and sent, so that a room gets this process's facts in the
    order of their commits."""
    turns = runtime.current().part(_Turns)
    lock = turns.get(room)
    if lock is None:
        lock = turns[room] = asyncio.Lock()
    return lock


async def read_as_told(room: live.Room, read: Callable[[], Awaitable[ReadT]]) -> ReadT:
    """Read the rows and counts that answer a page of this room, so that they fit what it is told: a
    change that they show was told before them, as the page would count it twice, and what it was
    told meanwhile is in them. (Where changes come one after the other, the last answer may lack
    some: the page asks again sooner or later.)"""
    told, reads = runtime.current().part(_Told), 0
    while True:
        before, reads = told[room], reads + 1
        found = await read()
        await runtime.current().transport.catch_up()
        await asyncio.sleep(0)  # who follows from what others committed begins, and takes the turn
        async with turn(room):
            pass
        if reads == READS or told[room] == before:
            return found


async def turns_end() -> None:
    """Wait for those who have a turn at this moment, in any room.

    For a fact that many rows show, but that has a room of its own: a row that was read before it
    would otherwise be sent after it, and stay.
    """
    for lock in list(runtime.current().part(_Turns).values()):
        async with lock:
            pass


@asynccontextmanager
async def asked_at_least(rooms: Sequence[live.Room]) -> AsyncIterator[None]:
    """Have the pages of these rooms ask, if a fact can't be read: it isn't sent twice."""
    try:
        yield
    except RollcallError:
        for room in rooms:
            await live.tell_missed(room)
        raise


async def _tell_change(event: RowChanged) -> None:
    live_list = list_of(event.noun)
    if live_list is None:
        log.warning("No list of this noun is declared: %s", event.noun)
        return
    await tell_row(
        live_list,
        event.tenant_id,
        lambda: find_row(live_list, event.row_id),
        event.was,
        event.committed_at,
    )
