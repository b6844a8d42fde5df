"""A browser without a screen: HTTP and a page's websocket, and when each answer has arrived."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp
from yarl import URL

CLIENT_ID = re.compile(r"""["']client_id["']: ?["']([^"']+)""")
ELEMENTS = re.compile(r"String\.raw`(.*?)`", re.DOTALL)
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&#96;", "`"), ("&#36;", "$"), ("&amp;", "&"))
# Seconds that an answer may take.
PATIENCE = 30
Values = dict[str, Any]


class Visitor:
    """Somebody with a browser of their own, at one Rollcall."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._http = aiohttp.ClientSession(
            base,
            headers={"Origin": base},
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # which an address of numbers needs
            timeout=aiohttp.ClientTimeout(PATIENCE),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def get(self, path: str) -> tuple[int, str]:
        """Ask for a page: its status and its body."""
        async with self._http.get(path, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def sign_in(self, path: str, email: str, password: str) -> None:
        """Sign in."""
        form = {"email": email, "password": password}
        async with self._http.post(path, data=form, allow_redirects=False) as answer:
            if answer.status != 303:
                raise RuntimeError(f"The sign-in of {email} was answered with {answer.status}")

    def enter(self, token: str) -> None:
        """Use a session that was begun elsewhere, by its cookie's token."""
        self._http.cookie_jar.update_cookies({"rollcall": token}, URL(self.base))

    async def open(self, path: str) -> "Page":
        """Open a page, as a browser does: its HTML, then its websocket."""
        status, html = await self.get(path)
        client_id, elements = CLIENT_ID.search(html), ELEMENTS.search(html)
        if client_id is None or elements is None:
            raise RuntimeError(f"{path} answered {status}, without a page")
        query = (
            f"client_id={client_id[1]}&tab_id={uuid4()}&document_id={uuid4()}"
            "&next_message_id=0&implicit_handshake=true"
        )
        socket = await self._http.ws_connect(
            f"/_nicegui_ws/socket.io/?EIO=4&transport=websocket&{query}"
        )
        text = elements[1]
        for entity, character in ENTITIES:
            text = text.replace(entity, character)
        return await Page(client_id[1], json.loads(text), socket).greet()


class Page:
    """An open page: what it shows, and what its socket is told."""

    def __init__(
        self, client_id: str, elements: Values, socket: aiohttp.ClientWebSocketResponse
    ) -> None:
        self._client_id = client_id
        self._elements = elements
        self._socket = socket
        self._told: asyncio.Queue[tuple[float, str]] = asyncio.Queue()
        self._listening: asyncio.Task[None] | None = None

    async def greet(self) -> Self:
        """Connect, as socket.io does."""
        await self._socket.receive_str(timeout=PATIENCE)  # engine.io's greeting
        await self._socket.send_str("40")
        await self._socket.receive_str(timeout=PATIENCE)
        self._listening = asyncio.create_task(self._listen())
        return self

    async def _listen(self) -> None:
        async for message in self._socket:
            at = time.perf_counter()
            if message.data == "2":
                await self._socket.send_str("3")
            elif message.data.startswith("42"):
                event, *values = json.loads(message.data[2:])
                if event == "update":
                    self._elements |= values[0]
                text = json.dumps([event, *values], separators=(",", ":"), ensure_ascii=False)
                self._told.put_nowait((at, text.replace("\\", "")))  # some are JSON within JSON

    async def act(self, kind: str, values: Any = None, **props: Any) -> float:
        """Send the event that a part of the page with these properties would send; returns when."""
        shown = {n: element for n, element in self._elements.items() if isinstance(element, dict)}
        for number, element in shown.items():
            if not _has(element, props):
                continue
            for listener in element.get("events", ()):
                if listener["type"] == kind:
                    if kind == "submit" and "opening" in element["props"]:  # a dialog's
                        values = {**values, "about:opening": element["props"]["opening"]["number"]}
                    event = {
                        "id": int(number),
                        "client_id": self._client_id,
                        "listener_id": listener["listener_id"],
                        "args": [] if values is None else [json.dumps(values)],
                    }
                    at = time.perf_counter()
                    await self._socket.send_str("42" + json.dumps(["event", event]))
                    return at
        raise RuntimeError(f"The page has nothing for {kind}")

    async def close(self, **props: Any) -> None:
        """Say that a dialog with these properties is closed, as it does; it is gone then."""
        await self.act("closed", **props)
        self._elements = {
            number: element
            for number, element in self._elements.items()
            if not (isinstance(element, dict) and _has(element, props))
        }

    async def leave(self) -> None:
        """Say goodbye, as a browser does."""
        await self._socket.send_str("41")

    async def told(self, *texts: str) -> float:
        """Wait for what has all of these texts in it, among what came since the last one; tells
        when it came."""
        return (await self._until(lambda message: all(text in message for text in texts)))[0]

    async def said(self, text: str) -> str:
        """Wait for what has this text in it; tells all that was said with it."""
        return (await self._until(lambda message: text in message))[1]

    async def _until(self, fits: Callable[[str], bool]) -> tuple[float, str]:
        async with asyncio.timeout(PATIENCE):
            while True:
                at, message = await self._told.get()
                if fits(message):
                    return at, message

    def forget(self) -> None:
        """Forget what was told so far."""
        while not self._told.empty():
            self._told.get_nowait()


def _has(element: Values, props: Values) -> bool:
    return all(element.get("props", {}).get(name) == value for name, value in props.items())
