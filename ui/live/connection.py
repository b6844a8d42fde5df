"""One websocket, as bytes come in: how many, how fast, and whether they can be a frame at all.

If engine.io and socket.io get a frame that they don't understand, they raise; if one socket floods,
they start a task for each frame; if a socket stays silent, they wait. This code keeps such frames
from them. A connection that misbehaves is closed without an answer.
"""

import asyncio
import re
from collections.abc import Callable

from nicegui import json
from starlette.types import Message, Receive

from ui.live.budget import Account, Budget

FINISH_WITHIN = 5.0
"""How many seconds NiceGUI's handshake may take after the upgrade; a browser needs milliseconds."""

MOST_UNFINISHED = 500
"""How many connections at a time may not have finished it: strangers may open such connections, and
hold them that long. For one more, the one that has waited longest is closed; a browser's waits
for milliseconds."""

HEARS_NOTICE = 2.0
"""For this many seconds a flooding socket stays open, unheard, so that it can be told that its page
is closed."""

LONGEST_FRAME = 64 * 1024
"""Characters; the largest form has a tenth of it."""

GOING_AWAY = 1001
"""The code with which a browser closes the socket of a page that it leaves (RFC 6455, section
7.4.1). Firefox sends it before the page's own goodbye has left."""

_GONE: Message = {"type": "websocket.disconnect", "code": 1008}

EVENTS = frozenset({"handshake", "event", "javascript_response", "ack", "log"})
"""The events that NiceGUI's page sends. If others were let through, `connect` and `disconnect`
would be, too: a client can send events with those names, and socket.io takes them for its own."""

# What a browser sends: engine.io's close (1) and pong (3), and in messages (4) socket.io's connect
# (0), disconnect (1), event (2, perhaps with a number that asks for an answer) and answer (3), in
# the only name space that there is. No binary frames, no upgrade probes.
_PLAIN = re.compile(r"[13]|4[01]")
_CONNECT = re.compile(r"40(\{.*\})", re.DOTALL)
_EVENT = re.compile(r"42[0-9]{0,9}(\[.*\])", re.DOTALL)
_ANSWER = re.compile(r"43[0-9]{1,9}(\[.*\])", re.DOTALL)


def is_frame(text: object) -> bool:
    """Whether this is a frame that a browser with NiceGUI's page may send."""
    if not isinstance(text, str) or len(text) > LONGEST_FRAME:
        return False
    if _PLAIN.fullmatch(text):
        return True
    match = _CONNECT.fullmatch(text) or _EVENT.fullmatch(text) or _ANSWER.fullmatch(text)
    if match is None:
        return False
    try:
        data = json.loads(match[1])
    except ValueError:
        return False
    return match.re is not _EVENT or (bool(data) and isinstance(data[0], str) and data[0] in EVENTS)


_unfinished: dict["Connection", None] = {}  # the longest waiting first


class Connection:
    """Stands between the server's `receive` and engine.io's."""

    def __init__(self, receive: Receive, most_unfinished: int = MOST_UNFINISHED) -> None:
        if len(_unfinished) >= most_unfinished:
            next(iter(_unfinished)).hang_up()
        _unfinished[self] = None
        self._loop = asyncio.get_running_loop()
        self._receive = receive
        self._hung_up = self._loop.create_future()
        self._deadline = self._loop.time() + FINISH_WITHIN
        self._wait: asyncio.Timeout | None = None  # for the next message, while it lasts
        self._budget: Budget | Account = Budget()
        self._flooded: Callable[[], None] = self.hang_up
        self.heard: Callable[[str], object] = bool
        """Is called with each frame at once; until it is known whose it is, with no effect."""
        self.is_finished = False
        """Whether NiceGUI's handshake is done, so that the connection may stay."""
        self.is_over = False
        """Whether the other side has gone, or was closed from this side."""
        self.is_left = False
        """Whether the browser has closed it because it shows something else now."""

    def finish(self) -> None:
        """NiceGUI's handshake is done: the connection may stay."""
        self.is_finished = True
        self._end_wait_at(None)
        _unfinished.pop(self, None)

    def spend_from(self, account: Account, flooded: Callable[[], None]) -> None:
        """From now on it is known whose socket this is; `flooded` is called if it says too much."""
        self._budget, self._flooded = account, flooded

    def spend_its_own(self) -> None:
        """Its page is closed: what it still says, namely that it heard so, is counted to nobody."""
        self._budget, self._flooded, self.heard = Budget(), self.hang_up, bool

    def hang_up(self) -> None:
        """Close the connection from this side, whatever the other side does."""
        self.is_over = True
        _unfinished.pop(self, None)
        if not self._hung_up.done():
            self._hung_up.set_result(None)
        self._end_wait_at(self._loop.time())

    async def receive(self) -> Message:
        """The next message; a disconnect if the socket is late, too fast or not a browser's."""
        message = await self._next()
        if message["type"] == "websocket.disconnect":
            self.is_over = True
            self.is_left = message.get("code") == GOING_AWAY
        if message["type"] != "websocket.receive":
            return message
        if not self._budget.spend():
            self._flooded()
            await asyncio.wait({self._hung_up}, timeout=HEARS_NOTICE)
        elif isinstance(text := message.get("text"), str) and is_frame(text):
            self.heard(text)
            return message
        self.hang_up()
        return _GONE

    async def _next(self) -> Message:
        if self._hung_up.done():
            return _GONE
        deadline = None if self.is_finished else self._deadline
        try:
            async with asyncio.timeout_at(deadline) as self._wait:
                message = await self._receive()
        except TimeoutError:
            self.hang_up()
            return _GONE
        finally:
            self._wait = None
        return _GONE if self._hung_up.done() else message

    def _end_wait_at(self, at: float | None) -> None:
        if self._wait is not None and not self._wait.expired():
            self._wait.reschedule(at)
