"""What a socket says is told to its page at once, and to nobody once the page is closed. What comes
too fast is counted, and held until its time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from starlette.types import Message

from services.database import right_of_way
from services.database.runtime import Runtime
from tests.conftest import ONE_DATABASE
from ui.live import budget
from ui.live import connection as connections
from ui.live.budget import AT_ONCE, BURST, account_of
from ui.live.connection import Connection

# Frames, their pace and their order are Python's.
pytestmark = ONE_DATABASE
CLICK, ANSWER = '42["event",{}]', '42["javascript_response",{}]'


@pytest.fixture
def said(rollcall: Runtime) -> "asyncio.Queue[Message]":
    """What the other side has said; it is heard for the Rollcall of this test."""
    return asyncio.Queue()


@asynccontextmanager
async def connected(said: "asyncio.Queue[Message]") -> AsyncIterator[Connection]:
    connection = Connection(said.get)
    connection.finish()
    try:
        yield connection
    finally:
        connection.hang_up()


def _say(said: "asyncio.Queue[Message]", *texts: str) -> None:
    for text in texts:
        said.put_nowait({"type": "websocket.receive", "text": text})


async def test_a_page_hears_each_frame_before_it_is_passed_on_until_it_is_closed(
    said: "asyncio.Queue[Message]",
) -> None:
    _say(said, CLICK, CLICK, CLICK)
    async with connected(said) as connection:
        await connection.receive()
        heard: list[str] = []
        connection.heard = heard.append
        message = await connection.receive()
        assert heard == [message["text"]]
        connection.spend_its_own()
        await connection.receive()
        assert len(heard) == 1


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pace is so slow that nothing becomes due, however long a test takes."""
    monkeypatch.setattr(budget, "PER_SECOND", 1e-6)


@pytest.mark.usefixtures("slow")
async def test_an_event_that_comes_too_soon_is_held_and_an_answer_passes_it(
    said: "asyncio.Queue[Message]",
) -> None:
    _say(said, *[CLICK] * (int(AT_ONCE) + 2), ANSWER)
    async with connected(said) as connection, asyncio.timeout(60):
        passed = [(await connection.receive())["text"] for _ in range(int(AT_ONCE) + 1)]
        assert said.empty()
    assert passed == [*[CLICK] * int(AT_ONCE), ANSWER]


async def test_events_that_are_held_are_passed_on_at_their_time_in_their_order(
    said: "asyncio.Queue[Message]",
) -> None:
    events = [f'42["event",{{"number":{number}}}]' for number in range(int(AT_ONCE) + 2)]
    _say(said, *events)
    async with connected(said) as connection, asyncio.timeout(60):
        assert [(await connection.receive())["text"] for _ in events] == events


@pytest.mark.usefixtures("slow")
async def test_what_ends_access_passes_events_that_are_held(said: "asyncio.Queue[Message]") -> None:
    ends = '42["event",{"ends":"access"}]'
    _say(said, *[CLICK] * (int(AT_ONCE) + 1), ends)
    async with connected(said) as connection, asyncio.timeout(60):
        connection.heard = lambda text: "a way" if text == ends else None
        passed = [(await connection.receive())["text"] for _ in range(int(AT_ONCE) + 1)]
    assert passed == [*[CLICK] * int(AT_ONCE), ends]


@pytest.mark.usefixtures("slow")
async def test_a_connection_is_read_on_a_moment_after_an_event_that_came_too_soon(
    said: "asyncio.Queue[Message]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "READ_AFTER", 3600)
    _say(said, *[CLICK] * 50)
    async with connected(said) as connection:
        for _ in range(int(AT_ONCE)):
            await connection.receive()
        left = said.qsize()
        waits = asyncio.create_task(connection.receive())
        for _ in range(10):
            await asyncio.sleep(0)
        assert said.qsize() == left - 1
        waits.cancel()


@pytest.mark.usefixtures("slow")
async def test_a_flood_is_one_as_soon_as_too_much_has_arrived_though_it_waits_for_its_time(
    said: "asyncio.Queue[Message]",
) -> None:
    floods: list[None] = []
    _say(said, *[CLICK] * (int(BURST) + 1))
    async with connected(said) as connection, asyncio.timeout(60):

        def flooded() -> None:
            floods.append(None)
            connection.hang_up()

        connection.spend_from(account_of(uuid4(), uuid4()), flooded)
        passed = 0
        while (await connection.receive())["type"] == "websocket.receive":
            passed += 1
    assert len(floods) == 1
    assert passed == AT_ONCE


async def test_what_arrives_amid_an_act_that_is_given_way_waits_unless_it_is_such_an_act(
    said: "asyncio.Queue[Message]", rollcall: Runtime
) -> None:
    way = rollcall.database.right_of_way
    async with connected(said) as connection:
        _say(said, CLICK, CLICK)
        ways: list[object] = [None, "of its own"]
        connection.heard = lambda _text: ways.pop()
        with way.given(None):
            await connection.receive()
            waits = asyncio.create_task(connection.receive())
            await asyncio.sleep(0)
            assert not waits.done()
        async with asyncio.timeout(60):
            await waits


async def test_a_frame_is_heard_as_soon_as_it_arrives_and_waits_before_it_is_looked_at(
    said: "asyncio.Queue[Message]", rollcall: Runtime
) -> None:
    heard: list[str] = []
    async with connected(said) as connection:
        connection.heard = heard.append
        connection.arrives(CLICK)
        assert heard == [CLICK]
        with rollcall.database.right_of_way.given(None):
            _say(said, "no frame of a page")
            waits = asyncio.create_task(connection.receive())
            for _ in range(10):
                await asyncio.sleep(0)
            assert not waits.done()
        async with asyncio.timeout(60):
            assert (await waits)["type"] == "websocket.disconnect"


@pytest.mark.usefixtures("slow")
async def test_frames_before_one_that_ends_access_wait_for_nothing_once_it_has_arrived(
    said: "asyncio.Queue[Message]", rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)
    monkeypatch.setattr(connections, "READ_AFTER", 3600)
    ends = '42["event",{"ends":"access"}]'
    _say(said, *[CLICK] * (int(AT_ONCE) + 2), ends)
    async with connected(said) as connection, asyncio.timeout(60):
        connection.heard = lambda text: "a way" if text == ends else None
        with rollcall.database.right_of_way.given(None):
            waits = asyncio.create_task(connection.receive())
            for _ in range(10):
                await asyncio.sleep(0)
            assert not waits.done()  # for an act that is under way already
            connection.arrives(ends)
            passed = [(await waits)["text"]]
            while passed[-1] != ends:
                passed.append((await connection.receive())["text"])
    assert passed == [*[CLICK] * int(AT_ONCE), ends]
