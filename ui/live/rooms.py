"""One message to every page that watches the same thing."""

import asyncio
from collections.abc import Iterable
from typing import Any, Self
from uuid import UUID

from nicegui import core

from services.database import runtime
from ui.live.collector import collector


class Room(str):
    """The open pages that watch the same thing: what kind of thing, and whose or which one; none is
    what is above the tenants. (It is a text: each act looks some twenty rooms up, and the ids of a
    tuple or of a dataclass are compared by Python. A tuple would be several rooms to socket.io.)"""

    __slots__ = ()

    def __new__(cls, kind: str, scope: UUID | None = None) -> Self:
        """The room of this kind of thing, and of this one among them."""
        return super().__new__(cls, f"{kind} {scope.hex}" if scope else kind)


REMEMBERED = 10_000
"""For how many rooms the last message is remembered: each user and each POC has rooms of its own.
If there are more, all are forgotten, and pages that are just loading ask once more than needed."""


class _Rooms:
    """What is on its way to rooms, and the number of the last message to each: all messages, to
    whatever room, are numbered together."""

    def __init__(self) -> None:
        self.sending: set[asyncio.Task[None]] = set()
        self._last: dict[Room, int] = {}
        self._number = self._forgotten = 0

    def note(self, room: Room) -> None:
        """The room has had one more message."""
        self._number += 1
        if len(self._last) >= REMEMBERED:
            self._last.clear()
            self._forgotten = self._number
        self._last[room] = self._number

    def latest(self, rooms: Iterable[Room]) -> int:
        """The number of the last message to any of these, or of the last one that was forgotten."""
        return max((self._last.get(room, self._forgotten) for room in rooms), default=0)


def last_message(rooms: Iterable[Room]) -> int:
    """A number that grows with each message to one of these rooms."""
    return runtime.current().part(_Rooms).latest(rooms)


def is_watched(room: Room) -> bool:
    """Whether any page here hears what is sent to the room. If none does, a page that is still
    loading asks again when it is connected: the message counts as sent, and needn't be sent."""
    watched = room in core.sio.manager.rooms.get("/", ())
    if not watched:
        runtime.current().part(_Rooms).note(room)
    return watched


async def broadcast(room: Room, event: str, data: Any) -> None:
    """Send one socket event to every page in a room; it is encoded once.

    When pages connect, they join the rooms that they were registered with; the cut takes them out.
    A page that is away misses the event, and asks again when it is back.
    """
    if not is_watched(room):
        return
    runtime.current().part(_Rooms).note(room)
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
