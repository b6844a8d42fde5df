"""A share whose server doesn't answer: whoever looks at it hangs, and can only be killed."""

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DEVICE = "/dev/fuse"
DETACH = 2  # umount2(2): MNT_DETACH


@contextmanager
def hanging(folder: Path) -> Iterator[Path]:
    """Make this folder, and have it hang until the block ends: a file system of FUSE, whose
    requests nobody reads (the kernel's documentation, filesystems/fuse)."""
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
            yield folder
        finally:
            # Whoever waits is told that the share is gone.
            libc.umount2(bytes(folder), DETACH)
    finally:
        os.close(device)


def side_threads() -> set[threading.Thread]:
    """The threads of this process that do work which may never end (`services.core.side_thread`).
    Others come and go as they like."""
    return {thread for thread in threading.enumerate() if thread.name == "side thread"}


def threads_of(pid: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
