"""A thread beside all others, for work that may never end: on a folder of a share that hangs."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TypeVar

ResultT = TypeVar("ResultT")


class SideThread:
    """Does one piece of such work at a time.

    The threads of `asyncio.to_thread` are few, everybody waits for them, and so does the process at
    its end. This one holds nobody up: neither others, nor the end.
    """

    def __init__(self) -> None:
        self._running: asyncio.Future[object] | None = None

    async def run(self, work: Callable[[], ResultT], seconds: float) -> ResultT:
        """Have it done within so many seconds; returns its result.

        Raises `TimeoutError` if it takes longer, and what the work raises. While work still hangs,
        no other begins: whoever has some waits for the end of that first.
        """
        async with asyncio.timeout(seconds):
            while self._running is not None and not self._running.done():
                await asyncio.wait({self._running})
            begun = _begin(work)
            self._running = begun  # type: ignore[assignment]  # only whether it is done is asked
            return await asyncio.shield(begun)


def have_done(work: Callable[[], ResultT], seconds: float) -> ResultT:
    """The same before there is an event loop: have it done in a thread beside this one.

    Raises `TimeoutError` if it takes longer, and what the work raises.
    """
    result: Future[ResultT] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            result.set_exception(error)

    threading.Thread(target=run, name="side thread", daemon=True).start()
    return result.result(timeout=seconds)


def _begin(work: Callable[[], ResultT]) -> asyncio.Future[ResultT]:
    loop = asyncio.get_running_loop()
    result: asyncio.Future[ResultT] = loop.create_future()
    # Who waited may have left: then nobody is to be told that it failed.
    result.add_done_callback(lambda done: done.exception())

    def run() -> None:
        try:
            tell = partial(result.set_result, work())
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            tell = partial(result.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=run, name="side thread", daemon=True).start()
    return result
