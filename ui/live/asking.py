"""Whose request is answered next: one of each person at a time, and then none of theirs for a
moment; and of everybody's, a few. The others wait here, before anything is read for them.

What answers a request runs in the event loop, between the steps of everybody else's acts: each of
these steps would wait for one of every request that is being answered. So whoever is shut out could
hold that up by asking for pages, pictures or exports over many connections.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models import SessionKind
from services.core import runtime
from services.core.right_of_way import RightOfWay
from services.core.secrets import token_hash
from ui.cookies import session_token
from ui.headers.requests import PROBES

TURN = 0.5
"""Seconds. What takes longer waits for something else than the processor: another server, a slow
reader, a file that arrives. Then its turn ends, and it goes on beside the next one."""

PAUSE = 2.0
"""After a turn, the same person's next one begins after this many times as long: whatever they ask
for, they have a third of the server's time, and everybody else the rest. ..."""

LONGEST_PAUSE = 0.1
"""... But not later than after so many seconds: what took longer has waited itself. A page takes
some 20 ms."""

PLACES, PLACES_ON_POSTGRESQL = 1, 2
"""How many requests are being answered at a time, whosever they are: one processor answers all of
them, and each step of an act waits for a step of every one. On SQLite they wait for nothing
meanwhile; for PostgreSQL they do, and then another one is answered."""

PLACE = 0.05
"""Seconds after which the next one begins in any case. It begins sooner where a request waits for
what its sender sends, and as soon as its answer is sent: nobody can keep the others waiting by
being slow."""

MOST_WAITING = 300
"""How many may wait in one person's line: more than their tabs, each with a few pictures."""

STRANGERS_AT_ONCE = 4
"""How many requests have their turn at a time that came from one ip, of whom it isn't known whose
they are: all people of an office, when Rollcall was started anew. They have no pauses."""

REFUSED_AFTER = 1.0
"""Seconds until whoever asks for more is told so: a script that asks again at once isn't answered
faster for it."""

RETRY_AFTER = 10
"""Seconds to wait that are told to them."""

TOO_MANY = "Too many requests came from here at once. Wait a few seconds, then try again."

REMEMBERED = 10_000
"""Of how many sessions it is remembered whose they are. (Whose is forgotten waits with strangers
once, until a page recognises them again.)"""

OWN_LINE = "/sso/"
"""What waits for an identity provider's server holds up no other strangers."""

Key = UUID | tuple[str, bool]


class _Holders(dict[bytes, UUID]):
    """Whose session each token stands for, by its hash."""


class _Lines(dict[Key, "_Line"]):
    """The lines of those whose requests are here right now."""


def known_as(token: str | None, holder_id: UUID) -> None:
    """Remember whose session it is that this cookie's token stands for."""
    if not token:
        return
    holders = runtime.current().part(_Holders)
    holders[token_hash(token)] = holder_id
    if len(holders) > REMEMBERED:
        del holders[next(iter(holders))]


def end_pause(holder_id: UUID) -> None:
    """Let a person's next request have its turn at once: what they asked for meanwhile is refused,
    if their session has ended, and they shouldn't wait to be told."""
    if (line := runtime.current().part(_Lines).get(holder_id)) is not None:
        line.end_pause()


class _Places(asyncio.Semaphore):
    """The places of those that are being answered."""

    def __init__(self) -> None:
        is_sqlite = runtime.current().database.is_sqlite
        super().__init__(PLACES if is_sqlite else PLACES_ON_POSTGRESQL)


class InTurn:
    """Has every request wait for its turn. Those of a person stand in one line, whatever session
    they are of, and so do those from an ip of whom it isn't known whose they are.

    A stranger's POST doesn't wait: how often those may try is limited by what answers them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self.app(scope, receive, send)
            return
        key, lines = _whose(scope), runtime.current().part(_Lines)
        if isinstance(key, tuple) and scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
        elif isinstance(key, UUID) and key in lines and lines[key].waiting >= MOST_WAITING:
            await asyncio.sleep(REFUSED_AFTER)
            answer = PlainTextResponse(TOO_MANY, 429, {"Retry-After": str(RETRY_AFTER)})
            await answer(scope, receive, send)
        else:
            async with _turn(lines, key) as leave_place:
                right_of_way = runtime.current().part(RightOfWay)

                async def receive_elsewhere() -> Message:
                    leave_place()
                    return await receive()

                async def send_elsewhere(message: Message) -> None:
                    leave_place()
                    await right_of_way.wait()
                    await send(message)

                await self.app(scope, receive_elsewhere, send_elsewhere)


def _whose(scope: Scope) -> Key:
    """The person whose session's cookie a request brings, if it is known; otherwise its ip, and
    whether it has to do with an identity provider."""
    holders, cookies = runtime.current().part(_Holders), HTTPConnection(scope).cookies
    for kind in SessionKind:
        token = session_token(cookies, kind)
        if token and (holder_id := holders.get(token_hash(token))) is not None:
            return holder_id
    ip = scope["client"][0] if scope.get("client") else ""
    return ip, OWN_LINE in scope["path"]


class _Line:
    """Those whose requests wait, have their turn, or have just had it."""

    def __init__(self, key: Key) -> None:
        is_person = isinstance(key, UUID)
        self.turns = asyncio.Semaphore(1 if is_person else STRANGERS_AT_ONCE)
        self.pause = PAUSE if is_person else 0.0
        self.waiting = 0
        self.present = 0
        self._pausing: dict[asyncio.TimerHandle, Callable[[], None]] = {}

    def leave_later(self, seconds: float, leave: Callable[[], None]) -> None:
        """Call `leave` after a pause of so many seconds."""

        def left() -> None:
            del self._pausing[timer]
            leave()

        timer = asyncio.get_running_loop().call_later(seconds, left)
        self._pausing[timer] = leave

    def end_pause(self) -> None:
        """Call what waits for the end of a pause now."""
        pausing, self._pausing = self._pausing, {}
        for timer, leave in pausing.items():
            timer.cancel()
            leave()


@asynccontextmanager
async def _turn(lines: _Lines, key: Key) -> AsyncIterator[Callable[[], None]]:
    """Wait for the turn in this line, and for a place. The turn ends with the block, or after
    `TURN` seconds; the place ends with it, after `PLACE` seconds, or when it is left."""
    line, loop = lines.setdefault(key, _Line(key)), asyncio.get_running_loop()
    has_turn = is_over = False

    def leave() -> None:
        if has_turn:
            line.turns.release()
        line.present -= 1
        if not line.present:
            del lines[key]

    def end() -> None:
        nonlocal is_over
        if not is_over:
            is_over = True
            line.leave_later(min((loop.time() - begun) * line.pause, LONGEST_PAUSE), leave)

    line.present += 1
    line.waiting += 1
    try:
        await line.turns.acquire()
        has_turn = True
    finally:
        line.waiting -= 1
        if not has_turn:
            leave()
    begun, timer = loop.time(), None
    try:
        async with _place() as leave_place:
            begun, timer = loop.time(), loop.call_later(TURN, end)
            yield leave_place
    finally:
        if timer is not None:
            timer.cancel()
        end()


@asynccontextmanager
async def _place() -> AsyncIterator[Callable[[], None]]:
    """Wait for a place, and then until no act is given way. Gives what leaves the place."""
    current, is_kept = runtime.current(), True
    places = current.part(_Places)
    await places.acquire()

    def leave() -> None:
        nonlocal is_kept
        if is_kept:
            is_kept = False
            places.release()

    timer = asyncio.get_running_loop().call_later(PLACE, leave)
    try:
        await current.part(RightOfWay).wait()
        yield leave
    finally:
        timer.cancel()
        leave()
