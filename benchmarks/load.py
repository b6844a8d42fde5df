"""The load: as many real websockets as asked for, in a process of its own.

It notes when each notice arrives by `time.perf_counter()`, which on Linux is the same clock in
every process of one machine (CLOCK_MONOTONIC).
"""

import asyncio
import json
import random
import re
import time
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit
from uuid import uuid4

import aiohttp
import socketio
import websockets

from benchmarks.processes import serve_commands

CLIENT_ID = re.compile(r"client_id\W{1,8}([0-9a-f-]{36})")
CONTENT_LENGTH = re.compile(r"\r\ncontent-length: (\d+)", re.IGNORECASE)
# How many pages are opened at once.
AT_ONCE = 10
# Seconds that a socket may take to be greeted while the machine opens many.
PATIENCE = 60
# What comes of asking a server that isn't there, or hasn't the time.
NO_ANSWER = (aiohttp.ClientConnectionError, TimeoutError, socketio.exceptions.ConnectionError)
# The bytes around a message of 126 bytes or more: engine.io's and socket.io's digit, and the header
# of a websocket frame (RFC 6455, section 5.2).
FRAMING = len("42") + 4


class Busy(Exception):  # noqa: N818 - what the server says
    """The server can't answer just now."""


async def _listen(socket: websockets.ClientConnection) -> None:
    async for _ in socket:
        pass


class Load:
    """The open sockets, and what has arrived on them."""

    def __init__(self) -> None:
        self.sockets: list[socketio.AsyncClient] = []
        self.arrived: list[tuple[float, str | None]] = []
        self.latest: list[Any] = []
        self.screens_hung: list[tuple[websockets.ClientConnection, asyncio.Task[None]]] = []

    async def bare(self, url: str, count: int) -> int:
        """Open sockets to the floor."""
        for _ in range(count):
            client = self._client("notice")
            await client.connect(url, transports=["websocket"], wait_timeout=PATIENCE)
            self.sockets.append(client)
        return len(self.sockets)

    async def pages(
        self,
        url: str,
        path: str,
        cookies: list[str],
        event: str,
        spread: float = 0.0,
        connections: int = AT_ONCE,
    ) -> float:
        """Open a page for each cookie, as a browser does: the HTML, then its socket.

        Each begins at a random moment within `spread` seconds, and tries again for as long as
        nothing answers. Their HTML comes over so many `connections`. Returns how many seconds it
        took until the last was open.
        """
        begun = time.perf_counter()
        gate = asyncio.Semaphore(len(cookies) if spread else AT_ONCE)
        async with aiohttp.ClientSession(
            url,
            connector=aiohttp.TCPConnector(limit=connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(PATIENCE),
        ) as http:

            async def open_one(token: str) -> None:
                await asyncio.sleep(random.random() * spread)
                async with gate:
                    while True:
                        try:
                            await self._open(http, url, path, token, event)
                        except (*NO_ANSWER, Busy):
                            await asyncio.sleep(0.5 + random.random())
                        else:
                            return

            await asyncio.gather(*(open_one(token) for token in cookies))
        return time.perf_counter() - begun

    async def _open(
        self, http: aiohttp.ClientSession, url: str, path: str, token: str, event: str
    ) -> None:
        cookie = f"rollcall={token}"
        async with http.get(path, headers={"Cookie": cookie}, allow_redirects=False) as page:
            if page.status == 503:  # a machine that others use, too
                raise Busy
            found = CLIENT_ID.search(await page.text())
        if found is None:
            raise RuntimeError(f"{path} answered {page.status}, without a page")
        client = self._client(event)
        await client.connect(
            f"{url}?client_id={found[1]}&tab_id={uuid4()}&document_id={uuid4()}"
            "&next_message_id=0&implicit_handshake=true",
            headers={"Cookie": cookie, "Origin": url},
            transports=["websocket"],
            socketio_path="/_nicegui_ws/socket.io",
            wait_timeout=PATIENCE,
        )
        self.sockets.append(client)

    async def screens(self, url: str, tokens: list[str]) -> int:
        """Open the sockets of this many screens, which listen and send nothing."""
        for token in tokens:
            socket = await websockets.connect(
                f"{url.replace('http', 'ws', 1)}/wall/socket?tab={uuid4().hex[:16]}",
                additional_headers={"Cookie": f"rollcall-screen={token}"},
                origin=websockets.Origin(url),
                compression=None,
            )
            self.screens_hung.append((socket, asyncio.create_task(_listen(socket))))
        return len(self.screens_hung)

    async def hang_up(self) -> None:
        """Close these sockets."""
        for socket, listening in self.screens_hung:
            listening.cancel()
            await socket.close()
        self.screens_hung.clear()

    async def wait(self, count: int, seconds: float = 60, about: str = "") -> dict[str, Any]:
        """Wait until so many notices have arrived (about one user); returns when, and the bytes of
        the last."""
        deadline = time.perf_counter() + seconds
        while len(self._about(about)) < count and time.perf_counter() < deadline:  # noqa: ASYNC110 - coarse on purpose
            await asyncio.sleep(0.005)
        message = json.dumps(self.latest, separators=(",", ":"), ensure_ascii=False).encode()
        answer = {"arrived": self._about(about), "size": len(message) + FRAMING}
        self.arrived = []
        return answer

    def _about(self, user_id: str) -> list[float]:
        return [at for at, about in self.arrived if not user_id or about == user_id]

    async def sign_in(
        self, url: str, path: str, emails: list[str], password: str, seconds: float, at_once: int
    ) -> float:
        """Sign in again and again for so long, `at_once` at a time; returns how many a second."""
        done = 0
        begun = time.perf_counter()
        target = urlsplit(url)

        async def one_after_the_other(number: int) -> None:
            nonlocal done
            reader, writer = await asyncio.open_connection(target.hostname, target.port)
            turn = number
            while time.perf_counter() - begun < seconds:
                form = urlencode({"email": emails[turn % len(emails)], "password": password})
                status = await _post(reader, writer, target, path, form)
                if status != 303:
                    raise RuntimeError(f"A sign-in was answered with {status}")
                done += 1
                turn += at_once
            writer.close()

        await asyncio.gather(*(one_after_the_other(number) for number in range(at_once)))
        return done / (time.perf_counter() - begun)

    async def sign_in_times(
        self, url: str, path: str, email: str, password: str, count: int
    ) -> list[float]:
        """Sign in so many times, one after the other; returns how many seconds each took."""
        took = []
        target = urlsplit(url)
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        form = urlencode({"email": email, "password": password})
        for _ in range(count):
            begun = time.perf_counter()
            status = await _post(reader, writer, target, path, form)
            if status != 303:
                raise RuntimeError(f"A sign-in was answered with {status}")
            took.append(time.perf_counter() - begun)
        writer.close()
        return took

    async def close(self, count: int | None = None) -> int:
        """Close every socket, or so many of the oldest."""
        count = len(self.sockets) if count is None else count
        closing, self.sockets = self.sockets[:count], self.sockets[count:]
        for client in closing:
            if client.connected:
                await client.eio.send("1")  # socket.io's goodbye, as from a browser
        await asyncio.sleep(0.05)
        await asyncio.gather(*(client.disconnect() for client in closing))
        return len(closing)

    async def forget_closed(self) -> None:
        """Drop the sockets that the server has closed."""
        self.sockets = [client for client in self.sockets if client.connected]

    async def pause(self, seconds: float) -> None:
        """Do nothing for so long."""
        await asyncio.sleep(seconds)

    def _client(self, event: str) -> socketio.AsyncClient:
        client = socketio.AsyncClient(
            reconnection=False,
            websocket_extra_options={"compress": 15},  # what a browser offers
        )
        if event:

            def arrived(data: Any = None) -> None:
                about = data.get("now", {}).get("id") if isinstance(data, dict) else None
                self.arrived.append((time.perf_counter(), about))
                self.latest = [event, data]

            client.on(event, arrived)
        return client


async def _post(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    to: SplitResult,
    path: str,
    form: str,
) -> int:
    """Send a form, and read its answer to the end: a client's work takes cores from the server, and
    this takes a tenth of what httpx does."""
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: {to.netloc}\r\nOrigin: {to.geturl()}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\n\r\n{form}".encode()
    )
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = CONTENT_LENGTH.search(head)
    await reader.readexactly(int(length[1]) if length else 0)
    return int(head.split(" ", 2)[1])


async def main() -> None:
    load = Load()
    await serve_commands(load)
    await load.close()


if __name__ == "__main__":
    asyncio.run(main())
