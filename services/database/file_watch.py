"""Wakes a caller when a file is written by any process of this machine.

Linux tells of it (inotify(7)), so that waiting costs next to nothing.
"""

import asyncio
import ctypes
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

log = logging.getLogger(__name__)

IN_MODIFY = 0x2  # <sys/inotify.h>
# How many bytes of news are read at once and dropped: it is enough to know that there is news.
NEWS = 64 * 1024


class FileWatch:
    """A watch on some files.

    `has_news` is false if the system can't report changes: on systems other than Linux, or if no
    watch is left on this one.
    """

    def __init__(self) -> None:
        self.has_news = False
        self._news = asyncio.Event()
        # What was written just before may not be committed yet.
        self._heard_at = asyncio.get_running_loop().time()

    async def wait(self, seconds: float) -> None:
        """Wait until a file is written, for at most this long; return at once if one was written
        since the last call."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    @property
    def silence(self) -> float:
        """How many seconds ago a file was last written, or the watch began."""
        return asyncio.get_running_loop().time() - self._heard_at

    def hear(self, descriptor: int) -> None:
        """Read the news."""
        os.read(descriptor, NEWS)
        self._heard_at = asyncio.get_running_loop().time()
        self._news.set()


@contextmanager
def watching(paths: Iterable[str]) -> Iterator[FileWatch]:
    """Watch these files, which must exist, for as long as the block runs."""
    watch = FileWatch()
    try:
        descriptor = _watch(paths)
    except OSError as error:
        log.info("Nobody tells when the database is written: it is looked at. (%s)", error)
        yield watch
        return
    watch.has_news = True
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, watch.hear, descriptor)
    try:
        yield watch
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _watch(paths: Iterable[str]) -> int:
    """A descriptor that can be read once one of these files was written."""
    if sys.platform != "linux":
        raise OSError("not on this system")
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = int(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    for path in paths:
        if libc.inotify_add_watch(descriptor, os.fsencode(path), IN_MODIFY) < 0:
            number = ctypes.get_errno()
            os.close(descriptor)
            raise OSError(number, os.strerror(number))
    return descriptor
