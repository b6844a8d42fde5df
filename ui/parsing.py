"""Whose bytes are parsed next: a piece of one connection's in each turn of the event loop, and none
while an act is given way. Otherwise whatever else is to happen in a turn, a click among it, would
wait for all who have just sent something: requests, or bytes that aren't any.
"""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Protocol

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

LOOKS_AGAIN = 0.005
"""Seconds after which it is looked again whether an act is still given way; it takes some 10 ms."""


class Parser(Protocol):
    """A connection on which bytes have arrived."""

    def parse(self) -> None:
        """Parse a piece of them; if there are more, it asks for another turn."""


class Parsing:
    """The connections that wait for their turn, in the order in which they came."""

    def __init__(self, is_given_way: Callable[[], bool]) -> None:
        self._is_given_way = is_given_way
        self._waiting: dict[Parser, None] = {}
        self._is_over = True  # this turn of the loop may still have a piece
        self._context = copy_context()  # nobody's request

    def add(self, connection: Parser) -> None:
        """Parse a piece of this connection's now, or in its turn."""
        if self._is_over and not self._is_given_way():
            self._parse(connection)
            return
        self._waiting.setdefault(connection)
        if self._is_over:
            self._is_over = False
            self._next()

    def __contains__(self, connection: object) -> bool:
        """Whether bytes of this connection's wait for their turn."""
        return connection in self._waiting

    def discard(self, connection: Parser) -> None:
        """This one has nothing to parse any more."""
        self._waiting.pop(connection, None)

    def _parse(self, connection: Parser) -> None:
        self._is_over = False
        asyncio.get_running_loop().call_soon(self._next, context=self._context)
        connection.parse()

    def _next(self) -> None:
        if not self._waiting:
            self._is_over = True
        elif self._is_given_way():
            loop = asyncio.get_running_loop()
            loop.call_later(LOOKS_AGAIN, self._next, context=self._context)
        else:
            first = next(iter(self._waiting))
            del self._waiting[first]
            self._parse(first)


class Flow(FlowControl):
    """Uvicorn's, which reads nothing while much waits to be parsed: whoever answers has it read
    on with each piece of a body that they take."""

    is_full = False

    def fill(self) -> None:
        """Much waits to be parsed."""
        self.is_full = True
        self.pause_reading()

    def empty(self, answering: RequestResponseCycle | None, *, has_more: bool) -> None:
        """All is parsed. It is read on, unless what was parsed waits for whoever answers it: they
        have it read on."""
        self.is_full = False
        waits = 0 if answering is None or answering.response_complete else len(answering.body)
        if not has_more and waits <= HIGH_WATER_LIMIT:
            self.resume_reading()

    def resume_reading(self) -> None:
        """Read on, unless much waits."""
        if not self.is_full:
            super().resume_reading()
