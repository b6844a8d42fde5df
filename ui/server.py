"""Puts the pages together into one application, and serves it."""

import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from nicegui import ui

from services.core.errors import OperatorError
from services.core.settings import Settings
from services.database import runtime
from services.operations import setup
from services.operations.workers import working
from services.sessions import sessions
from ui import assets, live, notices, pages, public, shared_feed, sweep, undecided, wall, work_feed
from ui.components.shell import Shell
from ui.door import MOST_CONNECTIONS, Door, Listener, connections_within, raise_descriptor_limit
from ui.framed_errors import render_framed
from ui.headers import Compression, harden
from ui.listener import WebServer, listen, web_server
from ui.shortcut import add_shortcut

FAVICON = Path(__file__).parent / "static" / "favicon.svg"
HEAD = (
    f'<script src="{assets.url_of("theme.js")}"></script>'
    f'<link rel="stylesheet" href="{assets.STYLE_URL}">'
    f'<script src="{assets.url_of("live.js")}" defer></script>'
    f'<script src="{assets.url_of("translated.js")}" defer></script>'
    # What each page imports, which the browser would find out only from the scripts that do.
    f"{Shell.preload()}"
)
# The modules that tell the open pages.
FEEDS = (sweep, undecided, notices, work_feed, shared_feed, wall)
# For this many seconds a page may stay away (a closed lid, a restarted proxy) before it is
# forgotten.
RECONNECT_TIMEOUT = 30
# For this many seconds the event loop's thread may keep the interpreter where another thread waits
# for it, and the other way round. An act waits for it at each of its statements, some twenty, if a
# thread draws a QR code, and a commit on SQLite is made by a thread, which waits for it twice.
# Python's own figure is 5 ms.
SWITCH_SECONDS = 0.0001


def create_app(settings: Settings, door: Door | None = None) -> FastAPI:
    """Everything that answers HTTP and websockets, for the Rollcall that was started. Both come
    through the `door`."""
    door = door or Door(MOST_CONNECTIONS)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        forever = [
            asyncio.create_task(work()) for work in (sweep.compare_forever, wall.tell_forever)
        ]
        live.quiet_gc()
        live.slow_pings()
        async with working():
            yield
        for work in forever:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.get("/static/{name}", include_in_schema=False)(assets.asset)
    public.register(app)
    wall.register(app)
    pages.register()
    for feed in FEEDS:
        feed.subscribe(runtime.current().bus)
    live.without_process_pool()
    live.install(
        sessions.find_session_id,
        public_url=settings.public_url,
        most_unfinished=min(live.MOST_UNFINISHED, door.limit // 4),
    )
    ui.add_head_html(HEAD, shared=True)
    ui.run_with(
        app,
        title="Rollcall",
        favicon=FAVICON,
        dark=None,
        language="en-GB",
        tailwind=False,
        reconnect_timeout=RECONNECT_TIMEOUT,
        binding_refresh_interval=None,
        gzip_middleware_factory=None,  # compressed once, outside of what rewrites the pages
        show_welcome_message=False,
    )
    live.without_middlewares()
    live.without_redirects()
    add_shortcut(app)
    live.plain_errors(render_framed, public.STATUSES)
    harden(
        app,
        public_url=settings.public_url,
        trusted_proxies=settings.trusted_proxies,
        most_of_file=settings.most_of_file,
        render=public.render_error,
        in_turn=live.InTurn,
        carries=door.carries,
    )
    # The highest level takes three times as long, for a thirtieth less.
    app.add_middleware(Compression, minimum_size=500, compresslevel=4)
    return app


def door_within(descriptors: int) -> Door:
    """The door of a process that may open so many files. It is shut while an act of this process
    is given way."""

    def is_given_way() -> bool:
        running = runtime.find_current()  # connections may outlast it at a stop
        return running is not None and running.database.right_of_way.is_given

    return Door(connections_within(descriptors), is_given_way)


@dataclass
class Served:
    """What a Rollcall is served with."""

    server: WebServer
    listener: Listener
    room: str
    """How many connections there is room for, as a sentence."""


def prepare(settings: Settings) -> Served:
    """What the Rollcall that was started is served with; the event loop has to run. Raises
    `OperatorError` if the port isn't available."""
    descriptors = raise_descriptor_limit()
    door = door_within(descriptors)
    listener = Listener(door, _listen(settings))
    asyncio.get_running_loop().set_exception_handler(door.handle_shortage)
    sys.setswitchinterval(SWITCH_SECONDS)
    server = web_server(create_app(settings, door), door)
    room = f"Room for {door.limit:,} connections: this process may open {descriptors:,} files."
    return Served(server, listener, room)


async def serve(settings: Settings, say: Callable[[str], None]) -> int:
    """Serve until a signal says to stop; returns the exit status. Raises `OperatorError` if the
    port isn't available."""
    served = prepare(settings)
    say(f"Rollcall serves on {settings.public_url}")
    say(served.room)
    if settings.admin_email and settings.admin_password:
        await setup.create_platform_admin(
            settings.admin_email,
            settings.admin_password.get_secret_value(),
            tenant_name=settings.admin_tenant,
            only_first=True,
        )
    link = await setup.setup_url()
    if link is not None:
        say(f"Set it up here (works once):\n  {link}")
    # Uvicorn stops on these signals, then raises them once more for the handlers that it found: by
    # then only our own clean-up is left. A signal that comes before uvicorn listens to them makes
    # it stop as soon as it has started.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda _signal, _frame: served.server.stop())
    await served.server.serve(sockets=[served.listener])
    return 0


def _listen(settings: Settings) -> socket.socket:
    try:
        return listen(settings.host, settings.port)
    except OSError as error:
        # The system's own words; to those of `create_server` the address is added once more.
        why = (
            error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        )
        raise OperatorError(
            f"Can't listen on {settings.host}, port {settings.port}: {why}. {_mend(error)}"
        ) from error


def _mend(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "Stop what uses it, or set ROLLCALL_PORT."
    if error.errno == errno.EACCES:
        return "Low ports are for root: set ROLLCALL_PORT to 1024 or more, and lead a proxy there."
    return "Set ROLLCALL_HOST to an address of this machine, or to 0.0.0.0 or :: for all it has."
