"""Whose page is built next, and whose file is sent: a few of each person's at a time, so that
nobody who asks for many keeps the others waiting. Whoever opens many tabs waits as long for all of
them as without turns: one processor builds them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any
from uuid import UUID

from nicegui import ui

from services.access.actor import Actor
from services.access.outsiders import CustomerActor
from services.core.errors import FloodedError
from services.database import runtime
from services.sessions.outside import CustomerVisit
from services.sessions.sessions import Visit
from ui.live.budget import MOST_PAGES, SESSIONS
from ui.live.flood import require_calm

AT_ONCE = 2
"""How many pages of one user, or of one customer's person, are built at a time."""

BUILT_AT_ONCE = 8
"""How many are built at a time of all people together. On a slow or busy machine a page's slot goes
to the next one before it is built (`ui.live.asking.SLOT`). After a restart a hundred were built
side by side then; each of them took longer than it may, and was asked for again."""

MOST_WAITING = MOST_PAGES * SESSIONS
"""How many of theirs may wait or be built; more tabs than that, none of them can have."""

READ_AT_ONCE = 4
"""How many files of one person's are read at a time: exports, and what was uploaded. They don't
stand in the line of the pages, since a slow reader keeps a turn for minutes."""

PAUSE = 10
"""Seconds to wait that are told to whoever asks for more."""


class _Line:
    """Those who wait for pages, or for files, of one person."""

    def __init__(self, at_once: int) -> None:
        self.present = 0
        self.turns = asyncio.Semaphore(at_once)


class _Lines(dict[UUID, _Line]):
    """The lines of those who wait for pages right now."""


class _Builders(asyncio.Semaphore):
    """Those whose pages are built right now."""

    def __init__(self) -> None:
        super().__init__(BUILT_AT_ONCE)


class _Readers(dict[UUID, _Line]):
    """The lines of those who wait for files right now."""


@asynccontextmanager
async def turn_to_build(holder_id: UUID) -> AsyncIterator[None]:
    """Wait for the turn to build a page of this person's, and keep it for as long as the block
    runs. Raises `FloodedError` if too many of theirs wait already."""
    lines, builders = runtime.current().part(_Lines), runtime.current().part(_Builders)
    async with _turn(lines, holder_id, AT_ONCE), builders:
        yield


@asynccontextmanager
async def turn_to_read(holder_id: UUID) -> AsyncIterator[None]:
    """The same for a file that is sent to this person."""
    async with _turn(runtime.current().part(_Readers), holder_id, READ_AT_ONCE):
        yield


def actor_in(given: Mapping[str, Any]) -> Actor | CustomerActor:
    """Who asks: the actor of the visit among what a page, or a file, is given."""
    return next(value.actor for value in given.values() if isinstance(value, Visit | CustomerVisit))


@asynccontextmanager
async def _turn(lines: dict[UUID, _Line], holder_id: UUID, at_once: int) -> AsyncIterator[None]:
    line = lines.setdefault(holder_id, _Line(at_once))
    if line.present >= MOST_WAITING:
        raise FloodedError(PAUSE)
    line.present += 1
    try:
        async with line.turns:
            yield
    finally:
        line.present -= 1
        if not line.present:
            del lines[holder_id]


class TurnedPage(ui.page):  # noqa: TID251 - `add_page` makes it
    """A page that is built in its reader's turn. Whoever waits for theirs has nothing on the server
    yet."""

    def _wrap(self, func: Callable[..., Any]) -> Callable[..., Any]:
        build = super()._wrap(func)

        @wraps(build)
        async def in_turn(*args: Any, **given: Any) -> Any:
            actor = actor_in(given)
            async with turn_to_build(actor.holder_id):
                require_calm(actor.session_id)  # it may have flooded meanwhile
                return await build(*args, **given)

        return in_turn
