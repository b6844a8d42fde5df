"""A cut, as the page's socket and the server see it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import socketio

from tests.browser.waiting import PATIENCE, eventually
from tests.ui.live.client import IGNORES_MS, Page, Person, harness


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with harness(tmp_path_factory.mktemp("live") / "log") as address:
        yield address


@pytest.fixture
async def person(base: str) -> AsyncIterator[Person]:
    async with Person(base) as person:
        yield person
        await person.end()  # or what is left of their pages goes amid the next test


async def _until_it_holds(person: Person, key: str, wanted: object) -> None:
    """Wait until what the server holds under this key is, or has in it, what is wanted."""
    async with asyncio.timeout(PATIENCE):
        while True:
            held = (await person.state())[key]
            if held == wanted or (isinstance(held, list) and wanted in held):
                return
            await asyncio.sleep(0.02)


async def _until_told(page: Page) -> None:
    await eventually(lambda: "rollcall_cut" in [event for event, *_ in page.received])


async def test_a_cut_reaches_every_page_and_leaves_nothing(person: Person) -> None:
    pages = [await person.connected_page() for _ in range(5)]
    receipt = await person.end()
    assert (receipt["pages"], receipt["answered"]) == (5, 5)
    assert 0 < receipt["slowest_ms"] < receipt["took_ms"]
    for page in pages:
        await asyncio.wait_for(page.closed.wait(), PATIENCE)
        assert page.received == [("rollcall_cut", {"url": "/login?why=deactivated"})]
    state = await person.state()
    assert (state["clients"], state["pages"], state["sids"], state["rooms"]) == (0, 0, 0, {})


async def test_a_cut_page_connects_no_more(person: Person) -> None:
    page = await person.connected_page()
    await person.end()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await page.connect()


async def test_a_page_that_ignores_the_notice_is_heard_no_more(person: Person) -> None:
    page = await person.connected_page()
    await page.connect(answers=False)
    before = len((await person.state())["events"])
    ending = asyncio.create_task(person.end(within=1))
    await _until_told(page)
    for _ in range(5):
        await page.click()
    await person.http.post("/control/broadcast")
    receipt = await ending
    assert receipt["pages"] == 1
    assert receipt["took_ms"] < IGNORES_MS, "nobody waited until the page had ended its silence"
    assert "act" not in (await person.state())["events"][before:]
    assert [event for event, *_ in page.received if event != "rollcall_cut"] == []
    await asyncio.wait_for(page.closed.wait(), PATIENCE)


async def test_a_handler_that_runs_on_tells_the_page_nothing(person: Person) -> None:
    page = await person.connected_page()
    await page.click("Slow")
    await _until_it_holds(person, "events", "slow begun")
    await person.end()
    await _until_it_holds(person, "events", "slow done")
    assert [event for event, *_ in page.received] == ["rollcall_cut"]


async def test_a_page_that_is_away_is_deleted_once(person: Person, base: str) -> None:
    page = await person.connected_page()
    before = await person.state()
    deleted = before["events"].count("deleted")
    await page.sio.eio.ws.close()
    await _until_it_holds(person, "sids", before["sids"] - 1)
    receipt = await person.end()
    assert (receipt["pages"], receipt["answered"], receipt["slowest_ms"]) == (1, 0, None)
    state = await person.state()
    assert (state["clients"], state["events"].count("deleted")) == (0, deleted + 1)


async def test_a_page_whose_html_is_under_way_connects_no_more(person: Person) -> None:
    page = await person.page()
    assert (await person.end())["pages"] == 0
    with pytest.raises(socketio.exceptions.ConnectionError):
        await page.connect()


async def test_a_page_that_is_being_built_leads_to_sign_in(person: Person) -> None:
    before = (await person.state())["pages"]
    building = asyncio.create_task(person.http.get("/slow-page"))
    await _until_it_holds(person, "pages", before + 1)
    await person.end()
    answer = await building
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?why=deactivated")
    assert (await person.state())["clients"] == 0


async def test_whatever_becomes_of_a_page_that_is_cut_meanwhile_it_leads_to_sign_in(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    with harness(log) as base:
        for how in ("whole", "amid the cut", "elements", "refused", "failed"):
            async with Person(base) as person:
                answer = await person.http.get(f"/cut-while-built/{how}")
                assert answer.status_code == 303, how
                assert answer.headers["location"] == "/login?why=deactivated"
                assert answer.content == b""
                assert (await person.state())["clients"] == 0
    assert "Traceback" not in log.read_text()


async def test_a_page_whose_session_ended_before_it_was_registered_leads_to_sign_in(
    person: Person,
) -> None:
    answer = await person.http.get("/ended-before")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/platform/login?why=deactivated"


async def test_presence_begins_with_the_first_page_and_ends_with_the_last(person: Person) -> None:
    told = len((await person.state())["presence"])
    await person.connected_page()
    await person.connected_page()
    await person.end()
    assert [online for _, online in (await person.state())["presence"][told:]] == [True, False]


async def test_nothing_of_this_is_an_error_to_the_server(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with harness(log) as base:
        async with Person(base) as person:
            page = await person.connected_page()
            await page.sio.eio.ws.close()
            await person.connected_page()
            await person.end()
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize(("code", "is_open"), [(1001, 0), (1006, 1)])
async def test_a_page_whose_browser_goes_elsewhere_counts_no_more_and_one_that_is_cut_off_does(
    person: Person, code: int, is_open: int
) -> None:
    page = await person.page()
    async with page.raw() as connection:
        await connection.recv()
        await connection.send("40")
        await connection.recv()
        if code == 1006:  # no word at all
            connection.transport.abort()
        else:
            await connection.close(code)
    await _until_it_holds(person, "sids", 0)
    assert (await person.end())["pages"] == is_open
