"""One message to every page that watches the same thing."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any

from nicegui import core

from ui.live.collector import collector

_sending: set[asyncio.Task[None]] = set()
# How many messages each room has had; only whether it changed matters.
_sent: Counter[str] = Counter()


def sent_to(rooms: Iterable[str]) -> int:
    """How many messages these rooms have had so far."""
    return sum(_sent[room] for room in rooms)


def is_watched(room: str) -> bool:
    """Whether any page here hears what is sent to the room. If none does, a page that is still
    loading asks again when it is connected: the message counts as sent, and needn't be sent."""
    watched = bool(core.sio.manager.rooms.get("/", {}).get(room))
    if not watched:
        _sent[room] += 1
    return watched


async def broadcast(room: str, event: str, data: Any) -> None:
    """Send one socket event to every page in a room; it is encoded once.

    When pages connect, they join the rooms that they were registered with; the cut takes them out.
    A page that is away misses the event, and asks again when it is back.
    """
    if not is_watched(room):
        return
    _sent[room] += 1
    collector.busy()
    await core.sio.emit(event, data, room=room)


def broadcast_soon(room: str, event: str, data: Any) -> None:
    """The same, without waiting; call this in the event loop's thread."""
    task = asyncio.get_running_loop().create_task(broadcast(room, event, data))
    _sending.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(_sending.discard)
