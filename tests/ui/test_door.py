"""Who has to leave when all connections are taken, and whose bytes are read when."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from starlette.types import Receive, Scope, Send

from services.database import runtime
from services.database.runtime import Runtime
from tests.browser.waiting import PATIENCE
from ui.door import Door, Listener
from ui.headers import ForwardedHeaders
from ui.listener import WebServer, listen, web_server
from ui.protocol import KEPT_OPEN, TimedProtocol
from ui.server import door_within

ROOM = 8
NEVER, HERE = b"GET /never HTTP/1.1\r\nHost: x\r\n", b"GET /here HTTP/1.1\r\nHost: x\r\n"
OTHERS, CROWD = "127.0.0.1", "127.0.0.2"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer all but one path."""
    if scope["type"] != "http":
        return
    while scope["path"] == "/never" and (await receive())["type"] != "http.disconnect":
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})


class Idle:
    """A connection that nobody serves."""

    client = None
    is_gone = False

    def give_way(self) -> None:
        """It is told to go."""
        self.is_gone = True

    def parse(self) -> None:
        """It has nothing to say."""


@dataclass
class House:
    """A server behind a door, and who came to it."""

    server: WebServer
    port: int
    came: list[asyncio.StreamWriter] = field(default_factory=list)

    async def ask(self, asked: bytes, ip: str = OTHERS, client: str = "") -> Connection:
        """Ask over a connection from this ip, perhaps on behalf of a client."""
        reader, writer = await asyncio.open_connection(OTHERS, self.port, local_addr=(ip, 0))
        self.came.append(writer)
        client = f"X-Forwarded-For: {client}\r\n" if client else ""
        writer.write(asked + f"{client}\r\n".encode())
        return reader, writer

    async def crowd(self, count: int, **of: str) -> list[Connection]:
        """So many requests that aren't answered, one after the other."""
        asking, tasks = [], self.server.server_state.tasks
        async with asyncio.timeout(PATIENCE):
            for _ in range(count):
                there = len(tasks)
                asking.append(await self.ask(NEVER, **of))
                while len(tasks) == there:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.005)
        return asking


@asynccontextmanager
async def serving(door: Door) -> AsyncIterator[House]:
    """A server behind this door that believes what `OTHERS` say about their clients."""
    listener = Listener(door, listen(OTHERS, 0))
    server = web_server(ForwardedHeaders(answer, [OTHERS], door.carries), door)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    house = House(server, listener.getsockname()[1])
    try:
        yield house
    finally:
        server.stop()
        for connection in (*server.server_state.connections, *house.came):
            connection.transport.abort()
        await task


async def is_answered(asking: Connection) -> bool:
    """Whether the answer is the application's. Who is refused may be hung up on before they have
    read that they are."""
    with suppress(ConnectionError):
        return b" 200 " in await asyncio.wait_for(asking[0].readline(), PATIENCE)
    return False


@pytest.mark.parametrize(
    "of", [{"ip": CROWD}, {"client": "192.0.2.7"}], ids=["its own", "by a trusted proxy"]
)
async def test_one_ip_that_holds_all_connections_leaves_one_to_others(of: dict[str, str]) -> None:
    async with serving(Door(ROOM)) as house:
        asking = await house.crowd(ROOM, **of)
        assert await is_answered(await house.ask(HERE))
        newest, *older = reversed(asking)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(newest[0].read(), PATIENCE)
        assert not any(reader.at_eof() or reader.exception() for reader, _ in older)


async def test_and_gets_none_of_theirs_for_itself() -> None:
    async with serving(Door(ROOM)) as house:
        idle = await house.ask(HERE)
        assert await is_answered(idle)
        asking = await house.crowd(ROOM - 1, ip=CROWD)
        assert not await is_answered(await house.ask(HERE, ip=CROWD))
        idle[1].write(HERE + b"\r\n")
        while b" 200 " not in await asyncio.wait_for(idle[0].readuntil(b"\n"), PATIENCE):
            pass
        assert asking


@pytest.fixture
async def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], Awaitable[None]]:
    """Lets so many seconds go by for the timers of the event loop, without waiting for them."""
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)

    async def pass_seconds(seconds: float) -> None:
        nonlocal now
        now += seconds
        for _ in range(3):  # a timer is found due in one turn, and runs in the next
            await asyncio.sleep(0)

    return pass_seconds


def _told(caplog: pytest.LogCaptureFixture, what: str) -> list[int]:
    """What each line says of that."""
    pattern = {"closed": r"the most: (\d+)", "refused": r"refused: (\d+)"}[what]
    return [
        int(count) for line in caplog.records for count in re.findall(pattern, line.getMessage())
    ]


async def test_that_connections_are_used_up_is_told_once_a_minute(
    pass_time: Callable[[float], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    full = Door(ROOM)
    for _ in range(4 * 60 * 3):  # for three minutes, four connections a second
        full.make_room(("192.0.2.7", 1))
        await pass_time(0.25)
    assert _told(caplog, "refused") == [1, 239, 240, 240]


async def test_a_flood_within_a_minute_is_told_at_its_beginning_and_at_its_end(
    pass_time: Callable[[float], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    door = Door(ROOM)
    for _ in range(1_100):
        door.waits(Idle())
        door.make_room()
    assert _told(caplog, "closed") == [1]
    await pass_time(60)
    assert _told(caplog, "closed") == [1, 1_099]


async def test_a_minute_in_which_connections_sufficed_is_told_nothing_of(
    pass_time: Callable[[float], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    door = Door(ROOM)
    door.make_room()
    for _ in range(3):
        await pass_time(60)
    assert _told(caplog, "refused") == [1]
    door.make_room()
    assert _told(caplog, "refused") == [1, 1]


async def test_the_last_minute_of_a_flood_is_told_when_the_server_stops(
    caplog: pytest.LogCaptureFixture,
) -> None:
    door = Door(ROOM)
    async with serving(door):
        for _ in range(1_100):
            door.make_room()
        assert _told(caplog, "refused") == [1]
    assert _told(caplog, "refused") == [1, 1_099]


async def test_a_stop_tells_nothing_of_connections_that_sufficed_since_the_last_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    door = Door(ROOM)
    async with serving(door):
        door.make_room()
    assert _told(caplog, "refused") == [1]


async def test_bytes_of_few_connections_are_parsed_in_one_turn_of_the_loop() -> None:
    door, parsed, turn = Door(ROOM), list[int](), 0

    class Sender:
        def parse(self) -> None:
            parsed.append(turn)

    for _ in range(3):
        door.parsing.add(Sender())
    for turn in range(1, 4):  # noqa: B007 - `parse` looks at it
        await asyncio.sleep(0)
    assert parsed == [0, 1, 2]


async def test_a_connection_counts_for_its_ip_when_an_older_one_of_its_port_is_closed_late() -> (
    None
):
    door = Door(ROOM)
    for port in (1, 1, 2):
        door.came((CROWD, port))
    door.went((CROWD, 1))
    door.made((CROWD, 1), Idle())
    assert door.make_room((OTHERS, 1))


async def test_whoever_has_spoken_and_is_not_heard_yet_makes_no_room_before_the_silent() -> None:
    door, spoke, silent = Door(ROOM, lambda: True), Idle(), Idle()
    door.waits(spoke)
    door.waits(silent)
    door.parsing.add(spoke)
    assert door.make_room()
    assert [silent.is_gone, spoke.is_gone] == [True, False]
    assert door.make_room()
    assert spoke.is_gone


async def test_the_door_that_is_served_knows_when_an_act_is_given_way(rollcall: Runtime) -> None:
    door = door_within(1024)
    way = rollcall.database.right_of_way.claim(uuid4())
    assert way is not None
    assert door.is_given_way()
    runtime.use(None)  # as at a stop, while connections are open
    assert not door.is_given_way()
    runtime.use(rollcall)
    way.end()
    assert not door.is_given_way()


async def test_nobody_is_let_in_nor_heard_while_an_act_is_given_way() -> None:
    is_given_way = True
    async with serving(Door(ROOM, lambda: is_given_way)) as house:
        asking, served = await house.ask(HERE), house.server.server_state
        for _ in range(10):
            await asyncio.sleep(0)
        assert not served.connections
        is_given_way = False
        assert await is_answered(asking)
        is_given_way = True
        asking[1].write(HERE + b"\r\n")
        (connection,) = served.connections
        assert isinstance(connection, TimedProtocol)
        async with asyncio.timeout(PATIENCE):
            while not connection._unparsed:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0)
        assert served.total_requests == 1
        connection._is_late(KEPT_OPEN)  # it isn't silent
        is_given_way = False
        while b" 200 " not in await asyncio.wait_for(asking[0].readuntil(b"\n"), PATIENCE):
            pass
