"""Lets a websocket in only with a live session's cookie, from our own origin, to a page of that
same session; and hears it only on behalf of that page.

NiceGUI itself takes any socket that knows a page's id, from anywhere, and any message that names
one. Everything that it would take passes through here instead.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from nicegui import Client, core
from nicegui import nicegui as server
from socketio.exceptions import ConnectionRefusedError as Refused
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from models import SessionKind
from services.core import logs
from services.core.errors import RollcallError
from services.database import runtime
from ui.cookies import session_token
from ui.headers import origin_of
from ui.live import building, handling, leftovers, messages, pages, rest, sockets
from ui.live.connection import ARRIVALS, LONGEST_FRAME, MOST_UNFINISHED, Connection
from ui.live.handling import Handling
from ui.live.page_template import change_template
from ui.live.pages import OpenPage
from ui.live.rooms import Room, last_message

log = logging.getLogger(__name__)

SOCKETS_PER_SESSION = 100
"""How many sockets one session may have at a time; a tab has one."""

LEFT_GRACE = 5.0
"""How many seconds until a page is forgotten whose browser said goodbye: long enough for a click on
a link to bring the next page, so that nobody seems to leave in between."""

TAB_STORAGE_AGE = 0.0
"""For this many seconds NiceGUI keeps an (empty) entry for each tab; its own figure is 30 days. It
looks for old entries every ten seconds."""

LONGEST_LOG_MESSAGE = 500
"""How many characters are kept of what a browser wants logged."""

MISSED = "rollcall_missed"
"""To the page's script: it has missed something (it was loading, or this process heard nothing from
the others), or there is too much to send in one of its rooms; ask for fresh rows. `all` is false if
it is only one room's."""
MISSED_SPREAD = 2.0
"""When many pages are told this, it is spread over this many seconds: each of them asks the
database."""

SIGNED_OUT = "signed out"
"""To the page's script: there is no live session. It hides itself and asks for the page again."""
PAGE_GONE = "page gone"
"""The session lives, the page doesn't (the server was restarted): ask for it again."""
TRY_LATER = "try later"
"""Too many sockets, or no database: keep what is shown and try again."""

NO_MESSAGE = -1
"""Differs from the number of every message."""

_KEY = "rollcall.connection"

Authenticate = Callable[[str | None], Awaitable[UUID | None]]
Handler = Callable[[str, dict[str, Any]], Any]
Check = Callable[[dict[str, Any], OpenPage], bool]
Flooded = Callable[[UUID, UUID], None]


@dataclass(eq=False)
class _Socket:
    page: OpenPage
    connection: Connection


_sockets: dict[str, _Socket] = {}


def guard(
    authenticate: Authenticate,
    flooded: Flooded,
    *,
    public_url: str,
    most_unfinished: int = MOST_UNFINISHED,
) -> None:
    """Guard every websocket from now on, and every page's scripts; a second call replaces the
    first.

    `authenticate` turns the cookie's token into the id of a live session. `flooded` is called with
    the ids of a session and its user if its sockets say too much. `public_url` is the right origin
    besides the request's own host. `most_unfinished` is how many sockets at a time may not yet have
    said whose they are.
    """
    change_template()
    sockets.install()
    sio = core.sio
    rest.install()
    building.install()
    handling.install()
    core.app.config.socket_io_js_transports = ["websocket"]
    core.app.storage.max_tab_storage_age = TAB_STORAGE_AGE
    sio.eio.transports = ["websocket"]
    sio.eio.cors_allowed_origins = []  # no headers for other origins; ours is checked below
    sio.eio.max_http_buffer_size = LONGEST_FRAME
    origin = origin_of(public_url)
    engine_handler = type(sio.eio).handle_request.__get__(sio.eio)

    async def handle_request(scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_from_here(scope, origin):
            await _refuse(scope, receive, send)
            return
        connection = scope[_KEY] = Connection(receive, most_unfinished)
        scope[ARRIVALS].tell = connection.arrives
        try:
            await engine_handler(scope, connection.receive, send)
        finally:
            connection.hang_up()

    async def on_connect(sid: str, environ: dict[str, Any], _auth: Any = None) -> None:
        await _connect(sid, environ, authenticate, flooded)

    sio.eio.handle_request = handle_request
    server.sio_app.other_asgi_app = _refuse
    sio.on("connect", on_connect)
    sio.on("disconnect", _disconnect)
    sio.on("handshake", _handshake)
    sio.on("event", _on_event)
    sio.on("javascript_response", _guarded(server._on_javascript_response, messages.is_response))
    sio.on("ack", _guarded(server._on_ack, messages.is_ack))
    sio.on("log", _guarded(_log, messages.is_log))


def release(page: OpenPage) -> dict[str, Connection]:
    """Hear nothing more from the page's sockets, and send them nothing more that is meant for it;
    returns them, still connected, by their ids. This happens at once, without awaiting."""
    released = {}
    for sid in page.sids:
        socket = _sockets.pop(sid, None)
        if socket is not None:
            socket.connection.spend_its_own()
            released[sid] = socket.connection
        for room in core.sio.rooms(sid):
            if room != sid:
                core.sio.manager.basic_leave_room(sid, "/", room)
    page.sids.clear()
    return released


async def tell_missed(room: Room | None = None) -> None:
    """Have all pages, or those in a room, ask for fresh rows, spread over `MISSED_SPREAD`."""
    open_pages = [page for page in pages.all_pages() if room is None or room in page.rooms]
    for page in open_pages:
        page.last_before = NO_MESSAGE  # in case it is still loading
        for sid in tuple(page.sids):
            await core.sio.emit(MISSED, {"all": room is None}, to=sid)
        await asyncio.sleep(MISSED_SPREAD / len(open_pages))


def _is_from_here(scope: Scope, public_origin: str) -> bool:
    if scope["type"] != "websocket":
        return False
    headers = HTTPConnection(scope).headers
    origin, host = headers.get("origin"), headers.get("host")
    scheme = {"ws": "http", "wss": "https"}.get(scope.get("scheme", ""))
    if origin is None or origin not in {public_origin, f"{scheme}://{host}"}:
        return False
    # engine.io logs what it doesn't know in the other side's words.
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return (query.get("EIO"), query.get("transport"), query.get("sid")) == (
        ["4"],
        ["websocket"],
        None,
    )


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # not yet accepted: a 403
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": b"Only websockets are answered here."})


async def _connect(
    sid: str, environ: dict[str, Any], authenticate: Authenticate, flooded: Flooded
) -> None:
    connection: Connection = environ["asgi.scope"][_KEY]
    query = {name: v[0] for name, v in parse_qs(environ.get("QUERY_STRING", "")).items()}
    if not messages.is_greeting(query):
        raise Refused(PAGE_GONE)
    page = await _authenticated_page(environ["asgi.scope"], query["client_id"], authenticate)
    if not page.account.spend():  # connecting again and again counts as saying something, too
        raise Refused(TRY_LATER)
    if connection.is_over:
        # socket.io doesn't notice the end of a socket that it is still connecting, and would keep
        # it for good.
        raise Refused(PAGE_GONE)
    # From here to the handshake's end, nothing may happen in between unnoticed: a cut takes the
    # socket out of the table again, and then it is refused after all.
    page.sids.add(sid)
    _sockets[sid] = _Socket(page, connection)
    connection.spend_from(page.account, partial(flooded, page.session_id, page.user_id))
    connection.heard = page.way_for  # before what it says has been passed on
    try:
        await server._on_connect(sid, environ)
    except Exception as error:
        _unbind(sid)
        if not isinstance(error, Refused):
            log.exception("NiceGUI failed to connect a page")
        raise Refused(PAGE_GONE) from error
    if sid not in _sockets or connection.is_over:
        server._on_disconnect(sid)
        _unbind(sid)
        raise Refused(SIGNED_OUT)
    if query.get("implicit_handshake") == "true":
        await _greeted(sid, _sockets[sid])


async def _authenticated_page(scope: Scope, client_id: str, authenticate: Authenticate) -> OpenPage:
    page = pages.find(client_id)
    try:
        session_id = await _session_of(scope, page, authenticate)
    except RollcallError as error:
        log.warning("A page can't be connected now: %s", error)
        raise Refused(TRY_LATER) from error
    except Exception as error:
        log.exception("Checking a websocket's session failed")
        raise Refused(TRY_LATER) from error
    if session_id is None:
        raise Refused(SIGNED_OUT)
    page = pages.find(client_id)  # it may have been cut meanwhile
    if page is None or page.session_id != session_id:
        raise Refused(PAGE_GONE)
    if sum(len(other.sids) for other in pages.pages_of_sessions([session_id])) >= (
        SOCKETS_PER_SESSION
    ):
        log.warning("Session %s has %d sockets; one more refused", session_id, SOCKETS_PER_SESSION)
        raise Refused(TRY_LATER)
    logs.acting(page.user_id)
    return page


async def _session_of(
    scope: Scope, page: OpenPage | None, authenticate: Authenticate
) -> UUID | None:
    """The session of the cookie that fits the page's kind. For a page that is gone, any cookie will
    do, so that the browser loads the page again."""
    cookies = HTTPConnection(scope).cookies
    for kind in SessionKind if page is None else [page.kind]:
        session_id = await authenticate(session_token(cookies, kind))
        if session_id is not None:
            return session_id
    return None


async def _greeted(sid: str, socket: _Socket) -> None:
    socket.connection.finish()
    leftovers.drop_environment(core.sio.get_environ(sid))
    page = socket.page
    for room in page.rooms:
        await core.sio.enter_room(sid, room)
    if not page.is_present and last_message(page.rooms) != page.last_before:
        # A page that reconnects asks again by itself.
        await core.sio.emit(MISSED, {"all": True}, to=sid)
    rest.greeted()
    pages.arrived(page)


def _unbind(sid: str) -> _Socket | None:
    socket = _sockets.pop(sid, None)
    if socket is None:
        return None
    socket.page.sids.discard(sid)
    return socket


async def _disconnect(sid: str, reason: str | None = None) -> None:
    server._on_disconnect(sid)
    socket = _unbind(sid)
    if socket is None:
        return
    socket.connection.hang_up()  # a browser ends both at once
    page = socket.page
    said_goodbye = reason == core.sio.reason.CLIENT_DISCONNECT or socket.connection.is_left
    if page.sids or not said_goodbye:
        return
    pages.left(page)
    asyncio.get_running_loop().call_later(LEFT_GRACE, _forget_if_left, page)


def _forget_if_left(page: OpenPage) -> None:
    if page.has_left and pages.is_open(page):
        pages.delete_client(page)


async def _handshake(sid: str, *args: Any) -> bool:
    """The explicit handshake, sent by a page that was fetched ahead of a click."""
    socket, message = _heard(sid, args, messages.is_handshake)
    if socket is None:
        return False
    if not await server._on_handshake(sid, message) or sid not in _sockets:
        return False
    await _greeted(sid, socket)
    return True


async def _on_event(sid: str, *args: Any) -> None:
    """What somebody does on a page: at once if it ends somebody's access, otherwise in turn."""
    socket, message = _heard(sid, args, messages.is_event)
    if socket is None:
        return
    page, current = socket.page, runtime.current()
    way = page.way_for(message["listener_id"])
    if way is not None:
        with way.taken(), logs.about_event(page.user_id):
            server._on_event(sid, message)
        return
    events = current.part(Handling)
    if events.is_full_for(page.user_id):
        socket.connection.flood()
        return
    with await events.slot(page.user_id, page.account):
        await current.database.right_of_way.wait()
        client = Client.instances.get(page.client_id)
        # It may have been cut meanwhile. Who has only left the page wanted this to be done.
        if client is not None and pages.is_open(page):
            with logs.about_event(page.user_id):
                client.handle_event(message)


def _guarded(handler: Handler, check: Check) -> Callable[..., Awaitable[None]]:
    async def guarded(sid: str, *args: Any) -> None:
        socket, message = _heard(sid, args, check)
        if socket is not None:
            with logs.about_event(socket.page.user_id):
                handler(sid, message)

    return guarded


def _heard(sid: str, args: Any, check: Check) -> tuple[_Socket | None, dict[str, Any]]:
    """The socket and its message, if this socket may say this; otherwise none."""
    socket = _sockets.get(sid)
    if socket is None or len(args) != 1 or not isinstance(args[0], dict):
        return None, {}
    message = args[0]
    if message.get("client_id") != socket.page.client_id or not check(message, socket.page):
        log.debug("A socket's message was dropped")
        return None, {}
    return socket, message


def _log(sid: str, message: dict[str, Any]) -> None:
    """What the browser wants logged: one line, as plain text, of limited length."""
    text = message["message"][:LONGEST_LOG_MESSAGE]
    text = "".join(char if char.isprintable() else " " for char in text)
    log.log(
        messages.LEVELS[message["level"]],
        "A browser of user %s says: %s",
        _sockets[sid].page.user_id,
        text,
    )
