"""Garbage of closed pages is collected seldom, and when nobody waits for anything."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from tests.browser.waiting import eventually
from ui.live.collector import Collector


class Page:
    """Something in a cycle, as a page's elements and handlers are."""

    def __init__(self) -> None:
        self.handler = self.close

    def close(self) -> None:
        """Refer to the page."""


@pytest.fixture(autouse=True)
def _nothing_by_itself() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # what earlier tests left isn't looked at by each collection, a second or two
    gc.disable()
    yield
    gc.enable()


def _closed() -> weakref.ref[Page]:
    return weakref.ref(Page())


async def test_a_closed_page_is_given_back_once_there_are_enough() -> None:
    collector = Collector(enough=3, quiet=0)
    page = _closed()
    for _ in range(3):
        assert page() is not None
        collector.page_closed(still_open=0)
    await eventually(lambda: page() is None)


async def test_too_few_are_left_alone() -> None:
    collector = Collector(enough=3, quiet=0)
    page = _closed()
    for _ in range(2):
        collector.page_closed(still_open=0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert page() is not None


async def test_the_more_pages_are_open_the_more_must_have_closed() -> None:
    collector = Collector(enough=3, quiet=0)
    page = _closed()
    for _ in range(9):
        collector.page_closed(still_open=40)
    await asyncio.sleep(0)
    assert page() is not None
    collector.page_closed(still_open=40)
    await eventually(lambda: page() is None)


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.time


async def test_it_waits_while_somebody_waits_for_news() -> None:
    clock = Clock()
    collector = Collector(enough=1, quiet=0.001, patience=1000, now=clock)
    page = _closed()
    collector.busy()
    collector.page_closed(still_open=0)
    await _some_timers()
    assert page() is not None
    clock.time = 1
    await eventually(lambda: page() is None)


async def test_it_does_not_wait_for_ever() -> None:
    clock = Clock()
    collector = Collector(enough=1, quiet=0.001, patience=5, now=clock)
    page = _closed()
    collector.page_closed(still_open=0)
    clock.time = 4
    collector.busy()
    await _some_timers()
    assert page() is not None
    clock.time = 5
    collector.busy()
    await eventually(lambda: page() is None)


async def test_it_waits_longer_while_one_cut_follows_the_other() -> None:
    clock = Clock()
    collector = Collector(enough=1, quiet=0.001, patience=5, cut_patience=50, now=clock)
    page = _closed()
    collector.page_closed(still_open=0)
    clock.time = 49
    collector.cutting()
    await _some_timers()
    assert page() is not None
    clock.time = 50
    collector.cutting()
    await eventually(lambda: page() is None)


async def test_it_waits_for_the_answer_whether_to_end_somebody_s_access() -> None:
    clock = Clock()
    collector = Collector(enough=1, quiet=0.001, patience=5, cut_patience=50, now=clock)
    page = _closed()
    collector.page_closed(still_open=0)
    clock.time = 15
    collector.expecting()
    clock.time = 24
    await _some_timers()
    assert page() is not None
    clock.time = 25
    await eventually(lambda: page() is None)


async def _some_timers() -> None:
    """Let a timer of a millisecond ring a few times."""
    for _ in range(5):
        rung = asyncio.Event()
        asyncio.get_running_loop().call_later(0.002, rung.set)
        await rung.wait()


async def test_it_begins_anew_after_each_collection() -> None:
    collector = Collector(enough=2, quiet=0)
    for _ in range(3):
        page = _closed()
        for _ in range(2):
            collector.page_closed(still_open=0)
        await eventually(lambda page=page: page() is None)  # type: ignore[misc]  # mypy guesses no lambda with a default
