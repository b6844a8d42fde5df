"""A client without HTTP: it sends bytes, and waits for the answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.browser.waiting import PATIENCE


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Send these bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def until_closed(self) -> bytes:
        """What comes until the server closes."""
        came = b""
        async with asyncio.timeout(PATIENCE):
            try:
                while piece := await self.reader.read(65536):
                    came += piece
            except ConnectionResetError:
                pass  # closed with something unread: as good
        return came

    async def until_a_close_frame(self) -> None:
        """Read until a websocket's close comes, and answer it, as browsers do: the server then
        doesn't wait ten seconds for the answer. It may have gone by itself: that is no error."""
        await asyncio.wait_for(self.reader.readuntil(b"\x88"), PATIENCE)
        self.writer.write(b"\x88\x80" + bytes(4))

    async def heads(self) -> bytes:
        """What comes up to the end of a head."""
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)

    def hang_up(self) -> None:
        """Close the connection at once, whatever is being sent."""
        self.writer.transport.abort()


@asynccontextmanager
async def line(url: str) -> AsyncIterator[Line]:
    """Connect to the server under this url."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Line(reader, writer)
    finally:
        writer.transport.abort()


def request(url: str, first: str, *headers: str, close: bool = True) -> bytes:
    """A request's head, for the server under this url."""
    lines = [first, f"Host: {urlsplit(url).netloc}", f"Origin: {url}", *headers]
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
