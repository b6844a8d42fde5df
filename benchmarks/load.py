"""The load: as many real websockets as asked for, in a process of its own.

It notes when each notice arrives by `time.perf_counter()`, which on Linux is the same clock in
every process of one machine (CLOCK_MONOTONIC).
"""

import asyncio
import json
import re
import time
from typing import Any
from uuid import uuid4

import httpx
import socketio

from benchmarks.processes import commands, reply

CLIENT_ID = re.compile(r"client_id\W{1,8}([0-9a-f-]{36})")
# How many pages are opened at once.
AT_ONCE = 20
# Seconds that a socket may take to be greeted while the machine opens many.
PATIENCE = 30


class Load:
    """The open sockets, and what has arrived on them."""

    def __init__(self) -> None:
        self.sockets: list[socketio.AsyncClient] = []
        self.arrived: list[float] = []
        self.sizes: list[int] = []

    async def bare(self, url: str, count: int) -> int:
        """Open sockets to the floor."""
        for _ in range(count):
            client = self._client("notice")
            await client.connect(url, transports=["websocket"], wait_timeout=PATIENCE)
            self.sockets.append(client)
        return len(self.sockets)

    async def pages(self, url: str, path: str, cookies: list[str], event: str) -> int:
        """Open a page for each cookie, as a browser does: the HTML, then its socket."""
        gate = asyncio.Semaphore(AT_ONCE)
        async with httpx.AsyncClient(base_url=url, timeout=60) as http:

            async def open_one(token: str) -> None:
                async with gate:
                    cookie = f"rollcall={token}"
                    page = await http.get(path, headers={"Cookie": cookie})
                    found = CLIENT_ID.search(page.text)
                    if found is None:
                        raise RuntimeError(f"{path} answered {page.status_code}, without a page")
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

            await asyncio.gather(*(open_one(token) for token in cookies))
        return len(self.sockets)

    async def wait(self, count: int, seconds: float = 30) -> dict[str, Any]:
        """Wait until so many notices have arrived; returns when, and the payload's bytes."""
        deadline = time.perf_counter() + seconds
        while len(self.arrived) < count and time.perf_counter() < deadline:  # noqa: ASYNC110 - coarse on purpose
            await asyncio.sleep(0.005)
        answer = {"arrived": self.arrived, "size": max(self.sizes, default=0)}
        self.arrived, self.sizes = [], []
        return answer

    async def close(self) -> int:
        """Close every socket."""
        closing, self.sockets = self.sockets, []
        await asyncio.gather(*(client.disconnect() for client in closing))
        return len(closing)

    def _client(self, event: str) -> socketio.AsyncClient:
        client = socketio.AsyncClient(reconnection=False)

        def arrived(data: Any = None) -> None:
            self.arrived.append(time.perf_counter())
            self.sizes.append(len(json.dumps(data, separators=(",", ":"))))

        client.on(event, arrived)
        return client


async def main() -> None:
    load = Load()
    reply("ready")
    lines = await commands()
    while line := await lines.readline():
        command: dict[str, Any] = json.loads(line)
        reply(await getattr(load, command.pop("do"))(**command))
    await load.close()


if __name__ == "__main__":
    asyncio.run(main())
