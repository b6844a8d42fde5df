"""Which rooms each socket is in, kept for each socket; and messages that leave at once.

socket.io looks through all rooms to find those of one socket, and each page has a room of its own:
with 1,500 open pages a page that closed took some 4 milliseconds for that alone, in which nothing
else happened. It also makes a task for each socket that a message goes to, and waits for them: in
between, whatever else followed from the same commit went first.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from engineio.exceptions import SocketIsClosedError
from engineio.packet import MESSAGE
from engineio.packet import Packet as Frame
from nicegui import core
from socketio import AsyncManager
from socketio.packet import EVENT

from ui.live.rooms import Room

_Room = Room | str | None
"""One of ours; that of a socket alone or of a client; or none, which has all sockets."""


def install() -> None:
    """For all sockets; call this before there are any."""
    if not isinstance(core.sio.manager, _Manager):
        core.sio.manager = _Manager()
        core.sio.manager.set_server(core.sio)


class _Manager(AsyncManager):  # type: ignore[misc]  # socket.io has no types
    """What it is told of each socket, and what it does then, are socket.io's."""

    def __init__(self) -> None:
        super().__init__()
        self._rooms_of: defaultdict[tuple[str, str], dict[_Room, None]] = defaultdict(dict)

    def basic_enter_room(
        self, sid: str, namespace: str, room: _Room, eio_sid: str | None = None
    ) -> None:
        """Put a socket into a room."""
        super().basic_enter_room(sid, namespace, room, eio_sid)
        self._rooms_of[namespace, sid][room] = None

    def basic_leave_room(self, sid: str, namespace: str, room: _Room) -> None:
        """Take a socket out of a room."""
        super().basic_leave_room(sid, namespace, room)
        rooms = self._rooms_of.get((namespace, sid), {})
        rooms.pop(room, None)
        if not rooms:
            self._rooms_of.pop((namespace, sid), None)

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: _Room = None,
        skip_sid: Any = None,
        callback: Callable[..., Any] | None = None,
        to: _Room = None,
        **kwargs: Any,
    ) -> None:
        """Put a message into the queue of each socket of a room, or of all. Nothing else happens
        meanwhile: no queue is ever full."""
        if skip_sid is not None:
            await super().emit(event, data, namespace, room, skip_sid, callback, to, **kwargs)
            return
        if namespace not in self.rooms:
            return
        given = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        # What goes to a room of ours is JSON; socket.io would look through it for bytes.
        binary = False if isinstance(to or room, Room) else None
        frames = None if callback else self._frames([event, *given], namespace, binary=binary)
        for sid, eio_sid in list(self.get_participants(namespace, to or room)):
            answered = self._generate_ack_id(sid, callback) if callback else None
            for frame in frames or self._frames([event, *given], namespace, answered):
                with suppress(SocketIsClosedError):  # it closes: there is nobody to tell
                    await self.server.eio.send_packet(eio_sid, frame)

    def _frames(
        self,
        said: list[Any],
        namespace: str,
        answered: int | None = None,
        binary: bool | None = None,
    ) -> list[Frame]:
        """What a message is sent as; with `answered`, its number, the browser answers."""
        message = self.server.packet_class(
            EVENT, namespace=namespace, data=said, id=answered, binary=binary
        )
        encoded = message.encode()
        return [
            Frame(MESSAGE, part) for part in (encoded if isinstance(encoded, list) else [encoded])
        ]

    def get_rooms(self, sid: str, namespace: str) -> list[Room | str]:
        """The rooms that a socket is in."""
        return [room for room in self._rooms_of.get((namespace, sid), ()) if room is not None]

    def basic_disconnect(self, sid: str, namespace: str, **_given: Any) -> None:
        """Forget a socket."""
        for room in list(self._rooms_of.get((namespace, sid), ())):
            self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]
