"""Who gets a websocket, and what is taken from it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import socketio
import websockets

from tests.browser.waiting import PATIENCE, eventually
from tests.ui.live.client import Person, harness, seconds_until_closed
from ui.live import leftovers
from ui.live.budget import BURST
from ui.live.connection import LONGEST_FRAME
from ui.live.guard import SOCKETS_PER_SESSION
from ui.live.unconnected import MOST_UNCONNECTED

# Seconds; whoever gives no sign of life is closed, too, but later.
BEFORE_A_PING = 40
# What the log says of a flood.
SAID = "sent too much"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live") / "log"


@pytest.fixture(scope="module")
def base(log: Path) -> Iterator[str]:
    with harness(log) as address:
        yield address
    assert "Traceback" not in log.read_text()


@pytest.fixture
async def person(base: str) -> AsyncIterator[Person]:
    async with Person(base) as person:
        yield person


@pytest.fixture
async def colleague(base: str) -> AsyncIterator[Person]:
    async with Person(base) as colleague:
        yield colleague


async def refuses(person: Person, headers: dict[str, str]) -> bool:
    page = await person.page()
    try:
        await page.connect(headers)
    except socketio.exceptions.ConnectionError:
        return True
    return False


async def _until_calm(person: Person, sids: float = float("inf")) -> None:
    """Wait until the server holds no connection but those of pages, and no more than so many of
    them. (Pages of a test before may go at any moment.)"""
    async with asyncio.timeout(PATIENCE):
        while True:
            held = await person.state()
            if held["environs"] == held["sids"] <= sids:
                return
            await asyncio.sleep(0.05)


async def _acts(person: Person) -> list[str]:
    """What was done. (Pages of a test before may go at any moment.)"""
    return [event for event in (await person.state())["events"] if event != "deleted"]


async def test_the_page_s_own_browser_is_let_in(person: Person) -> None:
    assert not await refuses(person, person.headers)


async def test_what_answered_a_page_is_let_go_when_its_browser_is_there(person: Person) -> None:
    page = await person.page()
    (before,) = (await person.state())["requests"][-1:]
    assert "app" in before
    await page.connect()
    state = await person.state()
    assert set(state["requests"][-1]) <= leftovers.KEPT
    assert set(state["environments"][-1]) == leftovers.ASKED_FOR
    await page.click()  # and it works as before


async def test_of_a_tab_that_came_nothing_is_kept(person: Person) -> None:
    page = await person.connected_page()
    assert (await person.state())["tabs"] > 0
    async with asyncio.timeout(PATIENCE):  # NiceGUI looks every ten seconds
        while (await person.state())["tabs"]:  # noqa: ASYNC110 - it is another process's
            await asyncio.sleep(0.2)
    await page.click()  # and it works as before


async def test_no_cookie_is_refused(person: Person, base: str) -> None:
    assert await refuses(person, {"Origin": base})


async def test_another_person_s_cookie_is_refused(person: Person, colleague: Person) -> None:
    assert await refuses(person, colleague.headers)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", None])
async def test_a_foreign_origin_is_refused(person: Person, origin: str | None) -> None:
    headers = {"Cookie": person.headers["Cookie"]} | ({} if origin is None else {"Origin": origin})
    assert await refuses(person, headers)


async def test_polling_is_refused(person: Person) -> None:
    answer = await person.http.get("/_nicegui_ws/socket.io/?transport=polling&EIO=4")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query", ["", "client_id={id}", "client_id={id}&tab_id=t&document_id=d&next_message_id=x"]
)
async def test_a_malformed_query_is_refused(person: Person, query: str) -> None:
    page = await person.page()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await page.connect(query=query.format(id=page.client_id) or "x=y")


async def test_a_foreign_socket_is_not_heard(person: Person, colleague: Person) -> None:
    page = await person.connected_page()
    stranger = await colleague.connected_page()
    before = await _acts(person)
    await stranger.sio.emit("event", page.event())
    greeting = {
        "client_id": page.client_id,
        "tab_id": page.tab_id,
        "document_id": page.document_id,
    }
    assert await stranger.sio.call("handshake", greeting, timeout=PATIENCE) is False
    assert await _acts(person) == before
    await page.click()
    async with asyncio.timeout(PATIENCE):
        while await _acts(person) != [*before, "act"]:  # noqa: ASYNC110 - it is another process's
            await asyncio.sleep(0.05)


MALFORMED: list[tuple[str, Any]] = [
    ("event", None),
    ("event", "x"),
    ("event", {"id": 999_999}),
    ("event", {"id": "1"}),
    ("event", {"id": True, "listener_id": "x"}),
    ("event", {"id": 2**53, "listener_id": "x"}),
    ("event", {"listener_id": "nobody"}),
    ("event", {"listener_id": []}),
    ("event", {"args": "x"}),
    ("event", {"args": ["{bad"]}),
    ("event", {"args": [{}]}),
    ("ack", {"next_message_id": "x"}),
    ("ack", {}),
    ("log", {"level": "evil", "message": "x"}),
    ("log", {"level": ["x"], "message": "x"}),
    ("log", {"level": "info", "message": 5}),
    ("javascript_response", {}),
    ("handshake", {}),
]


@pytest.mark.parametrize(("name", "message"), MALFORMED)
async def test_a_malformed_message_is_dropped(person: Person, name: str, message: Any) -> None:
    page = await person.connected_page()
    if isinstance(message, dict):
        message = {**(page.event() if name == "event" else {}), **message}
        message["client_id"] = page.client_id
    before = await _acts(person)
    await page.sio.emit(name, message)
    await asyncio.sleep(0.05)
    assert await _acts(person) == before
    assert page.sio.connected


FRAMES: list[str | bytes] = [
    *("", "x", "4", "42", "42[]", "42{}", "42[1]", '42["event"', "44{}", '45-["x"]', "2probe", "5"),
    *('43["x"]', '4{"a":1}', "b4AAA", "40/admin,", '42/admin,["event"]', '٤٢["event"]', b"abc"),
    *('42["connect",{}]', '42["disconnect"]', '42["unknown",{}]', '429999999999["event"]'),
    '42["event",' + "[" * 20_000 + "]" * 20_000 + "]",
    '42["event","' + "a" * LONGEST_FRAME + '"]',
]


@pytest.mark.parametrize("frame", FRAMES, ids=[str(frame[:20]) for frame in FRAMES])
async def test_a_frame_that_no_page_sends_closes_the_socket(
    person: Person, frame: str | bytes
) -> None:
    page = await person.page()
    async with page.raw() as connection:
        await connection.recv()
        await connection.send("40")
        assert (await connection.recv()).startswith("40")
        await connection.send(frame)
        assert await seconds_until_closed(connection, BEFORE_A_PING) is not None


@pytest.mark.parametrize("frame", ['42["ack",{}]', "3"])
async def test_a_flood_closes_the_socket(person: Person, frame: str) -> None:
    page = await person.page()
    async with page.raw() as connection:
        await connection.recv()
        await connection.send("40")
        await connection.recv()
        with suppress(websockets.ConnectionClosed):
            # Many, as it may say a little more for each second that a busy machine takes.
            for _ in range(4 * int(BURST)):
                await connection.send(frame)
        assert await seconds_until_closed(connection, BEFORE_A_PING) is not None


async def test_a_flood_over_many_sockets_ends_all_pages_of_its_session_and_no_others(
    person: Person, colleague: Person, log: Path
) -> None:
    pages = [await person.connected_page() for _ in range(6)]
    other = await colleague.connected_page()
    before = (await person.state())["pages"]
    said = await asyncio.to_thread(_lines, log, SAID)
    each = int(BURST) - 10  # by itself no socket says too much
    await asyncio.gather(*(page.click() for page in pages for _ in range(each)))
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(page.closed.wait() for page in pages))
    assert all(page.received[0][0] == "rollcall_cut" for page in pages)
    # (Pages of a test before may go at any moment.)
    assert (await person.state())["pages"] <= before - len(pages)
    refused = await person.http.get("/page")
    assert refused.status_code == 429
    assert "Your pages were closed" in refused.text
    # One line a minute tells of floods: a test before may have had this minute's.
    now_said = await asyncio.to_thread(_lines, log, SAID)
    assert 1 <= len(now_said) <= len(said) + 1
    acted = (await person.state())["events"].count("act")
    await other.click()
    async with asyncio.timeout(PATIENCE):
        while (await person.state())["events"].count("act") == acted:  # noqa: ASYNC110 - it is another process's
            await asyncio.sleep(0.05)


async def test_what_waits_to_be_acted_upon_dies_with_its_page(person: Person) -> None:
    page = await person.connected_page()
    for _ in range(100):
        await page.click()
    await asyncio.sleep(0.1)
    await person.end()
    acted = (await person.state())["events"].count("act")
    await asyncio.sleep(1)
    assert (await person.state())["events"].count("act") == acted


async def test_all_pages_of_a_busy_person_may_come_back_at_once(person: Person) -> None:
    pages = [await person.connected_page() for _ in range(SOCKETS_PER_SESSION // 2)]
    for _ in range(2):
        await asyncio.gather(*(page.sio.eio.disconnect(abort=True) for page in pages))
        await asyncio.gather(*(page.connect() for page in pages))
        for _ in range(3):  # each asks for its rows, and says what it got
            await asyncio.gather(*(page.click() for page in pages))
        assert all(page.sio.connected for page in pages)
    assert (await person.http.get("/page")).status_code == 200


async def test_of_pages_to_which_no_browser_comes_the_oldest_goes(person: Person) -> None:
    open_page = await person.connected_page()
    first, *_, last = [await person.page() for _ in range(MOST_UNCONNECTED + 1)]
    with pytest.raises(socketio.exceptions.ConnectionError):
        await first.connect()
    await last.connect()
    assert open_page.sio.connected


async def test_idle_sockets_are_closed_and_nobody_notices(person: Person, base: str) -> None:
    page = await person.page()
    idle = [await page.raw({"Origin": base}) for _ in range(200)]
    assert (await person.http.get("/login")).is_success
    ends = await asyncio.gather(*(seconds_until_closed(one, PATIENCE) for one in idle))
    assert all(end is not None for end in ends)
    await _until_calm(person)


async def test_a_socket_that_never_hand_shakes_is_closed(person: Person) -> None:
    page = await person.page()
    async with page.raw(query=page.query(implicit=False)) as connection:
        await connection.recv()
        await connection.send("40")
        assert await seconds_until_closed(connection, PATIENCE) is not None


async def test_an_explicit_handshake_is_taken(person: Person) -> None:
    page = await person.page()
    async with page.raw(query=page.query(implicit=False)) as connection:
        await connection.recv()
        await connection.send("40")
        await connection.recv()
        greeting = {
            "client_id": page.client_id,
            "tab_id": page.tab_id,
            "document_id": page.document_id,
            "old_tab_id": None,
            "next_message_id": 0,
        }
        await connection.send("420" + json.dumps(["handshake", greeting]))
        assert await connection.recv() == "430[true]"


async def test_a_session_has_so_many_sockets_and_no_more(person: Person) -> None:
    for _ in range(SOCKETS_PER_SESSION):
        await person.connected_page()
    assert await refuses(person, person.headers)
    assert (await person.end())["answered"] == SOCKETS_PER_SESSION


async def test_sockets_that_break_off_while_they_connect_leave_nothing(person: Person) -> None:
    before = await person.state()
    for _ in range(20):
        connection = await (await person.page()).raw()
        await connection.recv()
        await connection.send("40")
        connection.transport.abort()
    await _until_calm(person, sids=before["sids"])


async def test_a_logged_message_forges_no_line(person: Person, log: Path) -> None:
    page = await person.connected_page()
    text = "first\nERROR forged\x1b[31m\u202e" + "A" * 5000
    message = {"client_id": page.client_id, "level": "error", "message": text}
    await page.sio.emit("log", message)
    await eventually(lambda: "forged" in log.read_text())
    text = await asyncio.to_thread(log.read_text)
    lines = [line for line in text.splitlines() if "forged" in line]
    assert len(lines) == 1
    assert re.match(r"\S+ ERROR ui.live.guard .*: A browser of user", lines[0])
    assert "\x1b" not in lines[0]
    assert len(lines[0]) < 700


def _lines(log: Path, of: str) -> list[str]:
    return [line for line in log.read_text().splitlines() if of in line]


async def test_a_line_of_an_event_names_its_connection_and_its_user(
    person: Person, log: Path
) -> None:
    page = await person.connected_page()
    for _ in range(2):
        await page.click("Log")
    await eventually(lambda: len(_lines(log, "An event's own line")) == 2)
    lines = _lines(log, "An event's own line")
    found = [re.search(r" request=(\w+)\.(\d+) user=([\w-]+): ", line) for line in lines]
    assert [match and match[2] for match in found] == ["1", "2"]
    assert len({match and (match[1], match[3]) for match in found}) == 1
