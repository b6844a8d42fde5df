"""What strangers flood with: requests without a session, again and again, over many connections."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count, cycle
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from benchmarks.load import CONTENT_LENGTH

SIGN_INS, SOCKETS, FORMS = "sign-ins", "sockets", "forms of links"
KINDS = (SIGN_INS, SOCKETS, FORMS)
# Seconds until a connection that was closed is made anew.
AGAIN = 0.01


async def knock(url: str, slug: str, kind: str, connections: int, note: Callable[[], None]) -> None:
    """Ask for what is of this kind over so many connections at once, each again as soon as it is
    answered; each request is noted."""
    requests = _requests(url, f"/t/{slug}", kind)

    async def again_and_again() -> None:
        while True:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await _ask(url, requests, note)
            await asyncio.sleep(AGAIN)

    await asyncio.gather(*(again_and_again() for _ in range(connections)))


async def _ask(url: str, requests: Iterator[bytes], note: Callable[[], None]) -> None:
    """Ask over one connection until it is closed, or is a websocket's, which is left."""
    to = urlsplit(url)
    reader, writer = await asyncio.open_connection(to.hostname, to.port)
    try:
        for request in requests:
            note()
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if head.startswith("HTTP/1.1 101"):
                return
            length = CONTENT_LENGTH.search(head)
            await reader.readexactly(int(length[1]) if length else 0)
    finally:
        writer.close()


def _requests(url: str, home: str, kind: str) -> Iterator[bytes]:
    host = urlsplit(url).netloc
    if kind == SOCKETS:
        for _ in count():
            yield _request(host, url, f"GET {_socket_path()}", _UPGRADE)
    for number, (method, path) in zip(count(), cycle(_forms(home, kind)), strict=False):
        form = {"email": f"nobody{number}@flood.example", "password": f"a wrong one, {number}"}
        yield _request(host, url, f"{method} {path}", (), form if method == "POST" else {})


def _forms(home: str, kind: str) -> Sequence[tuple[str, str]]:
    if kind == SIGN_INS:
        return [("POST", f"{home}/login")]
    token = "A" * 43
    paths = [f"{home}/invitation/{token}", f"{home}/password/reset/{token}"]
    paths.append(f"{home}/password/forgot")
    return [(method, path) for path in paths for method in ("GET", "POST")]


_UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)


def _socket_path() -> str:
    return (
        "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
        f"&client_id={uuid4()}&tab_id={uuid4()}&document_id={uuid4()}"
        "&next_message_id=0&implicit_handshake=true"
    )


def _request(
    host: str, origin: str, what: str, more: Sequence[str], form: dict[str, str] | None = None
) -> bytes:
    body = urlencode(form) if form else ""
    lines = [f"{what} HTTP/1.1", f"Host: {host}", f"Origin: {origin}", *more]
    if body:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body]).encode()
