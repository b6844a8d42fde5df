"""One message to every page that watches the same thing."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any, Self
from uuid import UUID

from nicegui import core

from services.core import runtime
from ui.live.collector import collector


class Room(str):
    """The open pages that watch the same thing: what kind of thing, and whose or which one; none is
    what is above the tenants. (It is a text: each act looks some twenty rooms up, and the ids of a
    tuple or of a dataclass are compared by Python. A tuple would be several rooms to socket.io.)"""

    __slots__ = ()

    def __new__(cls, kind: str, scope: UUID | None = None) -> Self:
        """The room of this kind of thing, and of this one among them."""
        return super().__new__(cls, f"{kind} {scope.hex}" if scope else kind)


class _Rooms:
    """What is on its way to rooms, and how many messages each has had; only whether that number
    changed matters."""

    def __init__(self) -> None:
        self.sending: set[asyncio.Task[None]] = set()
        self.sent: Counter[Room] = Counter()


def sent_to(rooms: Iterable[Room]) -> int:
    """How many messages these rooms have had so far."""
    sent = runtime.current().part(_Rooms).sent
    return sum(sent[room] for room in rooms)


def is_watched(room: Room) -> bool:
    """Whether any page here hears what is sent to the room. If none does, a page that is still
    loading asks again when it is connected: the message counts as sent, and needn't be sent."""
    watched = room in core.sio.manager.rooms.get("/", ())
    if not watched:
        runtime.current().part(_Rooms).sent[room] += 1
    return watched


async def broadcast(room: Room, event: str, data: Any) -> None:
    """Send one socket event to every page in a room; it is encoded once.

    When pages connect, they join the rooms that they were registered with; the cut takes them out.
    A page that is away misses the event, and asks again when it is back.
    """
    if not is_watched(room):
        return
    runtime.current().part(_Rooms).sent[room] += 1
    collector.busy()
    await core.sio.emit(event, data, room=room)


def broadcast_soon(room: Room, event: str, data: Any) -> None:
    """The same, without waiting; call this in the event loop's thread."""
    if not is_watched(room):
        return
    task = asyncio.get_running_loop().create_task(broadcast(room, event, data))
    sending = runtime.current().part(_Rooms).sending
    sending.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(sending.discard)
