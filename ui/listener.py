"""What Rollcall listens with: one kind of socket and one web server, for the product, its tests and
its benchmarks, so that all of them meet the same."""

import asyncio
import socket
import time
from email.utils import formatdate
from functools import partial
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from ui.door import MOST_CONNECTIONS, Door
from ui.protocol import KEPT_OPEN, TimedProtocol
from ui.websocket import GuardedWebSocket

# How many connections may wait to be accepted; the system may have a lower limit (Linux,
# somaxconn).
BACKLOG = 2048
# How many seconds open requests get at a stop.
SHUTDOWN_TIMEOUT = 10
# How many seconds after a stop new requests are still taken in: some are still on their way.
ARRIVING = 0.1
# The longest websocket message, in bytes: the largest form, with room to spare.
LONGEST_MESSAGE = 64 * 1024


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises `OSError` if it isn't available. On `::` it listens for IPv4, too.

    Its accepted connections send at once what is written to them (TCP_NODELAY): asyncio sets that
    if a socket's protocol is given as TCP, which `socket.create_server` leaves open. Without it,
    the second of two short writes waits for the client's acknowledgement of the first, which takes
    40 ms on Linux.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    made = socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
    return socket.socket(made.family, made.type, socket.IPPROTO_TCP, fileno=made.detach())


class _State(ServerState):
    """What uvicorn's connections share. The date of their answers is looked up when one is given,
    so that nothing has to wake for it."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._config = config
        self._second, self._dated = 0, list[tuple[bytes, bytes]]()
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of every answer."""
        second = int(time.time())
        if second != self._second:
            date = formatdate(second, usegmt=True).encode()
            self._second, self._dated = second, [(b"date", date), *self._config.encoded_headers]
        return self._dated

    @default_headers.setter
    def default_headers(self, _headers: list[tuple[bytes, bytes]]) -> None:
        """What uvicorn sets each second isn't needed."""


class WebServer(uvicorn.Server):
    """Uvicorn looks ten times a second whether it has to stop, and at the time. This one is woken
    to stop, and sleeps until then."""

    def __init__(self, config: uvicorn.Config, door: Door) -> None:
        super().__init__(config)
        self.server_state = _State(config)
        self._door = door
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Have `serve` end as soon as the open requests have ended."""
        self.should_exit = True
        self._stopping.set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop because of a signal, whatever the loop is waiting for at this moment."""
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        """Wait for the stop."""
        self._loop = asyncio.get_running_loop()
        if not self.should_exit:
            await self._stopping.wait()
        await asyncio.sleep(ARRIVING)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more connections, and end when the open requests have ended."""
        self._door.close()
        await super().shutdown(sockets)


def web_server(app: ASGIApp, door: Door | None = None) -> WebServer:
    """The server for an application: `await web_server(app).serve(sockets=[listen(…)])`.

    The product limits its connections by a `door`, through which it also listens (`ui.door`).
    """
    door = door or Door(MOST_CONNECTIONS)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # `harden` believes only trusted proxies
        server_header=False,
        ws_max_size=LONGEST_MESSAGE,
        # It would cost each open page 50 KiB, and compress a patch of 250 bytes again for each
        # page.
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # engine.io has pings of its own
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
        timeout_keep_alive=KEPT_OPEN,
        http=partial(TimedProtocol, door),  # type: ignore[arg-type] # it is only called
        ws=partial(GuardedWebSocket, door),  # type: ignore[arg-type]  # as above
    )
    return WebServer(config, door)
