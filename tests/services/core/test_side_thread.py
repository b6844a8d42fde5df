"""Work that hangs holds up neither other work, nor the threads that all share."""

import asyncio
import gc
import threading

import pytest

from services.core.side_thread import SideThread
from tests.browser.waiting import PATIENCE
from tests.hanging import side_threads


async def test_what_is_done_is_returned_and_what_fails_is_raised() -> None:
    aside = SideThread()
    assert await aside.run(lambda: 5, PATIENCE) == 5
    with pytest.raises(OSError, match="gone"):
        await aside.run(_fail, PATIENCE)
    assert await aside.run(threading.current_thread, PATIENCE) is not threading.current_thread()


def _fail() -> None:
    raise OSError("gone")


async def test_who_hangs_is_left_alone_and_no_other_thread_begins_until_it_ends() -> None:
    aside, may_end, begun = SideThread(), threading.Event(), list[int]()

    def hang() -> None:
        begun.append(1)
        may_end.wait(PATIENCE)

    before = side_threads()
    for _ in range(20):
        with pytest.raises(TimeoutError):
            await aside.run(hang, 0.01)
    assert begun == [1]
    assert len(side_threads() - before) == 1
    waiting = asyncio.create_task(aside.run(lambda: 7, PATIENCE))
    may_end.set()
    assert await waiting == 7


async def test_what_fails_once_nobody_waits_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    aside, may_end = SideThread(), threading.Event()

    def hang() -> None:
        may_end.wait(PATIENCE)
        raise OSError("gone")

    with pytest.raises(TimeoutError):
        await aside.run(hang, 0.01)
    may_end.set()
    assert await aside.run(lambda: 7, PATIENCE) == 7
    gc.collect()
    assert caplog.text == ""


async def test_two_at_the_same_time_are_done_one_after_the_other() -> None:
    aside, at_once, most = SideThread(), list[int](), list[int]()

    def work() -> None:
        at_once.append(1)
        most.append(len(at_once))
        at_once.pop()

    await asyncio.gather(*(aside.run(work, PATIENCE) for _ in range(10)))
    assert most == [1] * 10
