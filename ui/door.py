"""The listening socket: how many connections there may be, and which one has to go for the next.

Every connection costs a file descriptor, and a process has a limited number of them. If they were
used up, neither the database nor anybody's page could be opened; so connections get fewer than
there are. When all of those are taken, the connection that has kept the server waiting longest
makes room: a client that connects and says nothing shuts nobody out. Where none waits, or one ip
holds more than half of them, whoever holds most makes room. There is no limit per ip before that:
an office has one for all its people. Behind a trusted proxy it is the ip of whose request a
connection carried last.
"""

import asyncio
import errno
import logging
import resource
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from services.core.networks import network_of
from ui.parsing import Parsing

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 8192
"""How many connections at a time, if the process may have that many descriptors: four times the
2,000 open pages that were measured (docs/benchmarks.md), with some 7 KiB for each."""

RESERVE = 128
"""Descriptors that are kept for everything else: the database (an embedded one takes three for each
of its connections), files, mail, single sign-on. An idle server has 25 of them open."""

ACCEPTED_AT_ONCE = 2
"""How many connections are accepted in one turn of the event loop. asyncio's own figure is the
backlog: a flood would use up the descriptors before the first connection is known, and whatever
else is to happen in that turn would wait for all of them, and again for what each of them sends.
Where nothing else happens, a turn takes a tenth of a millisecond."""

TELL_EVERY = 60.0
"""Seconds between two log lines that say that the connections are used up."""

UNREAD_FOR = 30_000
"""For this many milliseconds, sent bytes may stay without an acknowledgement, or in a closed
window, until the system ends the connection (TCP_USER_TIMEOUT, RFC 5482); this also holds for a
websocket's connection, and for one whose last bytes wait to be taken."""

_SHORTAGES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 71\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
    b"Rollcall has all the connections that it can have. Try again in a bit.\n"
)


Peer = tuple[str, int]
"""From which ip and port a connection comes."""


class Waiting(Protocol):
    """A connection whose other side has to do something."""

    @property
    def client(self) -> Peer | None:
        """From where it comes."""

    def give_way(self) -> None:
        """End it now."""


class Door:
    """Counts the connections, and knows which of them keep the server waiting, and who holds them.

    While `is_given_way` tells that an act has the right of way, no connection is accepted.
    """

    def __init__(self, limit: int, is_given_way: Callable[[], bool] = bool) -> None:
        self.limit = limit
        self.open = 0
        self.is_given_way = is_given_way
        self.parsing = Parsing(is_given_way)
        self._waiting: dict[Waiting, None] = {}  # the longest waiting first
        self._connections: dict[Peer, Waiting] = {}
        self._network: dict[Peer, str] = {}
        self._held: dict[str, dict[Peer, None]] = {}  # of each network, the oldest first
        self._broken_off = Counter[Peer]()  # whose port another one has, and who aren't closed yet
        self._telling: asyncio.TimerHandle | None = None  # until the minute after a line is over
        self._has_to_tell = False
        self._closed = 0
        self._refused = 0

    def came(self, peer: Peer) -> None:
        """One more connection is there."""
        self.open += 1
        if peer in self._network:
            self._broken_off[peer] += 1
        self._let_go(peer)
        self._hold(peer, network_of(peer[0]))

    def made(self, peer: Peer | None, connection: Waiting) -> None:
        """What this connection is called from now on."""
        if peer is not None and peer in self._network:
            self._connections[peer] = connection

    def carries(self, peer: Peer, ip: str) -> None:
        """A trusted proxy's connection carries a request of this ip: it counts as theirs."""
        if peer in self._network:
            self._let_go(peer)
            self._hold(peer, network_of(ip))

    def went(self, peer: Peer) -> None:
        """A connection is gone."""
        self.open -= 1
        if peer not in self._broken_off:
            self._let_go(peer)
            self._connections.pop(peer, None)
        elif self._broken_off[peer] > 1:
            self._broken_off[peer] -= 1
        else:
            del self._broken_off[peer]

    def _hold(self, peer: Peer, network: str) -> None:
        self._network[peer] = network
        self._held.setdefault(network, {})[peer] = None

    def _let_go(self, peer: Peer) -> None:
        network = self._network.pop(peer, None)
        if network is not None:
            del self._held[network][peer]
            if not self._held[network]:
                del self._held[network]

    def waits(self, connection: Waiting) -> None:
        """From now on the server waits for the other side of this connection."""
        self._waiting.pop(connection, None)
        self._waiting[connection] = None

    def waits_no_more(self, connection: Waiting) -> None:
        """The other side has done what it had to do."""
        self._waiting.pop(connection, None)

    def make_room(self, peer: Peer | None = None) -> bool:
        """End one connection for another one that comes from there; false if that one has to go.

        It is the one that the server has waited for longest. If one network holds more than half of
        all connections, it is one of theirs, whatever the others do. Where none waits, the newest
        one goes of the network that holds most: the one that comes, or another.
        """
        leaving = self._waited_for_longest()
        if leaving is None and peer is not None:
            leaving = self._newest_of_most(network_of(peer[0]))
        if leaving is None:
            self._refused += 1
        else:
            self._waiting.pop(leaving, None)
            if leaving.client is not None:
                self._connections.pop(leaving.client, None)
            leaving.give_way()
            self._closed += 1
        self._tell()
        return leaving is not None

    def _most(self) -> dict[Peer, None]:
        return max(self._held.values(), key=len, default={})

    def _waited_for_longest(self) -> Waiting | None:
        most = self._most()
        is_crowd = len(most) > self.limit // 2
        waiting = (one for one in self._waiting if not is_crowd or one.client in most)
        longest = next(waiting, None)
        if longest in self.parsing:  # it has spoken, and isn't heard yet
            return next((one for one in waiting if one not in self.parsing), longest)
        return longest

    def _newest_of_most(self, coming: str) -> Waiting | None:
        most = self._most()
        if len(most) <= len(self._held.get(coming, ())) + 1:
            return None
        return next(
            (self._connections[peer] for peer in reversed(most) if peer in self._connections), None
        )

    def handle_shortage(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The event loop's exception handler: asyncio itself reports a shortage with a traceback,
        every second."""
        if getattr(context.get("exception"), "errno", None) in _SHORTAGES:
            self._tell()
        else:
            loop.default_exception_handler(context)

    def close(self) -> None:
        """The server stops: log what would be logged when the minute is over."""
        if self._telling is not None:
            self._telling.cancel()
            self._log()

    def _tell(self) -> None:
        """Log that the connections are used up: now, or once a minute has passed since the last
        line."""
        self._has_to_tell = True
        if self._telling is None:
            self._log()

    def _log(self) -> None:
        self._telling = None
        if not self._has_to_tell:
            return
        self._telling = asyncio.get_running_loop().call_later(TELL_EVERY, self._log)
        log.warning(
            "All %d connections that this process can have were taken. Closed for new ones in the "
            "last minute because the other side kept silent, or its network held the most: %d; "
            "refused: %d. Raise the limit of open files (ulimit -n, LimitNOFILE) if these are "
            "people.",
            self.limit,
            self._closed,
            self._refused,
        )
        self._has_to_tell = False
        self._closed = self._refused = 0


class Listener(socket.socket):
    """A listening socket that accepts no more connections than the door has room for."""

    def __init__(self, door: Door, listening: socket.socket) -> None:
        super().__init__(fileno=listening.detach())
        self._door = door
        self._accepted = 0
        if user_timeout := getattr(socket, "TCP_USER_TIMEOUT", None):  # Linux has it
            self.setsockopt(socket.IPPROTO_TCP, user_timeout, UNREAD_FOR)

    def accept(self) -> tuple[socket.socket, Any]:
        """One connection. Raises `BlockingIOError` if there is none, or if the turn has had its
        share, or belongs to an act: then the event loop asks again in its next turn."""
        if self._accepted >= ACCEPTED_AT_ONCE or self._door.is_given_way():
            raise BlockingIOError
        if self._accepted == 0:
            asyncio.get_running_loop().call_soon(self._next_turn)
        self._accepted += 1
        try:
            accepted, peer = super().accept()
        except OSError as error:
            if error.errno in _SHORTAGES:
                self._accepted = ACCEPTED_AT_ONCE  # asyncio would go on trying, and log each try
                if self._door.make_room():
                    raise BlockingIOError from error
            raise
        come_from = (str(peer[0]), int(peer[1]))
        if self._door.open >= self._door.limit and not self._door.make_room(come_from):
            _refuse(accepted)
            raise BlockingIOError
        return _Counted(self._door, accepted, come_from), peer

    def _next_turn(self) -> None:
        self._accepted = 0


class _Counted(socket.socket):
    """A connection that counts from its acceptance until its descriptor is closed."""

    def __init__(self, door: Door, accepted: socket.socket, peer: Peer) -> None:
        super().__init__(fileno=accepted.detach())
        self._door: Door | None = door
        self._peer = peer
        door.came(peer)

    def close(self) -> None:
        """Close it; a second time does nothing."""
        super().close()
        if self._door is not None:
            self._door.went(self._peer)
            self._door = None


def _refuse(accepted: socket.socket) -> None:
    with accepted:
        accepted.setblocking(False)
        try:
            accepted.send(_FULL)
        except OSError as error:
            log.debug("A connection was refused, and gone before it was told: %s", error)


def raise_descriptor_limit() -> int:
    """Allow this process as many descriptors as `MOST_CONNECTIONS` need, or as many as possible;
    returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + RESERVE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST_CONNECTIONS + RESERVE if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        log.warning("The limit of open files stays at %d: %s", soft, error)
        return soft
    return wanted


def connections_within(descriptors: int) -> int:
    """How many connections there is room for."""
    return min(MOST_CONNECTIONS, max(descriptors - RESERVE, descriptors // 2))
