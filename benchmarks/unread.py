"""A page's websocket that speaks and never reads: what it is told piles up at the server."""

import asyncio
import json
import socket
from typing import Any, Self
from urllib.parse import urlsplit

from websockets.frames import Frame, Opcode

# Bytes that the system, and then this program, takes from a connection before nothing more fits.
ROOM = 4096
# What a page's socket says first (socket.io), and its head.
GREETING = "40"
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class Unread:
    """The websocket. It has what a flood uses of `socketio.AsyncClient`."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    @classmethod
    async def connect(cls, url: str, query: str, headers: dict[str, str]) -> Self:
        """Open it, as a browser does, and read nothing more once it is accepted."""
        to = urlsplit(url)
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (to.hostname, to.port))
        # Beyond twice the limit nothing is read from the connection.
        reader, writer = await asyncio.open_connection(sock=made, limit=ROOM)
        path = f"/_nicegui_ws/socket.io/?EIO=4&transport=websocket&{query}"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(UPGRADE.format(path=path, host=to.netloc, headers=lines).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(f"The socket was answered with {head.decode()}")
        unread = cls(writer)
        unread._say(GREETING)
        return unread

    @property
    def connected(self) -> bool:
        """Whether it is open, as far as can be told without reading."""
        return not self._writer.is_closing()

    async def emit(self, event: str, data: dict[str, Any]) -> None:
        """Say an event; it waits in this process while the server doesn't read."""
        self._say("42" + json.dumps([event, data]))

    async def disconnect(self) -> None:
        """Close it without a word."""
        self._writer.transport.abort()

    def _say(self, text: str) -> None:
        self._writer.write(Frame(Opcode.TEXT, text.encode()).serialize(mask=True))
