"""The socket and the web server, as the product, the tests and the benchmarks have them."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.browser.waiting import PATIENCE
from tests.ports import free_port
from ui.listener import listen, web_server
from ui.live.connection import ARRIVALS
from ui.protocol import BODY_LEAST, MOST_UNPARSED, PARSED_AT_ONCE, READ_AT_ONCE, TimedProtocol

ACCEPTED = Path(__file__).with_name("accepted.py")
LONG = 1_000_000


async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer everything with one word."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


IPV6 = pytest.mark.skipif(not _has_ipv6(), reason="no IPv6 here, as in most containers")


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=IPV6)])
async def test_an_accepted_connection_sends_at_once_what_is_written(host: str) -> None:
    listener = listen(host, 0)
    port = listener.getsockname()[1]
    server = web_server(answer)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    (connection,) = server.server_state.connections
    accepted = connection.transport.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    writer.close()
    server.stop()
    await serving


@IPV6
async def test_all_addresses_of_ipv6_are_all_of_ipv4_too() -> None:
    server, listener = web_server(answer), listen("::", 0)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    for host in ("127.0.0.1", "::1"):
        reader, writer = await asyncio.open_connection(host, listener.getsockname()[1])
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
    server.stop()
    await serving


def test_so_does_one_that_the_command_line_accepts(tmp_path: Path) -> None:
    port = free_port()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")},
        "ROLLCALL_DATA_DIR": str(tmp_path / "data"),
        "ROLLCALL_PORT": str(port),
        "ROLLCALL_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    done = subprocess.run(
        [sys.executable, str(ACCEPTED)],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert "TCP_NODELAY: 1\n" in done.stdout, done.stderr


async def test_a_body_has_more_time_for_as_long_as_it_keeps_arriving() -> None:
    arrived, changed = 0, asyncio.Condition()

    async def count(scope: Scope, receive: Receive, _send: Send) -> None:
        nonlocal arrived
        while scope["type"] == "http" and (message := await receive())["type"] == "http.request":
            async with changed:
                arrived += len(message["body"])
                changed.notify_all()

    server = web_server(count)
    listener = listen("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    _, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1000000\r\n\r\n")
    until, total = [], 0
    for size in (BODY_LEAST, 1, BODY_LEAST):
        writer.write(b"x" * size)
        total += size
        async with asyncio.timeout(PATIENCE), changed:
            await changed.wait_for(lambda: arrived == total)  # noqa: B023 - within its turn
        (connection,) = server.server_state.connections
        assert isinstance(connection, TimedProtocol)
        assert connection._arriving is not None
        until.append(connection._arriving.when())
    assert until[0] == until[1] < until[2]
    writer.close()
    server.stop()
    await serving


async def test_a_server_at_rest_stops_at_once_when_it_is_told() -> None:
    server = web_server(answer)
    serving = asyncio.create_task(server.serve(sockets=[listen("127.0.0.1", 0)]))
    while not server.started:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    server.handle_exit(signal.SIGTERM, None)
    server._captured_signals.clear()  # or it is raised once more, here
    await asyncio.wait_for(serving, PATIENCE)


async def test_of_thousands_of_requests_at_once_few_are_read_before_the_first_is_answered() -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def answer_later(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked.set()
            await may_answer.wait()
            await answer(scope, receive, send)

    server, listener = web_server(answer_later), listen("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    many = 5000
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n" * many)
    await asyncio.wait_for(asked.wait(), PATIENCE)
    (connection,) = server.server_state.connections
    assert isinstance(connection, TimedProtocol)
    assert len(connection.pipeline) < PARSED_AT_ONCE / 20
    may_answer.set()
    async with asyncio.timeout(PATIENCE):
        for _ in range(many):
            assert (await reader.readuntil(b"0\r\n\r\n")).endswith(b"here\r\n0\r\n\r\n")
    writer.close()
    server.stop()
    await serving


@asynccontextmanager
async def sending(app: ASGIApp, clients: int = 1) -> AsyncIterator[list[TimedProtocol]]:
    """The connections of clients that send a long body each, as fast as it is read."""
    server, listener = web_server(app), listen("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    head = f"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {LONG}\r\n\r\n"
    writers = []
    for _ in range(clients):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(head.encode() + b"x" * LONG)
        writers.append(writer)
    async with asyncio.timeout(PATIENCE):
        while len(server.server_state.tasks) < clients:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
    connections = [c for c in server.server_state.connections if isinstance(c, TimedProtocol)]
    try:
        yield connections
    finally:
        for transport in (*(c.transport for c in connections), *(w.transport for w in writers)):
            transport.abort()
        server.stop()
        await serving


async def test_a_body_that_is_taken_is_read_no_faster_than_it_is_parsed() -> None:
    may_take, is_whole, unparsed = asyncio.Event(), asyncio.Event(), list[int]()

    async def take(scope: Scope, receive: Receive, _send: Send) -> None:
        if scope["type"] == "http":
            await may_take.wait()
            taken = 0
            while taken < LONG:
                taken += len((await receive())["body"])
                unparsed.append(len(connection._unparsed))
            is_whole.set()

    async with sending(take) as (connection,):
        may_take.set()
        await asyncio.wait_for(is_whole.wait(), PATIENCE)
    assert max(unparsed) < MOST_UNPARSED + READ_AT_ONCE


async def test_little_is_read_of_bodies_that_nobody_takes_yet() -> None:
    may_end = asyncio.Event()

    async def wait(scope: Scope, _receive: Receive, _send: Send) -> None:
        if scope["type"] == "http":
            await may_end.wait()

    async with sending(wait, clients=10) as connections:
        for _ in range(10 * LONG // PARSED_AT_ONCE):  # turns of the loop that all would take
            await asyncio.sleep(0)
        may_end.set()
        assert max(len(one.cycle.body) for one in connections) < 4 * MOST_UNPARSED


async def test_a_frame_is_told_as_soon_as_it_has_arrived_though_nobody_receives_it_yet() -> None:
    arrived: asyncio.Queue[str] = asyncio.Queue()

    async def accept(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return
        await receive()
        scope[ARRIVALS].tell = arrived.put_nowait
        await send({"type": "websocket.accept"})
        await asyncio.Future()

    server = web_server(accept)
    listener = listen("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    host, port = listener.getsockname()
    async with aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE):
        socket = await http.ws_connect(f"ws://{host}:{port}/")
        await socket.send_str("deactivate")
        assert await arrived.get() == "deactivate"
        (connection,) = server.server_state.connections
        connection.transport.abort()
    for task in list(server.server_state.tasks):
        task.cancel()
    server.stop()
    await serving
