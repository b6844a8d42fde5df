"""A load client that floods: every event of its pages, again and again, as a script would."""

import asyncio
import json
import random
import re
import time
from collections.abc import Sequence
from itertools import cycle
from typing import Any
from uuid import uuid4

import aiohttp
import httpx
import socketio

from benchmarks import strangers
from benchmarks.load import CLIENT_ID, PATIENCE
from benchmarks.processes import serve_commands
from benchmarks.unread import Unread

ELEMENTS = re.compile(r"String\.raw`(.*?)`", re.DOTALL)
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&#96;", "`"), ("&#36;", "$"), ("&amp;", "&"))
# Events after which the page has other buttons, which a flooder wants to keep; and those that each
# page has and nothing is done for: a toast's button when there is none, and NiceGUI's own of pages
# within pages.
LEFT_OUT = {"stale", "closed", "action", "sub_pages_open", "sub_pages_navigate"}
# Where a task is dragged to.
LANES = ("in_progress", "done")
# Seconds between two looks at the clock, where a pace is kept.
TICK = 0.02


class Flooding:
    """The pages of a flood, and what they send."""

    def __init__(self) -> None:
        self.pages: list[tuple[socketio.AsyncClient | Unread, list[dict[str, Any]]]] = []
        self.task: asyncio.Task[None] | None = None
        self.sent = 0
        self.http: aiohttp.ClientSession | None = None
        self.asked_for: tuple[str, list[str], dict[str, str]] = ("", [], {})

    async def open(
        self,
        url: str,
        paths: list[str],
        cookie: str,
        pages: int,
        about: str,
        task: str = "",
        others: Sequence[str] = (),
        *,
        reads: bool = True,
    ) -> int:
        """Open so many pages of one session, of these paths in turn; returns how many events they
        have. What can be said about somebody is said about this user, and about a task, this.
        `others` are paths that are asked for beside those of the pages (`request`). What the pages
        are told is read, or stays with the server."""
        self.http = self.http or aiohttp.ClientSession()
        headers = {"Cookie": cookie, "Origin": url}
        self.asked_for = (url, [*paths[:pages], *others], dict(headers))
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, headers=headers) as http:
            for _, path in zip(range(pages), cycle(paths), strict=False):
                html = (await http.get(path)).text
                client_id, elements = CLIENT_ID.search(html), ELEMENTS.search(html)
                if client_id is None or elements is None:
                    raise RuntimeError(f"{path} has no page")
                connect = self._connect if reads else Unread.connect
                sio = await connect(
                    url,
                    f"client_id={client_id[1]}&tab_id={uuid4()}&document_id={uuid4()}"
                    "&next_message_id=0&implicit_handshake=true",
                    headers,
                )
                self.pages.append((sio, _events(elements[1], client_id[1], about, task)))
        return sum(len(events) for _, events in self.pages)

    async def begin(self, pace: float, order: str) -> None:
        """Send so many events a second from all pages together, in turns; those of a page are
        shuffled, and each `order` is the same whenever it is asked for."""
        self.sent = 0
        chance = random.Random(order)
        for _, events in self.pages:
            chance.shuffle(events)
        self.task = asyncio.create_task(self._flood(pace))

    async def request(self, connections: int) -> None:
        """Ask for all paths again and again, over so many connections at once."""
        self.sent = 0
        self.task = asyncio.create_task(self._request(connections))

    async def knock(self, url: str, slug: str, kind: str, connections: int) -> None:
        """Ask for what strangers may ask for, of one kind, over so many connections."""
        self.sent = 0
        self.task = asyncio.create_task(
            strangers.knock(url, slug, kind, connections, self._note_one)
        )

    async def end(self) -> dict[str, int]:
        """Stop, and close the pages; tells how many events were sent, and how many pages had been
        closed by the server."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        closed = sum(not sio.connected for sio, _ in self.pages)
        await asyncio.gather(*(sio.disconnect() for sio, _ in self.pages), return_exceptions=True)
        self.pages = []
        if self.http is not None:
            await self.http.close()
            self.http = None
        return {"sent": self.sent, "closed": closed}

    async def _connect(self, url: str, query: str, headers: dict[str, str]) -> socketio.AsyncClient:
        sio = socketio.AsyncClient(reconnection=False, http_session=self.http)
        await sio.connect(
            f"{url}?{query}",
            headers=dict(headers),  # which it takes the cookie out of
            transports=["websocket"],
            socketio_path="/_nicegui_ws/socket.io",
            wait_timeout=PATIENCE,
        )
        return sio

    def _note_one(self) -> None:
        self.sent += 1

    async def _request(self, connections: int) -> None:
        url, paths, headers = self.asked_for
        limits = httpx.Limits(max_connections=connections)
        async with httpx.AsyncClient(
            base_url=url, timeout=PATIENCE, headers=headers, limits=limits
        ) as http:

            async def again_and_again(path: str) -> None:
                while True:
                    self.sent += 1
                    await http.get(path)

            turns = cycle(paths)
            await asyncio.gather(*(again_and_again(next(turns)) for _ in range(connections)))

    async def _flood(self, pace: float) -> None:
        begun = time.perf_counter()
        turns = cycle([(sio, cycle(events)) for sio, events in self.pages if events])
        while any(sio.connected for sio, _ in self.pages):
            due = (time.perf_counter() - begun) * pace
            while self.sent < due:
                sio, events = next(turns)
                self.sent += 1
                if sio.connected:
                    await sio.emit("event", next(events))
            await asyncio.sleep(TICK)


def _events(text: str, client_id: str, about: str, task: str) -> list[dict[str, Any]]:
    """One of each event that a page's elements take; of acts, one of each kind."""
    for entity, character in ENTITIES:
        text = text.replace(entity, character)
    said: dict[str, list[dict[str, Any]]] = {
        "toggle": [{"id": about, "active": True, "version": 10**9}],
        "query": [{"q": "a", "seq": 1}],
        "find": [{"words": "a", "seq": 1}],
        "act": [
            *({"act": act, "body": "Said again"} for act in ("comment", "post")),
            {"act": "move", "id": task, "version": 1},
            *({"act": "status", "id": task, "status": to, "version": 1} for to in LANES),
            *({"act": act, "id": task, "version": 1} for act in ("done", "accept")),
        ],
    }
    return [
        {
            "id": int(element_id),
            "client_id": client_id,
            "listener_id": event["listener_id"],
            "args": [] if event["type"] == "click" else [json.dumps(what)],
        }
        for element_id, element in json.loads(text).items()
        for event in element.get("events", [])
        if event["type"] not in LEFT_OUT
        for what in said.get(event["type"], [{}])
    ]


async def main() -> None:
    await serve_commands(Flooding())


if __name__ == "__main__":
    asyncio.run(main())
