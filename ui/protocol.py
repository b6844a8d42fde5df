"""HTTP on one connection: how long its other side may keep the server waiting, and how much of a
head it may send. Uvicorn itself has neither limit.

| what | limit |
|---|---|
| the first byte of a request | 10 s from the connection; 130 s on a connection that is kept open |
| the head of a request | 10 s from its first byte; 64 KiB |
| the body of a request | 64 KiB (all there is, but of a file), or the rest, in each 30 s |
| an answer that is being read | 16 KiB, or the rest, in each 30 s |

Websockets aren't bound by these (`ui/websocket.py`).
"""

import asyncio
import logging
import socket
import struct
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ui.door import Door
from ui.parsing import Flow

log = logging.getLogger(__name__)

HEAD_WITHIN = 10.0
"""Seconds. Apache's mod_reqtimeout gives a head 20 to 40, nginx 60; a browser sends its head in
one."""
BODY_WITHIN = 30.0
"""In this many seconds, `BODY_LEAST` bytes of a body have to arrive, or all that is left of it: a
line of 18 kbit/s. Only a file's body has more."""
BODY_LEAST = 64 * 1024
READ_WITHIN = 30.0
"""In this many seconds, `READ_LEAST` bytes of an answer have to be taken, or all that is left of
it."""
READ_LEAST = 16 * 1024
KEPT_OPEN = 130
"""For this many seconds a connection without a request is kept open: longer than clients that use
it again keep it (nginx 60 s, Caddy 120 s). If it were shorter, a request could be sent while the
connection is being closed; a proxy answers 502 to that, unless it may send the request once more.
If connections run short, an idle one makes room at once."""
LARGEST_HEAD = 64 * 1024
"""Bytes; a browser's head, with every cookie of ours, has some 2,000, and proxies allow 8 to 64
KiB."""
MOST_HEADERS = 100
"""Apache's figure; the websockets library takes 128."""
LONGEST_LINE = 8 * 1024
"""Bytes of one header or of the path of a websocket's request, as the websockets library has it."""
PARSED_AT_ONCE = 4 * 1024
"""Bytes. asyncio reads 256 KiB at once, which may be 43,000 frames of a websocket, or 9,000
requests that wait for the answer to the first: to parse them all would hold the event loop for a
second."""
READ_AT_ONCE = 16 * 1024
"""Bytes that are read of a connection at once, instead of 256 KiB: ten heads of a browser's."""
MOST_UNPARSED = 64 * 1024
"""Bytes that wait to be parsed. More of them aren't read until these are parsed."""

NOT_UNDERSTOOD = "This request isn't understood."
TOO_LARGE = "This request has more headers, or longer ones, than Rollcall takes."
TOO_SLOW = "This request took too long to arrive. Try again."


class _HeadTooLargeError(Exception):
    """Raised into the parser, which ends the request."""


class TimedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol with the limits above; it tells the door whenever it waits.

    It parses a little at a time, and nothing while requests wait for the answer to an earlier one.
    """

    def __init__(self, door: Door, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._door = door
        # until when the request must have arrived
        self._arriving: asyncio.TimerHandle | None = None
        # until when some of the answer must be taken
        self._reading: asyncio.TimerHandle | None = None
        self._unread = 0
        self._has_begun = False  # a request whose end hasn't arrived yet
        self._head: int | None = 0  # bytes of the head so far; none while no head is arriving
        self._body = 0  # bytes of a body since it was last waited for
        self._unparsed = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is made, and its other side has to say something."""
        transport.max_size = READ_AT_ONCE  # type: ignore[attr-defined]  # as asyncio's sockets have it
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn wants a Transport, which it is
        self.flow = self._flow = Flow(self.transport)
        self._door.made(self.client, self)
        self._expect(HEAD_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop()
        self._unparsed = b""
        self._door.parsing.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request, or of several."""
        self._unparsed += data
        if len(self._unparsed) >= MOST_UNPARSED:
            self._flow.fill()
        self._door.parsing.add(self)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._has_begun = True
        self._expect(HEAD_WITHIN)

    def on_headers_complete(self) -> None:
        """The end of a head."""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > LARGEST_HEAD or len(self.headers) > MOST_HEADERS:
            raise _HeadTooLargeError
        super().on_headers_complete()
        self._head = None
        self._body = 0
        self._expect(BODY_WITHIN)

    def on_body(self, body: bytes) -> None:
        """Some of a body."""
        super().on_body(body)
        self._body += len(body)
        cycle: RequestResponseCycle | None = self.cycle  # none in an upgrade
        if self._body >= BODY_LEAST and cycle and not cycle.response_complete:
            self._body = 0
            self._expect(BODY_WITHIN)

    def on_message_complete(self) -> None:
        """The end of a request."""
        super().on_message_complete()
        self._has_begun = False
        self._head = 0
        if not self.parser.should_upgrade():  # the parser swallows an upgrade that has a body
            self._expect_no_more()

    def on_response_complete(self) -> None:
        """The end of an answer, as far as it is handed to the system."""
        super().on_response_complete()
        if self._unparsed:
            self._door.parsing.add(self)
        if not self._has_begun and not self.pipeline:
            self._expect(KEPT_OPEN)
        if self.transport.get_write_buffer_size() and self._reading is None:
            self._watch()

    def pause_writing(self) -> None:
        """More of an answer waits than the other side takes."""
        super().pause_writing()
        if self._reading is None:
            self._watch()

    def resume_writing(self) -> None:
        """It took most of it."""
        super().resume_writing()
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
            self._note()

    def handle_websocket_upgrade(self) -> None:
        """From here on it is a websocket, with another protocol."""
        self._stop()
        self._unparsed = b""  # its other side has to wait for the answer before it says more
        longest = max(len(name) + len(value) for name, value in self.headers)
        if max(longest, len(self.url)) > LONGEST_LINE - 64 or not self.url.isascii():
            self._refuse(431, TOO_LARGE)
            return
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Answer what can't be parsed."""
        if (self._head or 0) > LARGEST_HEAD or len(self.headers or ()) > MOST_HEADERS:
            self._refuse(431, TOO_LARGE)
        else:
            self._refuse(400, NOT_UNDERSTOOD)

    def give_way(self) -> None:
        """End the connection now: others need its slot."""
        self._stop()
        # End with a reset: otherwise the system would keep the data that the other side doesn't
        # take.
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def parse(self) -> None:
        """Parse some of what has arrived, and the rest in the next turn."""
        if not self._may_parse:
            return
        piece = self._unparsed[:PARSED_AT_ONCE]
        self._unparsed = self._unparsed[PARSED_AT_ONCE:]
        if self._head is not None:
            self._head += len(piece)
        super().data_received(piece)
        if (self._head or 0) > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse(431, TOO_LARGE)
        if self._may_parse:
            self._door.parsing.add(self)
        elif self._flow.is_full and not self._unparsed:
            self._flow.empty(self.cycle, has_more=bool(self.pipeline))

    @property
    def _may_parse(self) -> bool:
        return bool(self._unparsed) and not self.pipeline and not self.transport.is_closing()

    def _unsupported_upgrade_warning(self) -> None:
        self._expect_no_more()
        log.debug("An upgrade to something else than a websocket was asked for")

    def _expect(self, seconds: float) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
        self._arriving = self.loop.call_later(seconds, self._is_late, seconds)
        self._note()

    def _expect_no_more(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None
        self._note()

    def _watch(self) -> None:
        self._unread = self.transport.get_write_buffer_size()
        self._reading = self.loop.call_later(READ_WITHIN, self._look)
        self._note()

    def _look(self) -> None:
        self._reading = None
        left = self.transport.get_write_buffer_size()
        if left > self._unread - READ_LEAST and left > 0:
            log.debug("An answer wasn't read")
            self.give_way()
        elif left:
            self._watch()
        else:
            self._note()

    def _is_late(self, seconds: float) -> None:
        self._arriving = None
        if self._unparsed or self.flow.read_paused:  # what has arrived isn't processed yet
            self._expect(seconds)
            return
        log.debug("A request wasn't there in time")
        if self._has_begun:
            self._refuse(408, TOO_SLOW)
        else:
            self.give_way()

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer instead of the application, if it hasn't begun to answer, and close."""
        self._stop()
        answer: RequestResponseCycle | None = self.cycle  # none before the first request's head
        if answer and answer.response_started and not answer.response_complete:
            self.transport.abort()
            return
        self.transport.write(refusal(status, sentence))
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._watch()

    def _note(self) -> None:
        """Tell the door whether the server waits for the other side."""
        if self._arriving is None and self._reading is None:
            self._door.waits_no_more(self)
        else:
            self._door.waits(self)

    def _stop(self) -> None:
        for timer in (self._arriving, self._reading):
            if timer is not None:
                timer.cancel()
        self._arriving = self._reading = None
        self._door.waits_no_more(self)


def refusal(status: int, sentence: str) -> bytes:
    """A whole answer of one sentence, after which the connection is closed."""
    body = sentence.encode()
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body
