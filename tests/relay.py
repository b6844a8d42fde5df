"""A network between two ends that can be lost without either of them being told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self


class Relay:
    """A proxy that can go silent: what is sent is taken, and nothing answers, nor hangs up. It
    hangs up on who says `refused`."""

    def __init__(self) -> None:
        self.talks = asyncio.Event()
        self.talks.set()
        self.port = 0
        self.refused = b""

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self.talks.wait()
                if self.refused and self.refused in data:
                    break
                writer.write(data)
                await writer.drain()
            writer.close()

    @asynccontextmanager
    async def before(self, port: int) -> AsyncIterator[Self]:
        """Run it before a port of 127.0.0.1."""
        tasks = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self.talks.wait()
            theirs, ours = await asyncio.open_connection("127.0.0.1", port)
            for way in (self._pass_on(reader, ours), self._pass_on(theirs, writer)):
                tasks.add(asyncio.create_task(way))

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
