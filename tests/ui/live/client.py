"""A hand-written browser for `harness.py`: HTTP, and a socket that the test controls."""

import asyncio
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, Self
from uuid import uuid4

import httpx
import socketio
import websockets

from tests.browser.forks import Forked, fork
from tests.browser.waiting import PATIENCE
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
SERVE = "import sys; from tests.ui.live.harness import main; sys.exit(main({port}))"
COOKIE = "rollcall"
# How long a page that doesn't answer is silent.
IGNORES_MS = 30_000
SOCKET_PATH = "/_nicegui_ws/socket.io"
# What a dialog is told that is open, and is opened for the next thing.
OPENED_AGAIN = re.compile(r'runMethod\((\d+), "open", \[\{"number": ?(\d+)')
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&#96;", "`"), ("&#36;", "$"), ("&amp;", "&"))


@contextmanager
def harness(log: Path) -> Iterator[str]:
    """Run the harness on a free port; gives its address. What it logs goes to a file."""
    port = free_port()
    base = f"http://localhost:{port}"
    with log.open("wb") as output:
        process = fork(ROOT, os.environ, output, SERVE.format(port=port))
        try:
            _wait_for(base, process, log)
            yield base
        finally:
            process.end()


def _wait_for(base: str, process: Forked, log: Path) -> None:
    deadline = time.monotonic() + 3 * PATIENCE  # that it loads everything takes a while
    while time.monotonic() < deadline and process.returncode is None:
        try:
            httpx.get(f"{base}/login", timeout=60)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the harness did not start:\n{log.read_text()}")


class Browser(Protocol):
    """Who a page was opened by: what its socket needs to know of them."""

    base: str
    sockets: list[socketio.AsyncClient]

    @property
    def headers(self) -> dict[str, str]:
        """What this browser sends with a websocket's upgrade."""


class Person:
    """Somebody signed in, in a browser of their own."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = httpx.AsyncClient(base_url=base, headers={"Origin": base}, timeout=60)
        self.session = ""
        self.sockets: list[socketio.AsyncClient] = []

    async def __aenter__(self) -> Self:
        """Sign in."""
        self.session = (await self.http.get("/enter")).headers["x-session"]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what is open. (A socket that is left to the end of its event loop may hold that up
        for as long as the server's pings are apart.)"""
        for sio in self.sockets:
            if sio.connected:
                await sio.disconnect()
        await self.http.aclose()

    @property
    def headers(self) -> dict[str, str]:
        """What this browser sends with a websocket's upgrade."""
        return {"Cookie": f"{COOKIE}={self.session}", "Origin": self.base}

    async def page(self) -> "Page":
        """Fetch a page's HTML."""
        return Page(self, (await self.http.get("/page")).text)

    async def connected_page(self) -> "Page":
        """Open a page."""
        return await (await self.page()).connect()

    async def end(self, within: float = PATIENCE) -> dict[str, Any]:
        """End the session; returns the receipt. Pages have so many seconds to answer: many, so that
        a busy machine's are heard, too."""
        asked: dict[str, str | float] = {"session": self.session, "within": within}
        answer = await self.http.post("/control/end", params=asked, timeout=2 * PATIENCE)
        return dict(answer.json())

    async def state(self) -> dict[str, Any]:
        """What the server holds."""
        return dict((await self.http.get("/control/state")).json())


class Page:
    """One page, as its HTML describes it."""

    def __init__(self, browser: Browser, html: str) -> None:
        self.browser = browser
        found = re.search(r"""["']client_id["']: ?["']([^"']+)""", html)
        elements = re.search(r"String\.raw`(.*?)`", html, re.DOTALL)
        assert found, html
        assert elements, html
        self.client_id = found[1]
        text = elements[1]
        for entity, character in ENTITIES:
            text = text.replace(entity, character)
        self.elements = json.loads(text)
        self.tab_id, self.document_id = str(uuid4()), str(uuid4())
        self.received: list[tuple[Any, ...]] = []
        self.closed = asyncio.Event()
        self.sio = socketio.AsyncClient(reconnection=False)

    def _update(self, changed: dict[str, Any]) -> None:
        for element_id, element in changed.items():
            if element is None:
                self.elements.pop(element_id, None)
            elif element_id != "_id":
                self.elements[element_id] = element

    def query(self, implicit: bool = True) -> str:
        """The query of the page's socket."""
        return (
            f"client_id={self.client_id}&tab_id={self.tab_id}&document_id={self.document_id}"
            f"&next_message_id=0&implicit_handshake={str(implicit).lower()}"
        )

    def event(self, button: str = "Act") -> dict[str, Any]:
        """A click on a button."""
        for element_id, element in self.elements.items():
            if element.get("props", {}).get("label") == button:
                listener_id = element["events"][0]["listener_id"]
                return {
                    "id": int(element_id),
                    "client_id": self.client_id,
                    "listener_id": listener_id,
                    "args": [],
                }
        raise KeyError(button)

    async def connect(
        self,
        headers: dict[str, str] | None = None,
        *,
        query: str | None = None,
        answers: bool = True,
    ) -> Self:
        """Connect the socket; raises `socketio.exceptions.ConnectionError` where it is refused."""
        self.sio = sio = socketio.AsyncClient(reconnection=False)
        self.browser.sockets.append(sio)

        async def receive(event: str, *args: Any) -> None:
            self.received.append((event, *args))
            if event == "update":
                self._update(args[0])
            if event == "run_javascript" and (again := OPENED_AGAIN.search(args[0]["code"])):
                self.elements[again[1]]["props"]["opening"]["number"] = int(again[2])
            if event == "rollcall_cut" and not answers:
                await asyncio.sleep(IGNORES_MS / 1000)

        sio.on("*", receive)
        sio.on("disconnect", lambda *_: self.closed.set())
        await sio.connect(
            f"{self.browser.base}/?{query or self.query()}",
            headers=self.browser.headers if headers is None else headers,
            transports=["websocket"],
            socketio_path=SOCKET_PATH,
            wait_timeout=PATIENCE,
        )
        return self

    async def click(self, button: str = "Act") -> None:
        """Click, over the socket."""
        await self.sio.emit("event", self.event(button))

    def raw(self, headers: dict[str, str] | None = None, query: str | None = None) -> Any:
        """The socket as bytes, with nothing said yet."""
        base = self.browser.base.replace("http", "ws", 1)
        return websockets.connect(
            f"{base}{SOCKET_PATH}/?EIO=4&transport=websocket&{query or self.query()}",
            additional_headers=self.browser.headers if headers is None else headers,
        )


async def seconds_until_closed(connection: Any, at_most: float) -> float | None:
    """How long until the server closes the connection; none where it doesn't."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(at_most):
            while True:
                await connection.recv()
    except websockets.ConnectionClosed:
        return time.monotonic() - begun
    except TimeoutError:
        return None
