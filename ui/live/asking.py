"""Whose request is answered next: one of each person at a time, and then none of theirs for a
moment; and of everybody's, a few. The others wait here, before anything is read for them.

What answers a request runs in the event loop, between the steps of everybody else's acts: each of
these steps would wait for one of every request that is being answered. So whoever is shut out could
hold that up by asking for pages, pictures or exports over many connections.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models import SessionKind
from services.core.networks import network_of
from services.core.secrets import token_hash
from services.database import runtime
from ui.cookies import session_token
from ui.headers.requests import PROBES
from ui.live.steps import Steps

TURN = 0.5
"""Seconds. What takes longer waits for something else than the processor: another server, a slow
reader, a file that arrives. Then its turn ends, and it goes on beside the next one."""

PAUSE = 2.0
"""After a turn, the same person's next one begins after this many times as long: whatever they ask
for, they have a third of the server's time, and everybody else the rest. ..."""

LONGEST_PAUSE = 0.1
"""... But not later than after so many seconds: what took longer has waited itself. A page takes
some 20 ms."""

SLOTS, SLOTS_ON_POSTGRESQL = 1, 2
"""How many requests are being answered at a time, of all people together: one processor answers all
of them, and each step of an act waits for a step of every one. On SQLite they wait for nothing
meanwhile; for PostgreSQL they do, and then another one is answered."""

SLOT = 0.05
"""Seconds after which the next one begins in any case. It begins sooner where a request waits for
what its sender sends, and as soon as its answer is sent: nobody can keep the others waiting by
being slow. What comes after that, such as the next piece of an export, waits for a slot again."""

MOST_WAITING = 300
"""How many may wait in one person's line: more than their tabs, each with a few pictures."""

STRANGERS_AT_ONCE = 4
"""How many requests of each `_Lane` have their turn at a time that came from one ip, of whom it
isn't known whose they are: all people of an office, when Rollcall was started again. They have no
pauses, ..."""

STRANGERS_PART, STRANGERS_IN_ADVANCE = 1 / 3, 5.0
"""... unless answering them took more than this part of the time, and so many seconds in advance. A
sign-in page takes some 50 ms with all that its browser asks for: so many in advance are a hundred
people who come at the same moment, and then six more each second."""

PROBES_IN_ADVANCE = 0.5
"""The same of the programs that watch the process; they have a part of their own. Each of their
requests takes half a millisecond, and they come every few seconds."""

REFUSED_AFTER = 1.0
"""How many seconds a refusal is held back: so a script that asks again at once gets no faster
answers."""

RETRY_AFTER = 10
"""The refusal asks them to wait this many seconds."""

TOO_MANY = "Too many requests came from here at once. Wait a few seconds, then try again."

REMEMBERED = 10_000
"""For how many sessions it is remembered whose they are, and for how many ips what they have used.
(A person whose session is forgotten waits with strangers once, until a page recognises them.)"""


class _Lane(Enum):
    """What is asked for. No lane waits for another one."""

    OWN = auto()
    """All that somebody asks for of whom it is known who they are."""
    PAGES = auto()
    PROVIDERS = auto()
    """What waits for an identity provider's server."""
    POSTS = auto()
    """Who tries to sign in, above all."""
    SOCKETS = auto()
    """Pages that connect, until they are let in or refused."""
    ASSETS = auto()
    """Scripts and styles, a dozen for a page."""
    PROBES = auto()
    """They tell whether the process serves."""


HOLD_A_BODY = {_Lane.OWN, _Lane.POSTS}
"""Of these requests, those that wait may hold 64 KiB each."""

IN_NO_SLOT = {_Lane.SOCKETS, _Lane.ASSETS, _Lane.PROBES}
"""What doesn't wait for whoever else is being answered: it is done in a millisecond or two, and a
page isn't there before it."""

OF_PROVIDERS, OF_ASSETS = "/sso/", ("/static/", "/_nicegui/")

Key = tuple[UUID | str, _Lane]


class _Holders(dict[bytes, UUID]):
    """Whose session each token stands for, by its hash."""


class _Used(dict[tuple[UUID | str, bool], float]):
    """When those of each ip, and the probes among them, have their whole part again."""

    def add(self, key: Key, seconds: float) -> bool:
        """Count what answering one of them took; returns whether they have used up their part."""
        is_probe = key[1] is _Lane.PROBES
        who, in_advance = (
            (key[0], is_probe),
            PROBES_IN_ADVANCE if is_probe else STRANGERS_IN_ADVANCE,
        )
        now = asyncio.get_running_loop().time()
        if len(self) >= REMEMBERED:
            whole = [known for known, at in self.items() if at <= now]
            # Of too many networks at once, the first ones are forgotten; and not one at a time,
            # since each look at all of them takes a while.
            many = REMEMBERED // 10
            for known in whole if len(whole) > many else list(self)[:many]:
                del self[known]
        self[who] = max(now, self.get(who, now)) + seconds / STRANGERS_PART
        return (self[who] - now) * STRANGERS_PART > in_advance


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
    if (line := runtime.current().part(_Lines).get((holder_id, _Lane.OWN))) is not None:
        line.end_pause()


class _Slots(asyncio.Semaphore):
    """The slots of those that are being answered."""

    def __init__(self) -> None:
        is_sqlite = runtime.current().database.is_sqlite
        super().__init__(SLOTS if is_sqlite else SLOTS_ON_POSTGRESQL)


class InTurn:
    """Has everything that comes in wait for its turn. A person's requests stand in one line,
    whatever session they are of, and those of one kind (`_Lane`) from an ip of whom it isn't known
    whose they are in another.

    It stands around what refuses requests: refusals are answered in turn, too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        while not await self._answered(scope, receive, send):
            pass

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Wait for the turn, and answer then. False if it became known whose it is while it waited
        among strangers: after a restart, all pages of an office come back at once, and only the
        first of each person's has to wait there."""
        key, lines = _whose(scope), runtime.current().part(_Lines)
        if key in lines and lines[key].is_full:
            await asyncio.sleep(REFUSED_AFTER)
            answer = PlainTextResponse(TOO_MANY, 429, {"Retry-After": str(RETRY_AFTER)})
            await answer(scope, receive, send)
            return True
        async with _turn(lines, key) as turn:
            if isinstance(key[0], str) and _whose(scope) != key:
                return False
            right_of_way = runtime.current().database.right_of_way
            is_let_in = False

            async def receive_elsewhere() -> Message:
                turn.slot.leave()
                if is_let_in:
                    turn.end()
                    return await receive()
                message = await receive()
                if message["type"] != "http.disconnect":  # then nothing is left to answer
                    await turn.slot.take()
                return message

            async def send_elsewhere(message: Message) -> None:
                nonlocal is_let_in
                if is_let_in:
                    await send(message)
                    return
                turn.slot.leave()
                await right_of_way.wait()
                is_let_in = message["type"] == "websocket.accept"
                await send(message)
                if message.get("more_body"):
                    await turn.slot.take()

            await turn.slot.steps.of(self.app(scope, receive_elsewhere, send_elsewhere))
        return True


def _whose(scope: Scope) -> Key:
    """The person whose session's cookie a request brings, if it is known; otherwise its ip. And
    what is asked for."""
    lane = _lane_of(scope)
    ip = network_of(scope["client"][0]) if scope.get("client") else ""
    if lane in {_Lane.ASSETS, _Lane.PROBES}:
        return ip, lane
    holders, cookies = runtime.current().part(_Holders), HTTPConnection(scope).cookies
    for kind in SessionKind:
        token = session_token(cookies, kind)
        if token and (holder_id := holders.get(token_hash(token))) is not None:
            return holder_id, lane if lane is _Lane.SOCKETS else _Lane.OWN
    return ip, lane


def _lane_of(scope: Scope) -> _Lane:
    if scope["type"] == "websocket":
        return _Lane.SOCKETS
    path = scope["path"]
    if path in PROBES:
        return _Lane.PROBES
    if scope["method"] not in {"GET", "HEAD"}:
        return _Lane.POSTS
    if path.startswith(OF_ASSETS):
        return _Lane.ASSETS
    return _Lane.PROVIDERS if OF_PROVIDERS in path else _Lane.PAGES


class _Line:
    """Those whose requests wait, have their turn, or have just had it."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self._used = runtime.current().part(_Used)
        self.turns = asyncio.Semaphore(1 if key[1] is _Lane.OWN else STRANGERS_AT_ONCE)
        self.waiting = 0
        self.present = 0
        self._pausing: dict[asyncio.TimerHandle, Callable[[], None]] = {}

    @property
    def is_full(self) -> bool:
        """Whether too many wait."""
        return self.key[1] in HOLD_A_BODY and self.waiting >= MOST_WAITING

    def pause_after(self, took: float, answering: float) -> float:
        """Seconds until the next one begins after a turn that took so long, so much of it spent on
        the answer."""
        if self.key[1] is _Lane.OWN:
            return min(took * PAUSE, LONGEST_PAUSE)
        if not self._used.add(self.key, answering):
            return 0.0
        return STRANGERS_AT_ONCE * min(answering * PAUSE, LONGEST_PAUSE)

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
async def _turn(lines: _Lines, key: Key) -> AsyncIterator["_Turn"]:
    """Wait for the turn in this line, and for a slot. The turn ends with the block, after `TURN`
    seconds, or when it is ended; the slot ends with it, after `SLOT` seconds, or when it is
    left."""
    line, loop = lines.setdefault(key, _Line(key)), asyncio.get_running_loop()
    has_turn = is_over = False
    slot = _Slot(is_needed=key[1] not in IN_NO_SLOT)

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
            slot.leave()
            line.leave_later(line.pause_after(loop.time() - begun, slot.answering), leave)

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
        await slot.take()
        begun, timer = loop.time(), loop.call_later(TURN, end)
        yield _Turn(slot, end)
    finally:
        if timer is not None:
            timer.cancel()
        slot.leave()
        end()


@dataclass(frozen=True)
class _Turn:
    """A turn, and what ends it early."""

    slot: "_Slot"
    end: Callable[[], None]


class _Slot:
    """A slot of those that are being answered, and how long the answer took."""

    def __init__(self, *, is_needed: bool) -> None:
        self._is_needed = is_needed
        self._slots = runtime.current().part(_Slots)
        self.steps = Steps()
        self._took = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0

    async def take(self) -> None:
        """Wait for it, and then until no act is given way. It is kept for `SLOT` seconds, or until
        it is left."""
        if self._is_needed:
            loop = asyncio.get_running_loop()
            self.leave()
            await self._slots.acquire()
            self.leave()  # what another task of the same answer got meanwhile
            self._timer, self._since = loop.call_later(SLOT, self.leave), loop.time()
        await runtime.current().database.right_of_way.wait()

    def leave(self) -> None:
        """Leave it, if it is still kept."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._took += asyncio.get_running_loop().time() - self._since
            self._slots.release()

    @property
    def answering(self) -> float:
        """For how many seconds it was kept, or the steps of the answer ran if that is more: they
        go on after it was left."""
        return max(self._took, self.steps.took)
