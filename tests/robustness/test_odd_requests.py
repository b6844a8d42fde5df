"""Bytes that aren't a request, or break off: a sentence for the sender, a short line in the log."""

import base64
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.browser.server import Server, serving
from tests.browser.waiting import eventually
from tests.robustness.conftest import copy_into
from tests.robustness.raw import line, request

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = "Content-Type: application/x-www-form-urlencoded"
UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}",
)
FORMS = ("/platform/login", "/password/strength", "/platform/password/forgot")
# Whoever looks for such trouble has the server say it.
TELLING = """
import logging
logging.getLogger("ui.headers.answers").setLevel(logging.DEBUG)
"""
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> AsyncIterator[Server]:
    """One for all of them: each leaves nothing in it but lines of the log."""
    data_dir = tmp_path_factory.mktemp("odd") / "data"
    copy_into(data_dir, sqlite_template)
    async with serving(data_dir, before=TELLING) as running:
        yield running


def odd_requests(url: str) -> dict[str, tuple[bytes, int]]:
    """Bytes that a stranger may send, with the status that answers them."""

    def get(path: str, *headers: str) -> bytes:
        return request(url, f"GET {path} HTTP/1.1", *headers)

    def post(*headers: str, body: bytes = b"") -> bytes:
        return request(url, "POST /platform/login HTTP/1.1", FORM, *headers) + body

    def upgrade(path: str = SOCKET, *headers: str) -> bytes:
        return request(url, f"GET {path} HTTP/1.1", *UPGRADE, *headers, close=False)

    return {
        "no http": (b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        "http/0.9": (b"GET /\r\n\r\n", 400),
        "http/1.0": (b"GET /platform/login HTTP/1.0\r\n\r\n", 400),
        "http/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        "absolute": (get("http://evil.example/platform/login"), 200),
        "connect": (request(url, "CONNECT evil.example:443 HTTP/1.1"), 400),
        "all": (request(url, "OPTIONS * HTTP/1.1"), 404),
        "bad percent": (get("/t/%ff%fe%zz/login"), 404),
        "nul in a slug": (get("/t/acme%00/users"), 303),
        "line end in a slug": (get("/t/x%0d%0aSet-Cookie:%20a=b/users"), 404),
        "letters in a slug": (get("/t/%E6%97%A5/users"), 303),
        "nul in a file": (get("/_nicegui/3.18.0/static/%00"), 404),
        "raw bytes": (get("/t/\xe4/login"), 400),
        "long url": (get("/" + "a" * 100_000), 431),
        "long header": (get("/", "X: " + "a" * 100_000), 431),
        "many headers": (get("/", *["X: y"] * 1000), 431),
        "length": (post("Content-Length: -5"), 400),
        "no number": (post("Content-Length: five"), 400),
        "two lengths": (post("Content-Length: 1", "Content-Length: 2"), 400),
        "length and chunks": (post("Content-Length: 1", "Transfer-Encoding: chunked"), 400),
        "bad chunk": (post("Transfer-Encoding: chunked", body=b"zz\r\nabc\r\n"), 400),
        "unknown coding": (post("Transfer-Encoding: gzip"), 400),
        "bad cookie": (get("/platform/login", "Cookie: \xff=\xfe; rollcall=\x80"), 200),
        "bad host": (b"GET / HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n", 400),
        "bad range": (get("/_nicegui/3.18.0/static/nicegui.js", "Range: bytes=b-a,"), 400),
        "a socket by post": (
            request(url, f"POST {SOCKET} HTTP/1.1", *UPGRADE, close=False),
            405,
        ),
        "a form that wants a socket": (post(*UPGRADE[:2], "Content-Length: 3", body=b"a=b"), 400),
        "a socket with a body": (upgrade(SOCKET, "Content-Length: 3") + b"a=b", 400),
        "no socket here": (upgrade("/platform/login"), 403),
        "no engine here": (upgrade("/_nicegui_ws/else"), 403),
        "other protocol": (upgrade("/_nicegui_ws/socket.io/?EIO=3&transport=websocket"), 403),
        "forged line": (upgrade(SOCKET + "&sid=%0aFORGED"), 403),
        "many headers with a socket": (upgrade(SOCKET, *["X: y"] * 200), 431),
        "a long header with a socket": (upgrade(SOCKET, "X: " + "y" * 9000), 431),
        "socket's key": (upgrade(SOCKET, "Sec-WebSocket-Key: x"), 400),
    }


async def test_each_odd_request_gets_an_answer_and_a_short_line(server: Server) -> None:
    before = len(server.log())
    requests = odd_requests(server.url)
    for name, (data, status) in requests.items():
        async with line(server.url) as connection:
            await connection.send(data)
            answer = await connection.until_closed()
        assert answer.startswith(b"HTTP/1.1 %d " % status), (name, answer[:200])
    await _health(server)
    told = _told(server, before)
    # Uvicorn's line, and the access log's where a request had got that far.
    assert len(told) <= 2 * len(requests), told
    assert max(map(len, told)) < 250, told
    assert "Traceback" not in "".join(told)
    assert not any(text.startswith("FORGED") for text in told)


@pytest.mark.parametrize("text", [b"\xff\xfe", b"42" + b"[" * 5000, b"4\x00"])
async def test_a_socket_that_talks_nonsense_is_closed_without_a_traceback(
    server: Server, text: bytes
) -> None:
    async with line(server.url) as connection:
        await connection.send(request(server.url, f"GET {SOCKET} HTTP/1.1", *UPGRADE, close=False))
        assert b" 101 " in await connection.heads()
        length = struct.pack(">BBH", 0x81, 0xFE, len(text))
        await connection.send(length + bytes(4) + text)
        await connection.until_a_close_frame()
        await connection.until_closed()
    assert "Traceback" not in server.log()


PING, PONG, FRAGMENT = b"\x89\x80", b"\x8a\x80", b"\x00\x80"
"""The first bytes of frames that are empty, and no message's end."""


@pytest.mark.parametrize("kind", [PING, PONG, FRAGMENT])
async def test_frames_that_no_message_ends_with_may_not_flood(server: Server, kind: bytes) -> None:
    async with line(server.url) as connection:
        await connection.send(request(server.url, f"GET {SOCKET} HTTP/1.1", *UPGRADE, close=False))
        assert b" 101 " in await connection.heads()
        begun = b"\x01\x80" + bytes(4) if kind is FRAGMENT else b""
        # Few enough to arrive at once: the server closes having read them all.
        await connection.send(begun + 200 * (kind + bytes(4)))
        answer = await connection.until_closed()
    assert b"\x88\x02\x03\xf0" in answer  # a close, 1008


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 1000"],
        ["Transfer-Encoding: chunked"],
        ["Content-Length: 1000", "Expect: 100-continue"],
    ],
)
async def test_hanging_up_amid_a_form_is_one_line_for_whoever_looks_for_it(
    server: Server, headers: list[str]
) -> None:
    before = len(server.log())
    for path in FORMS:
        async with line(server.url) as connection:
            head = request(server.url, f"POST {path} HTTP/1.1", FORM, *headers)
            await connection.send(head + b"5\r\nemail\r\n")
            # Until the server has it: a health check on the same loop comes after.
            await _health(server)
            connection.hang_up()

    # The access log has its line of each, as of every request.
    def is_told() -> bool:
        return sum(" rollcall.access " in text for text in _told(server, before)) == len(FORMS)

    await eventually(is_told)
    told = [text for text in _told(server, before) if " rollcall.access " not in text]
    assert len(told) == len(FORMS), told
    assert all(" DEBUG ui.headers.answers " in text for text in told)
    assert all(text.endswith(": the other side hung up") for text in told)


def _told(server: Server, since: int = 0) -> list[str]:
    """The log's lines. How ready this machine is, its disk and folders, is no answer to a
    request, and may be told at any time."""
    lines = server.log()[since:].splitlines()
    return [text for text in lines if " services.operations.readiness: " not in text]


async def _health(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        assert (await http.get("/healthz")).status_code == 200
