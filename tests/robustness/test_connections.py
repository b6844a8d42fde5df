"""Connections that keep the server waiting: each may for a while, and none takes the slot of
another."""

import asyncio
import re
import resource
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from tests.browser.server import Server, serving
from tests.browser.waiting import PATIENCE
from tests.robustness.raw import Line, line, request
from tests.robustness.test_odd_requests import SOCKET, UPGRADE
from ui import door

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Shorter waits, so that the tests are fast; they have the same order as the product's.
IMPATIENT = """
from ui import protocol
protocol.HEAD_WITHIN, protocol.BODY_WITHIN, protocol.READ_WITHIN = 0.5, 1.0, 0.5
"""
# Sockets may be silent for as long as a busy machine takes to open hundreds of connections, and
# the log tells once, however long the tests take, and in whatever order they come.
FEW_FILES = f"""
import resource
from ui import door
from ui.live import connection
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
connection.FINISH_WITHIN = {PATIENCE}
door.TELL_EVERY = float("inf")
"""
# Each of these limits may be the one that counts, since the other lasts for longer than the test.
SHORT_HEAD = f"""
from ui import protocol
protocol.HEAD_WITHIN, protocol.BODY_WITHIN = 0.5, {2 * PATIENCE}
"""
SHORT_BODY = f"""
from ui import protocol
protocol.HEAD_WITHIN, protocol.BODY_WITHIN = {2 * PATIENCE}, 0.5
"""
FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def impatient(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server that waits for a second at most."""
    async with serving(tmp_path_factory.mktemp("impatient") / "data", before=IMPATIENT) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def small(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server that may open 256 files."""
    async with serving(tmp_path_factory.mktemp("small") / "data", before=FEW_FILES) as server:
        yield server


async def test_who_says_nothing_is_hung_up_on(impatient: Server) -> None:
    async with line(impatient.url) as connection:
        assert await connection.until_closed() == b""


@pytest.mark.parametrize(
    "begun",
    [
        b"GET / HTTP/1.1\r\nHost: x",
        b"POST /platform/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\na=b",
    ],
)
async def test_a_request_that_doesn_t_come_to_its_end_is_told_so(
    impatient: Server, begun: bytes
) -> None:
    head, host, rest = begun.partition(b"Host: x")
    host = request(impatient.url, "", FORM, close=False).strip() if rest else host
    answer = await _answer_to(impatient, head + host + rest)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"took too long" in answer
    assert "Traceback" not in impatient.log()


async def test_a_head_has_a_limit_of_its_own(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", before=SHORT_HEAD) as server:
        answer = await _answer_to(server, b"GET / HTTP/1.1\r\nHost: x")
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_body_has_a_limit_of_its_own(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", before=SHORT_BODY) as server:
        answer = await _answer_to(server, _form_of(server, 100) + b"a=b")
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_body_may_come_when_the_time_for_its_head_is_over(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "data", before=SHORT_HEAD) as server,
        asyncio.timeout(PATIENCE),
    ):
        answer = b""
        while not answer:  # whoever says nothing for half a second gets no answer
            async with line(server.url) as connection:
                with suppress(ConnectionError):
                    await connection.send(_form_of(server, 3))
                    await asyncio.sleep(1)
                    await connection.send(b"a=b")
                answer = await connection.until_closed()
    assert answer.startswith(b"HTTP/1.1 ")
    assert not answer.startswith(b"HTTP/1.1 408 ")


def _form_of(server: Server, length: int) -> bytes:
    """The head of a form of this length, with which the connection ends."""
    lines = ("POST /platform/login HTTP/1.1", FORM, f"Content-Length: {length}")
    return request(server.url, *lines)


async def test_a_request_that_trickles_in_has_no_more_time(impatient: Server) -> None:
    answer = await _answer_to(impatient, b"GET / HTTP/1.1\r\n", then=b"X: y\r\n")
    assert answer.startswith(b"HTTP/1.1 408 ")


async def _answer_to(server: Server, begun: bytes, then: bytes = b"") -> bytes:
    """What the server says to this, once it has it in time: on a busy machine half a second may go
    by before the first byte is sent, and whoever says nothing gets no answer."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with line(server.url) as connection:
                sending = asyncio.create_task(_trickle(connection, begun, then))
                answer = await connection.until_closed()
                sending.cancel()
            if answer:
                return answer


async def _asked(stack: AsyncExitStack, server: Server, asked: bytes) -> tuple[Line, bytes]:
    """A connection on which this was asked in time, as above; and the head of the answer."""
    async with asyncio.timeout(PATIENCE):
        while True:
            connection = await stack.enter_async_context(line(server.url))
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await connection.send(asked)
                return connection, await connection.heads()


async def _trickle(connection: Line, begun: bytes, then: bytes) -> None:
    with suppress(ConnectionError):  # the server closed it
        await connection.send(begun)
        while then:
            await asyncio.sleep(0.05)
            await connection.send(then)


async def test_an_answer_that_nobody_reads_is_given_up(impatient: Server) -> None:
    path = "/_nicegui/3.18.0/static/quasar.umd.prod.js"
    with _with_a_small_buffer(impatient.url) as connection:
        connection.sendall(request(impatient.url, f"GET {path} HTTP/1.1", close=False) * 40)
        await asyncio.wait_for(asyncio.to_thread(_until_reset, connection), PATIENCE)


def _with_a_small_buffer(url: str) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    address = urlsplit(url)
    connection.connect((address.hostname, address.port))
    return connection


def _until_reset(connection: socket.socket) -> None:
    while not connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        time.sleep(0.05)


async def test_a_connection_that_was_of_use_is_kept_open_for_longer(impatient: Server) -> None:
    asked = request(impatient.url, "GET /healthz HTTP/1.1", close=False)
    async with AsyncExitStack() as stack:
        connection, head = await _asked(stack, impatient, asked)
        assert b" 200 " in head
        await asyncio.sleep(1)  # a new connection that is silent for this long is closed
        await connection.send(asked)
        assert b" 200 " in await connection.heads()


async def test_a_websocket_isn_t_bound_by_any_of_this(impatient: Server) -> None:
    begun = asyncio.get_running_loop().time()
    async with AsyncExitStack() as stack:
        upgrade = request(impatient.url, f"GET {SOCKET} HTTP/1.1", *UPGRADE, close=False)
        connection, head = await _asked(stack, impatient, upgrade)
        assert b" 101 " in head
        await connection.until_closed()
        # `ui/live/connection.py` gives a socket five seconds to say whose it is.
        assert asyncio.get_running_loop().time() - begun > 4


async def test_connections_that_say_nothing_shut_nobody_out(small: Server) -> None:
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(line(small.url)) for _ in range(600)]
        async with httpx.AsyncClient(base_url=small.url, timeout=60) as http:
            for _ in range(20):
                answer = await http.get("/platform/login", headers={"Connection": "close"})
                assert answer.status_code == 200
        assert silent
        log = small.log()
    assert "Traceback" not in log
    assert log.count("connections that this process can have were taken") == 1
    assert "ulimit -n" in log


async def test_they_don_t_shut_out_an_open_page_s_socket_either(small: Server) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(200):
            await stack.enter_async_context(line(small.url))
        connection = await stack.enter_async_context(line(small.url))
        await connection.send(request(small.url, f"GET {SOCKET} HTTP/1.1", *UPGRADE, close=False))
        assert b" 101 " in await connection.heads()
        for _ in range(300):
            await stack.enter_async_context(line(small.url))
        await connection.send(b"\x89\x80\0\0\0\0")  # a ping
        await asyncio.wait_for(connection.reader.readuntil(b"\x8a"), PATIENCE)


async def test_nor_do_sockets_that_don_t_say_whose_they_are(small: Server) -> None:
    async with AsyncExitStack() as stack, httpx.AsyncClient(base_url=small.url, timeout=60) as http:
        upgrade = request(small.url, f"GET {SOCKET} HTTP/1.1", *UPGRADE, close=False)
        for _ in range(150):
            connection = await stack.enter_async_context(line(small.url))
            await connection.send(upgrade)
            assert b" 101 " in await connection.heads()
        assert (await http.get("/platform/login")).status_code == 200


async def test_the_start_says_how_many_connections_there_is_room_for(small: Server) -> None:
    found = re.search(r"Room for ([0-9,]+) connections: .* open ([0-9,]+) files", small.log())
    assert found
    assert (found[1], found[2]) == ("128", "256")


async def test_what_the_process_may_have_is_taken() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, before[0]), before[1]))
    try:
        had = door.raise_descriptor_limit()
        assert had == min(before[1], door.MOST_CONNECTIONS + door.RESERVE)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (had, before[1])
        assert door.connections_within(had) <= had - door.RESERVE
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
