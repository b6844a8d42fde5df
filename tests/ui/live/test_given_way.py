"""Pages give way to what ends somebody's access, and that comes first as soon as it has arrived."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.browser.waiting import PATIENCE
from tests.ui.live.client import Person, harness


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("live") / "log"
    with harness(log) as address:
        yield address
    assert "Traceback" not in log.read_text()


@pytest.fixture
async def person(base: str) -> AsyncIterator[Person]:
    async with Person(base) as person:
        yield person


async def _acts(person: Person) -> list[str]:
    """What was done. (Pages of a test before may go at any moment.)"""
    return [event for event in (await person.state())["events"] if event != "deleted"]


async def _two_acts(person: Person, before: int) -> list[str]:
    async with asyncio.timeout(PATIENCE):
        while len(told := (await _acts(person))[before:]) < 2:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    return told


async def _until_more_than(acted: int, person: Person) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await _acts(person)).count("act") <= acted:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def _until_one_waits(person: Person) -> None:
    async with asyncio.timeout(PATIENCE):
        while not (await person.state())["waiting"]:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def test_an_event_waits_for_an_act_that_ends_somebody_s_access(person: Person) -> None:
    page, before = await person.connected_page(), (await _acts(person)).count("act")
    await person.http.post("/control/urgent", params={"runs": True})
    try:
        await page.click()
        await _until_one_waits(person)
        assert (await _acts(person)).count("act") == before
    finally:
        await person.http.post("/control/urgent", params={"runs": False})
    await _until_more_than(before, person)


@pytest.mark.parametrize(
    ("button", "listener", "acts"), [("End access", 0, 1), ("End access", 1, 0), ("Send", 0, 0)]
)
async def test_what_is_submitted_to_end_access_is_given_way_before_it_begins_and_nothing_else(
    person: Person, button: str, listener: int, acts: int
) -> None:
    page, before = await person.connected_page(), len(await _acts(person))
    event = page.event(button)
    event["listener_id"] = page.elements[str(event["id"])]["events"][listener]["listener_id"]
    await page.sio.emit("event", event)
    assert await _two_acts(person, before) == [f"given way: {acts}", "let go: 0"]


async def test_it_is_given_way_as_soon_as_it_has_arrived_behind_what_waits(person: Person) -> None:
    page, before = await person.connected_page(), len(await _acts(person))
    await person.http.post("/control/urgent", params={"runs": True})
    try:
        await page.click()
        await _until_one_waits(person)
        await page.sio.emit("event", page.event("End access"))
        assert await _two_acts(person, before) == ["given way: 2", "let go: 1"]
    finally:
        await person.http.post("/control/urgent", params={"runs": False})
