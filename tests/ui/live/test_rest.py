"""Open pages that are quiet: asked for a sign of life in groups, and missed if they give none."""

import asyncio
from typing import Any

import engineio
import pytest
from engineio import packet

from tests.browser.waiting import PATIENCE
from ui.live import rest


@pytest.fixture
def server() -> engineio.AsyncServer:
    """One whose sockets are asked within a second, and have no time to answer."""
    server = engineio.AsyncServer(async_mode="asgi", ping_interval=0, ping_timeout=0)
    server.ping_interval = server.ping_timeout = 0
    return server


def connected(server: engineio.AsyncServer, sid: str) -> Any:
    socket = rest._Socket(server, sid)
    server.sockets[sid] = socket
    socket.schedule_ping()
    return socket


async def asked(socket: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        (ping,) = await socket.poll()
    assert ping.packet_type == packet.PING


async def test_sockets_are_asked_together_and_again_once_they_answered(
    server: engineio.AsyncServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "_due", {})
    server.ping_timeout = PATIENCE
    sockets = [connected(server, str(number)) for number in range(5)]
    groups = list(rest._due)
    assert len(groups) <= 2, "a second may have begun in between"
    for socket in sockets:
        await asked(socket)
    sockets[0].schedule_ping()  # as it does when an answer comes
    await asked(sockets[0])
    assert all(socket.queue.empty() for socket in sockets)


async def test_a_socket_that_gives_no_sign_of_life_is_closed(
    server: engineio.AsyncServer,
) -> None:
    ended = asyncio.Event()
    server.on("disconnect", lambda _sid, _reason: ended.set())
    silent = connected(server, "silent")
    await asked(silent)
    await asyncio.wait_for(ended.wait(), PATIENCE)
    assert silent.closed


async def test_a_socket_that_ends_while_it_is_looked_at_is_no_error(
    server: engineio.AsyncServer,
) -> None:
    ended = rest._Socket(server, "ended")
    ended.closed = True
    await rest._end_if_silent(ended)


async def test_what_was_to_be_written_goes_out_before_the_end(
    server: engineio.AsyncServer,
) -> None:
    socket = rest._Socket(server, "ending")
    last = packet.Packet(packet.MESSAGE, "the last word")
    for one in (last, None):
        socket.queue.put_nowait(one)
    assert await socket.poll() == [last]
    assert await socket.poll() == []


class Outbox:
    """That of a page without a socket: all that `rest` needs of it."""

    def __init__(self) -> None:
        self.task = asyncio.create_task(self.sleep())

    def _set_enqueue_event(self) -> None:
        """Wake it where it waits for something to send."""

    async def sleep(self) -> None:
        """As its loop does."""
        rest._running.set(self)  # type: ignore[arg-type]  # as above
        await rest._sleep_until_greeted(0.1)


async def test_the_outbox_of_a_page_without_a_socket_sleeps_until_a_page_gets_one() -> None:
    outboxes = [Outbox().task for _ in range(2)]
    done, _ = await asyncio.wait(outboxes, timeout=0.3)
    assert not done, "NiceGUI looks ten times a second"
    rest.greeted()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*outboxes)
    assert not rest._without_socket


async def test_the_outbox_of_a_page_without_a_socket_looks_again_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rest, "LOOKS_AGAIN", 0.01)
    async with asyncio.timeout(PATIENCE):
        await Outbox().task
    assert not rest._without_socket


async def test_the_outbox_of_a_page_that_is_deleted_without_a_socket_ends_at_once() -> None:
    deleted, other = Outbox(), Outbox()
    await asyncio.sleep(0)
    rest._stop_and_wake(deleted)  # type: ignore[arg-type]  # as above
    async with asyncio.timeout(PATIENCE):
        await deleted.task
    assert not other.task.done(), "it has nothing to do with that page"
    rest.greeted()
    async with asyncio.timeout(PATIENCE):
        await other.task
