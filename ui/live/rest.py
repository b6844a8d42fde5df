"""Makes open and quiet pages cost next to nothing.

NiceGUI wakes each page's outbox every second, to see whether it has been stopped, and ten times a
second if the page has no socket (yet, or any more); engine.io wakes separately for each socket's
ping, and once more to look whether it was answered. With 1,000 pages that is a twelfth of a core
for nothing (docs/benchmarks.md).
"""

import asyncio
import math
import time
from collections.abc import Awaitable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, TypeVar

from engineio import async_server, async_socket, packet
from nicegui import core, outbox

T = TypeVar("T")

PING_SECONDS = 45.0
"""How often each socket is asked for a sign of life. Proxies cut a connection on which nothing is
said for 60 seconds (nginx, proxy_read_timeout; AWS's load balancer, idle timeout)."""
ANSWER_SECONDS = 12.0
"""A socket that says nothing for this much longer is gone; for the page, the server is gone
then."""
LOOKS_AGAIN = 60.0
"""Seconds after which the outbox of a page without a socket looks for one by itself. It is told at
once; this is for one that has failed."""

_due: dict[int, list["_Socket"]] = {}
_without_socket: dict[outbox.Outbox | None, asyncio.Future[None]] = {}
"""The outboxes that sleep, and what wakes each."""
_running: ContextVar[outbox.Outbox | None] = ContextVar("_running", default=None)
"""The outbox whose loop this task is."""
_loop, _stop = outbox.Outbox.loop, outbox.Outbox.stop


def install() -> None:
    """Have outboxes sleep, and sockets be asked in groups; this holds for those that are made from
    now on."""
    # The code that stops an outbox wakes it, so it needn't look. (Its loop waits in one place, for
    # that.)
    theirs: Any = outbox
    # It sleeps if its page has no socket, and at no other time, unless it failed.
    theirs.asyncio = SimpleNamespace(
        **vars(asyncio) | {"wait_for": _wait, "sleep": _sleep_until_greeted}
    )
    theirs.Outbox.loop, theirs.Outbox.stop = _loop_by_name, _stop_and_wake
    theirs = async_server
    theirs.async_socket = SimpleNamespace(AsyncSocket=_Socket)
    # It goes from socket to socket, and does for all pinged ones what `_look` does.
    core.sio.eio.start_service_task = False


def slow_pings() -> None:
    """Call this when NiceGUI has started, because it sets its own figures."""
    core.sio.eio.ping_interval, core.sio.eio.ping_timeout = PING_SECONDS, ANSWER_SECONDS


def _wait(waiting: Awaitable[T], timeout: float) -> Awaitable[T]:  # noqa: ARG001 - asyncio's own arguments
    return waiting


async def _loop_by_name(running: outbox.Outbox) -> None:
    _running.set(running)
    await _loop(running)


async def _sleep_until_greeted(_delay: float) -> None:
    running, woken = _running.get(), asyncio.get_running_loop().create_future()
    _without_socket[running] = woken
    try:
        async with asyncio.timeout(LOOKS_AGAIN):
            await woken
    except TimeoutError:
        return
    finally:
        if _without_socket.get(running) is woken:
            del _without_socket[running]


def greeted() -> None:
    """A page has got its socket: what waits in its outbox is sent at once. (Each of the sleeping
    outboxes looks whether it was its page.)"""
    for sleeping in list(_without_socket):
        _wake(sleeping)


def _stop_and_wake(stopped: outbox.Outbox) -> None:
    """Stop an outbox, whose page is deleted: if it sleeps, it ends now. The others sleep on: where
    somebody asks for one page after the other, without sockets, each new one has an old one go."""
    _stop(stopped)
    _wake(stopped)


def _wake(sleeping: outbox.Outbox | None) -> None:
    woken = _without_socket.pop(sleeping, None)
    if woken is not None and not woken.done():
        woken.set_result(None)


class _Socket(async_socket.AsyncSocket):  # type: ignore[misc]  # engine.io has no types
    """A socket that is pinged together with all others whose turn comes in the same second."""

    last_ping: float | None

    def schedule_ping(self) -> None:
        """Ping once more, `ping_interval` seconds after the answer to the one before."""
        if not self.last_ping:
            return  # one is waiting, or unanswered
        self.last_ping = None
        loop = asyncio.get_running_loop()
        second = math.ceil(loop.time() + self.server.ping_interval)
        if second not in _due:
            _due[second] = []
            loop.call_at(second, _ping, second)
        _due[second].append(self)

    async def poll(self) -> list[Any]:
        """The packets to be written next. (Without a time-out, for which asyncio would make a task
        for each packet: `_look` finds sockets that are gone.)"""
        packets = [await self.queue.get()]
        while not self.queue.empty():
            packets.append(self.queue.get_nowait())
        for _ in packets:
            self.queue.task_done()
        if None in packets:  # the end; what had to be written before it is written
            packets = packets[: packets.index(None)]
            if packets:
                self.queue.put_nowait(None)
        return packets


def _ping(second: int) -> None:
    sockets = [socket for socket in _due.pop(second) if not socket.closing and not socket.closed]
    for socket in sockets:
        socket.last_ping = time.time()
        socket.queue.put_nowait(packet.Packet(packet.PING))
    if sockets:
        # longer than the time that engine.io compares with
        timeout = sockets[0].server.ping_timeout + 0.1
        asyncio.get_running_loop().call_later(timeout, _look, sockets)


def _look(sockets: list[_Socket]) -> None:
    for socket in sockets:
        if socket.closed:
            socket.server.sockets.pop(socket.sid, None)
        elif socket.last_ping and not socket.closing:
            socket.server.start_background_task(_end_if_silent, socket)


async def _end_if_silent(socket: _Socket) -> None:
    if not socket.closed:  # it may have ended since it was looked at, for which engine.io raises
        await socket.check_ping_timeout()
