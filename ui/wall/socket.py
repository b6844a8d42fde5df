"""The socket of a screen: it is told things, and says nothing."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from fastapi import FastAPI
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from models import EndReason, SessionKind
from services.access.outsiders import ScreenActor
from services.core.errors import RollcallError, SessionEndedError
from services.core.networks import network_of
from services.database import runtime
from services.screens import pairing, reading, screens, tabs
from services.screens.pairing import CodeState
from services.screens.showing import ScreenView
from ui.cookies import caller_of, pairing_key, session_token
from ui.headers import origin_of
from ui.wall import frames
from ui.wall.hub import Line, hub

log = logging.getLogger(__name__)

# How many tabs a screen may be open in, and how many browsers that aren't screens may be connected.
# They take no place of a screen's.
MOST_PLACES, MOST_STRANGERS = 10, 500
_TAB, _SIZE = re.compile(r"[0-9a-f]{16}"), re.compile(r"\d{1,5}(\.\d+)?×\d{1,5}(\.\d+)?")


def register(app: FastAPI) -> None:
    """Route the socket without any middleware: each layer would cost memory for every screen."""
    app.router.routes.append(WebSocketRoute("/wall/socket", WallSocket()))


class WallSocket:
    """The socket as an application of its own."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        await _answer(WebSocket(scope, receive, send))


async def _answer(socket: WebSocket) -> None:
    """Send to one screen, or to one browser that may become one, until either side hangs up."""
    tab = socket.query_params.get("tab", "")
    size = socket.query_params.get("size", "")
    if not _is_from_here(socket) or not _TAB.fullmatch(tab):
        await socket.close(1008)
        return
    network = network_of(caller_of(socket).ip)
    line = Line(tab, _whole(size) if _SIZE.fullmatch(size) else "", network)
    try:
        await _greet(socket, line)
    except RollcallError as error:
        log.warning("A screen can't be told anything now: %s", error)
        await socket.close(1013)
        return
    if line.is_over and not line.waiting:
        await socket.close(1013)
        return
    try:
        await socket.accept()
        telling = asyncio.create_task(_tell(socket, line))
        try:
            await _listen(socket)
        finally:
            telling.cancel()
    finally:
        hub().leave(line)
        if line.screen is not None and not line.is_over:
            await _note_gone(line.screen, line.tab)


async def _greet(socket: WebSocket, line: Line) -> None:
    """Find out whose socket it is, and what it has to be told first."""
    caller, told = caller_of(socket), hub()
    token = session_token(socket.cookies, SessionKind.SCREEN)
    why = ""
    try:
        line.screen = await screens.recognise(token, caller)
    except SessionEndedError as error:
        why = "revoked" if error.reason is EndReason.REVOKED else ""
    if line.screen is None:
        line.code_id = await pairing.find_code(pairing_key(socket.cookies))
        if line.code_id is None or not await _has_its_code(socket, line.code_id):
            line.tell("pair", frames.pair(why))
        line.is_over = not _has_room(line, told.lines)
    else:
        same = [other for other in told.lines if other.screen == line.screen]
        line.is_over = len(same) >= MOST_PLACES
    if line.is_over:
        line.waiting.clear()
        return
    if line.screen is not None:
        found = (await screens.find_settings([line.screen.screen_id])).get(line.screen.screen_id)
        if found is not None:
            line.show(found, told.shown_to(found) or await _look(line.screen))
        await tabs.note_open(line.screen, line.tab, line.size)
    told.join(line)
    # Apart from the beats: the next one may come before this is sent, and would take its place.
    line.tell("greeting", frames.first_beat())


def _has_room(line: Line, lines: Iterable[Line]) -> bool:
    """Whether one more stranger may connect. A network has as many places as it may have codes; if
    none is left for others, the network that has the most gives one up."""
    strangers = [other for other in lines if other.screen is None and not other.is_over]
    of_network = Counter(other.network for other in strangers)
    own = of_network[line.network]
    if own >= pairing.MOST_OF_ONE_NETWORK:
        return False
    if len(strangers) < MOST_STRANGERS:
        return True
    ((largest, most),) = of_network.most_common(1)
    if most > own:
        next(other for other in strangers if other.network == largest).end(frames.beat())
    return most > own


async def _has_its_code(socket: WebSocket, code_id: UUID) -> bool:
    """Whether no other code is needed: it shows this one, or this one was typed already."""
    if socket.query_params.get("code"):
        return True
    return (await pairing.find_states([code_id])).get(code_id) is CodeState.TYPED


async def _look(screen: ScreenActor) -> dict[ScreenView, str]:
    return frames.views_frame(await reading.look(screen))


async def _tell(socket: WebSocket, line: Line) -> None:
    # Which `_listen` hears, too; or it was gone before it was accepted.
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await line.woken.wait()
            line.woken.clear()
            waiting, line.waiting = line.waiting, {}
            for frame in waiting.values():
                await socket.send_text(frame)
            if line.is_over:
                await socket.close(1000)
                return


async def _listen(socket: WebSocket) -> None:
    """Wait for the end. A screen has nothing to say: if it talks, it is closed."""
    try:
        await socket.receive_text()
        await socket.close(1008)
    except (WebSocketDisconnect, RuntimeError, KeyError):
        return


async def _note_gone(screen: ScreenActor, tab: str) -> None:
    try:
        await tabs.note_gone(screen, tab)
    except RollcallError as error:
        log.info("That a screen is gone is written down later: %s", error)


def _whole(size: str) -> str:
    return "×".join(str(round(float(side))) for side in size.split("×"))


def _is_from_here(socket: WebSocket) -> bool:
    origin, host = socket.headers.get("origin"), socket.headers.get("host")
    scheme = {"ws": "http", "wss": "https"}.get(socket.scope.get("scheme", ""))
    ours = {origin_of(runtime.current().settings.public_url), f"{scheme}://{host}"}
    return origin is not None and origin in ours
