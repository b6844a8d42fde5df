"""A share whose server doesn't answer: whoever looks at it hangs, and can only be killed."""

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DEVICE = "/dev/fuse"
ABORT, DETACH = 1, 2  # umount2(2): MNT_FORCE, by which whoever waits is let go; MNT_DETACH


# Much longer than anything takes that has a limit, on a busy machine, too; in seconds.
TOO_LONG = 150


@contextmanager
def hanging(folder: Path, too_long: float = TOO_LONG) -> Iterator[Path]:
    """Make this folder, and have it hang until the block ends: a file system of FUSE, whose
    requests nobody reads (the kernel's documentation, filesystems/fuse).

    What waits for it without a limit would hang for good, and the test with it: after too long the
    share goes away, and the test fails.
    """
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        device = os.open(DEVICE, os.O_RDWR)
    except OSError as error:
        pytest.skip(f"may not open {DEVICE} here: {error.strerror}")
    try:
        options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
        if libc.mount(b"share", bytes(folder), b"fuse", 0, options.encode()):
            pytest.skip(f"may not mount a share here: {os.strerror(ctypes.get_errno())}")
        try:
            with _limit(lambda: libc.umount2(bytes(folder), ABORT | DETACH), too_long):
                yield folder
        finally:
            libc.umount2(bytes(folder), ABORT | DETACH)
    finally:
        os.close(device)


@contextmanager
def _limit(let_go: Callable[[], object], seconds: float) -> Iterator[None]:
    """After so long let go whoever waits, and then fail, whatever the block came to."""
    is_over = threading.Event()

    def end() -> None:
        is_over.set()
        let_go()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if is_over.is_set():
            pytest.fail(f"Something waited {seconds} s for a share that hangs, without a limit.")


def side_threads() -> set[threading.Thread]:
    """The threads of this process that do work which may never end (`services.core.side_thread`).
    Others come and go as they like."""
    return {thread for thread in threading.enumerate() if thread.name == "side thread"}


def threads_of(pid: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
