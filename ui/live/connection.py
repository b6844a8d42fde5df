"""One websocket, as frames come in: how many, how fast, and whether they can be frames at all.

If engine.io and socket.io get a frame that they don't understand, they raise; if one socket floods,
they start tasks for each frame; if a socket stays silent, they wait. This code keeps such frames
from them, and passes events on at the pace that is allowed. A connection that misbehaves is closed
without an answer.
"""

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from nicegui import json
from starlette.types import Message, Receive

from services.database import runtime
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

READ_AFTER = 0.004
"""For this many seconds a connection isn't read on after an event that came too soon. A flood fills
the connection then, instead of the event loop: a frame takes 0.1 ms there."""

ARRIVALS = "rollcall.arrivals"
"""Where a websocket's scope has its `Arrivals`."""

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


PACED = "event"
"""What somebody does on a page. The other events are the page's own answers to the server."""

NO_EVENT = ""
"""Of a frame that has no event in it."""


def event_in(text: object) -> str | None:
    """Which event is in a frame that a browser with NiceGUI's page may send, or `NO_EVENT`; none if
    this is no such frame."""
    if not isinstance(text, str) or len(text) > LONGEST_FRAME:
        return None
    if _PLAIN.fullmatch(text):
        return NO_EVENT
    match = _CONNECT.fullmatch(text) or _EVENT.fullmatch(text) or _ANSWER.fullmatch(text)
    if match is None:
        return None
    try:
        data = json.loads(match[1])
    except ValueError:
        return None
    if match.re is not _EVENT:
        return NO_EVENT
    return data[0] if data and isinstance(data[0], str) and data[0] in EVENTS else None


def _by_nobody(_text: str) -> None:
    """Hears nothing."""


_unfinished: dict["Connection", None] = {}  # the longest waiting first


class Arrivals:
    """Whom a websocket tells each text as soon as it has arrived, before its turn to be received
    (`ui.websocket`)."""

    def __init__(self) -> None:
        self.tell: Callable[[str], object] = _by_nobody


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
        self._held: deque[tuple[float, Message]] = deque()  # events, and when each may be passed on
        self.heard: Callable[[str], object] = _by_nobody
        """Is called with each frame at once, and returns what others wait for because of it, if
        anything; until it is known whose it is, with no effect."""
        self._ends_access: str | None = None  # a frame that has arrived and isn't received yet
        self._letting: asyncio.Timeout | None = None
        self.is_finished = False
        """Whether NiceGUI's handshake is done, so that the connection may stay."""
        self.is_over = False
        """Whether the other side has gone, or was closed from this side."""
        self.is_left = False
        """Whether the browser has closed it because it shows something else now."""

    def finish(self) -> None:
        """NiceGUI's handshake is done: the connection may stay, unless it was closed meanwhile."""
        self.is_finished = True
        if not self.is_over:
            self._end_wait_at(self._due)
        _unfinished.pop(self, None)

    def spend_from(self, account: Account, flooded: Callable[[], None]) -> None:
        """From now on it is known whose socket this is; `flooded` is called if it says too much."""
        self._budget, self._flooded = account, flooded

    def spend_its_own(self) -> None:
        """Its page is closed: what it still says, namely that it heard so, is counted to nobody."""
        self._budget, self._flooded, self.heard = Budget(), self.hang_up, _by_nobody

    def hang_up(self) -> None:
        """Close the connection from this side, whatever the other side does."""
        self.is_over = True
        _unfinished.pop(self, None)
        if not self._hung_up.done():
            self._hung_up.set_result(None)
        self._end_wait_at(self._loop.time())

    async def receive(self) -> Message:
        """The next message; a disconnect if the socket is late, too fast or not a browser's.

        An event that comes too soon is held here until its time, unless others wait for it, and
        those that come meanwhile are counted, with a pause after each (`READ_AFTER`). So a flood
        costs no more than that until it is one, and its pages are closed.
        """
        while True:
            if self._due is not None and self._due <= self._loop.time():
                return self._held.popleft()[1]
            message = await self._next()
            if message is None:
                continue
            if message["type"] == "websocket.disconnect":
                self.is_over = True
                self.is_left = message.get("code") == GOING_AWAY
            if message["type"] != "websocket.receive":
                return message
            text = message.get("text")
            way = self.heard(text) if isinstance(text, str) else None
            if text == self._ends_access:
                self._ends_access = None
            if way is None:
                await self._let_others(runtime.current().database.right_of_way.wait)
            event = event_in(text) if await self._may_speak() else None
            if event is None:
                self.hang_up()
                return _GONE
            if way is not None or event != PACED:
                return message
            await self._hold(message)

    def arrives(self, text: str) -> None:
        """A frame has arrived, before its turn to be received: if it ends access, others wait for
        it from now on; but those that stand before it in this connection don't."""
        if self.heard(text) is not None:
            self._ends_access = text
            if self._letting is not None and not self._letting.expired():
                self._letting.reschedule(self._loop.time())

    def flood(self) -> None:
        """Its page says too much, by another count than that of frames."""
        self._flooded()

    async def _may_speak(self) -> bool:
        """Count a frame, and whether it may be heard: otherwise the connection has to be closed."""
        if self._budget.spend():
            return True
        self._flooded()
        await asyncio.wait({self._hung_up}, timeout=HEARS_NOTICE)
        return False

    async def _let_others(self, wait: Callable[[], Awaitable[None]]) -> None:
        """Wait, but not with what ends access behind it."""
        if self._ends_access is not None:
            return
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(None) as self._letting:
                    await wait()
        finally:
            self._letting = None

    async def _hold(self, message: Message) -> None:
        delay = self._budget.delay()
        self._held.append((self._loop.time() + delay, message))
        if delay:
            await self._let_others(partial(asyncio.sleep, READ_AFTER))

    @property
    def _due(self) -> float | None:
        """When the event that is held first may be passed on."""
        return self._held[0][0] if self._held else None

    async def _next(self) -> Message | None:
        """The next message that arrives; none if an event that is held is due before that."""
        if self._hung_up.done():
            return _GONE
        until = [at for at in (self._due, self._handshake_until) if at is not None]
        try:
            async with asyncio.timeout_at(min(until, default=None)) as self._wait:
                message = await self._receive()
        except TimeoutError:
            late = self._handshake_until
            if not self._hung_up.done() and (late is None or self._loop.time() < late):
                return None
            self.hang_up()
            return _GONE
        finally:
            self._wait = None
        return _GONE if self._hung_up.done() else message

    @property
    def _handshake_until(self) -> float | None:
        return None if self.is_finished else self._deadline

    def _end_wait_at(self, at: float | None) -> None:
        if self._wait is not None and not self._wait.expired():
            self._wait.reschedule(at)
