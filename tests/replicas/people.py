"""People with pages open at one replica or another: HTTP and sockets, without a browser."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Self

import httpx
import socketio

from models import User
from tests.browser.server import Server
from tests.browser.waiting import PATIENCE, eventually
from tests.factories import open_session
from tests.ui.live.client import COOKIE, Page

_here: list["Visitor"] = []


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the database (or another source) says that it happened."""
    async with asyncio.timeout(PATIENCE):
        while not await happened():  # noqa: ASYNC110 - there is nobody to set an event
            await asyncio.sleep(0.05)


async def all_leave() -> None:
    """Let every visitor close what is open. (A socket that is still open at the end of its event
    loop may delay that end until the server's next ping.)"""
    sockets = [sio for visitor in _here for sio in visitor.sockets if sio.connected]
    await asyncio.gather(*(sio.disconnect() for sio in sockets))
    _here.clear()


class Visitor:
    """A browser with a signed-in user; `base` is the url that it uses."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.cookies: dict[str, str] = {}
        self.sockets: list[socketio.AsyncClient] = []
        _here.append(self)

    @classmethod
    async def of(cls, user: User, base: str) -> Self:
        """Sign a user in, without a password."""
        visitor = cls(base)
        _, visitor.cookies[COOKIE] = await open_session(user)
        return visitor

    @property
    def headers(self) -> dict[str, str]:
        """What this browser sends with a websocket's upgrade."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookie, "Origin": self.base}

    async def get(self, path: str) -> httpx.Response:
        """Ask for a page's HTML."""
        return await self._send("GET", path)

    async def post(self, path: str, **form: str) -> httpx.Response:
        """Send a form."""
        return await self._send("POST", path, form)

    async def _send(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.base, headers=self.headers, timeout=60) as http:
            answer = await http.request(method, path, data=form, timeout=PATIENCE)
        self.cookies |= dict(answer.cookies)
        return answer

    async def open(self, path: str) -> "Tab":
        """Open a page, as a browser does: its HTML, then its socket."""
        answer = await self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        tab = Tab(self, answer.text)
        await tab.connect()
        return tab


STICKY = "rollcall_replica"
"""The cookie by which the proxy keeps a browser at its replica."""


async def answered_by(answer: httpx.Response, servers: Iterable[Server]) -> Server:
    """The replica that sent this answer; it logs its line after the answer was sent."""
    found: list[Server] = []

    def look() -> bool:
        found[:] = [server for server in servers if answer.headers["x-request-id"] in server.log()]
        return bool(found)

    await eventually(look)
    (server,) = found
    return server


async def stay_at(
    server: Server, visitor: Visitor, path: str, *, of: tuple[Server, Server]
) -> None:
    """Have the proxy keep this browser at this replica."""
    async with asyncio.timeout(PATIENCE):
        while await answered_by(await visitor.get(path), of) is not server:
            del visitor.cookies[STICKY]


class Tab(Page):
    """An open page, and what its socket was told."""

    async def act(self, kind: str, args: Any, **props: Any) -> None:
        """Send the event that a component with these properties would send."""
        for element_id, element in self.elements.items():
            of_it = element.get("props", {})
            for event in element.get("events", ()):
                if event["type"] == kind and props.items() <= of_it.items():
                    if kind == "submit" and "opening" in of_it:  # unless the test says which
                        args = {"about:opening": of_it["opening"]["number"], **args}
                    await self.sio.emit(
                        "event",
                        {
                            "id": int(element_id),
                            "client_id": self.client_id,
                            "listener_id": event["listener_id"],
                            "args": [json.dumps(args)],
                        },
                    )
                    return
        raise KeyError(kind)

    def heard(self, event: str) -> list[Any]:
        """The data of each socket event of this name."""
        return [message[1] for message in self.received if message[0] == event]

    def patches(self, user: User) -> list[dict[str, Any]]:
        """The patches that the grid got for this user's row."""
        patches = [patch["now"] for patch in self.heard("rollcall_user")]
        return [row for row in patches if row["id"] == str(user.id)]

    def online(self, user: User) -> bool | None:
        """Whether the grid was last told that this user is here; none where it was told nothing."""
        told = [
            message["online"]
            for message in self.heard("rollcall_presence")
            if message["id"] == str(user.id)
        ]
        return told[-1] if told else None

    async def says(self, text: str) -> str:
        """Wait until something that the server sends contains this text; returns that message."""
        found: list[str] = []

        def look() -> bool:
            messages = (json.dumps(message, ensure_ascii=False) for message in self.received)
            found[:] = [message for message in messages if text in message]
            return bool(found)

        await eventually(look)
        return found[-1]

    async def until_cut(self) -> None:
        """Wait for the notice to go, and for the end of the socket."""
        await asyncio.wait_for(self.closed.wait(), PATIENCE)
        assert len(self.heard("rollcall_cut")) == 1
