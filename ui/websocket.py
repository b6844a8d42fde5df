"""The connection of a websocket: its frames, before they are messages, and how many may come that
are no message's end. The messages are guarded by `ui/live/connection.py`.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from ui.door import Door
from ui.live.budget import Budget
from ui.live.connection import ARRIVALS, Arrivals
from ui.protocol import NOT_UNDERSTOOD, PARSED_AT_ONCE, refusal


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """Uvicorn's protocol, which also tells the door when it waits for the other side to close, and
    logs no traceback for text that isn't UTF-8.

    It parses a little at a time, and nothing while a message waits to be heard. It hangs up on a
    flood of frames that no message ends with (pings, pongs, fragments): the application wouldn't
    hear of them, and the answers to pings that nobody reads would pile up.
    """

    def __init__(self, door: Door, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._door = door
        self._unparsed = b""
        self._budget = Budget()
        self._arrivals = Arrivals()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is a websocket's from now on."""
        super().connection_made(transport)
        self._door.made(self.client, self)

    def data_received(self, data: bytes) -> None:
        """Bytes of a frame, or of several."""
        self._unparsed += data
        self._parse()
        if not self.handshake_initiated:
            # It got the request whole. If there is to be a body, say, the library doesn't take it,
            # and would neither answer nor close.
            self.transport.write(refusal(400, NOT_UNDERSTOOD))
            self.transport.close()
            self._door.waits(self)

    async def receive(self) -> ASGIReceiveEvent:
        """The next message, for the application."""
        message = await super().receive()
        self._parse()
        return message

    def handle_connect(self, event: Request) -> None:
        """The request for a websocket."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope[ARRIVALS] = self._arrivals  # type: ignore[literal-required]  # one of our own

    def handle_cont(self, event: Frame) -> None:
        """A fragment of a message."""
        if event.fin or self._has_room():
            super().handle_cont(event)

    def handle_ping(self) -> None:
        """A ping; its answer is ready to be sent."""
        if self._has_room():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """A pong, for which nobody asked."""
        if self._has_room():
            super().handle_pong(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._door.waits_no_more(self)
        super().connection_lost(exc)

    def give_way(self) -> None:
        """End the connection now: others need its slot."""
        self.transport.abort()

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says."""
        await super().send(message)
        if self.close_sent:
            self._door.waits(self)

    def send_receive_event_to_app(self) -> None:
        """Pass a whole message on."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            text = _text_of(self.frames)
            if text is None:
                self.frames = []
                self.conn.send_close(1007)  # RFC 6455, section 7.4.1: not consistent with its type
                self.handle_parser_exception()
                return
            self._arrivals.tell(text)
        super().send_receive_event_to_app()

    def _parse(self) -> None:
        while self._unparsed and not self.read_paused and not self.transport.is_closing():
            piece = self._unparsed[:PARSED_AT_ONCE]
            self._unparsed = self._unparsed[PARSED_AT_ONCE:]
            super().data_received(piece)

    def _has_room(self) -> bool:
        """Whether one more such frame may come; if not, the connection is closed."""
        if self.close_sent or self.transport.is_closing():
            return False
        if self._budget.spend():
            return True
        self.frames = []
        self.conn.send_close(1008)  # RFC 6455, section 7.4.1: against our policy
        self.handle_parser_exception()
        self._door.waits(self)
        return False


def _text_of(frames: Sequence[bytes]) -> str | None:
    try:
        return b"".join(frames).decode()
    except UnicodeDecodeError:
        return None
