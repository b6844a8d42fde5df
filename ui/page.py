"""What puts a page, or a file, at a path."""

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any
from uuid import UUID

from fastapi.responses import Response
from nicegui import app
from starlette.types import Receive, Scope, Send

from ui.live import TurnedPage, actor_in, keep_pace, turn_to_read

# Seconds: a little more than a request waits for a database that went silent (10, as
# services/core/postgresql_url.py has it), whose sentence says more. NiceGUI gives up after 3, which
# a machine that is merely busy takes now and then.
BUILD_SECONDS = 12.0

EXPORT = 4
"""How many frames an export counts as: it takes some 30 ms of the processor even if it is short,
and people make one now and then. No more than what is handled at once, so that none has to wait
by itself."""

Answer = Callable[..., Awaitable[Response]]

add_page = partial(TurnedPage, response_timeout=BUILD_SECONDS)


def add_file(path: str, *, frames: int = EXPORT) -> Callable[[Answer], Answer]:
    """Put a file at a path, for people who are signed in: an export, or what was uploaded.

    What one person asks for is answered no faster than so many frames of their pages are, and a few
    of their files are sent at a time.
    """

    def add(answer: Answer) -> Answer:
        @wraps(answer)
        async def in_turn(*args: Any, **given: Any) -> Response:
            actor = actor_in(given)
            await keep_pace(actor.session_id, actor.holder_id, frames=frames)
            return _SentInTurn(actor.holder_id, await answer(*args, **given))

        app.get(path, include_in_schema=False)(in_turn)
        return answer

    return add


class _SentInTurn(Response):
    """Another answer, which is sent once it is its reader's turn."""

    def __init__(self, holder_id: UUID, answer: Response) -> None:
        self.background = None
        self._holder_id = holder_id
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        async with turn_to_read(self._holder_id):
            await self._answer(scope, receive, send)
