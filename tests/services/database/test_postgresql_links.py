"""Connections to a PostgreSQL whose machine vanishes without a word: the kernel ends each one."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from services.database.engines import Database
from tests.browser.waiting import PATIENCE

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has a limit for what is sent"
)
# Nobody waits longer for a database.
LONGEST_SECONDS = 10
# Every way in which Rollcall makes a connection.
KINDS: dict[str, Callable[[Database], Awaitable[object]]] = {
    "the pool": lambda database: database.writer.connect().start(),
    "the pool, to read": lambda database: database.reader.connect().start(),
    "the urgent pool": lambda database: database.urgent.connect().start(),
    "the urgent pool, to read": lambda database: database.urgent_reader.connect().start(),
    "the listener": lambda database: database.server.listen("listener"),
    "the question whether it answers": lambda database: database.server.answers(),
}


@pytest.fixture
async def link(request: pytest.FixtureRequest) -> AsyncIterator[socket.socket]:
    """The socket of a connection of this kind, which waits for the server's first word."""
    came = asyncio.get_running_loop().create_future()
    looked_at = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not came.done():
            came.set_result(writer.get_extra_info("peername"))
        await looked_at.wait()
        writer.close()

    async with await asyncio.start_server(wait, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        database = Database(f"postgresql://u:p@127.0.0.1:{port}/d")
        connecting = asyncio.ensure_future(KINDS[request.param](database))
        try:
            async with asyncio.timeout(PATIENCE):
                address = await came
            with _socket_at(address) as found:
                yield found
        finally:
            looked_at.set()
            await asyncio.gather(connecting, return_exceptions=True)
            await database.close()


def _socket_at(address: tuple[str, int]) -> socket.socket:
    """This process's socket with this address of its own, by a second descriptor."""
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # it is closed by now, or no socket
            one = socket.fromfd(int(path.name), socket.AF_INET, socket.SOCK_STREAM)
            with suppress(OSError):
                if one.getsockname() == address:
                    return one
            one.close()
    raise LookupError(address)


@pytest.mark.parametrize("link", KINDS, indirect=True)
async def test_what_is_sent_and_never_acknowledged_ends_a_connection(link: socket.socket) -> None:
    limit = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert 0 < limit <= LONGEST_SECONDS * 1000


@pytest.mark.parametrize("link", KINDS, indirect=True)
async def test_a_silence_that_nobody_answers_ends_a_connection(link: socket.socket) -> None:
    assert link.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    idle, interval, count = (
        link.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    assert idle + interval * count <= LONGEST_SECONDS
