"""A process beside this one, for a command whose files may be on a share that begins to hang.

Who hangs there can't end: at its end a process closes its files, and the share has to answer that,
too (Linux, fs/fuse/file.c, `fuse_flush`). So somebody else has to wait, who has none of them open.
"""

import ctypes
import os
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from services.core.answers import UnreadAnswerError

# Seconds between two looks at how far it came.
LOOK_SECONDS = 0.2
# Seconds for its end, at which it closes its files.
END_SECONDS = 2
PIECE = 65536
PR_SET_PDEATHSIG = 1  # prctl(2)


def run_beside(work: Callable[[], int], seconds: float) -> int:
    """Have the work done in a fork of this process; returns its exit status. What it prints is
    passed on.

    Raises `TimeoutError` if for so many seconds it used no processor, and neither read nor wrote a
    byte. Then it is killed, and goes when the share answers. Raises `UnreadAnswerError`.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    printed, complained, told = os.pipe(), os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        _work(work, printed[1], complained[1], told[1])
    for _, end in (printed, complained, told):
        os.close(end)
    passed_on = {printed[0]: 1, complained[0]: 2}
    try:
        return _wait(pid, told[0], passed_on, seconds)
    finally:
        for end in (*passed_on, told[0]):
            os.close(end)


def _work(work: Callable[[], int], printed: int, complained: int, told: int) -> NoReturn:
    status = 1
    try:
        with suppress(AttributeError):  # only Linux has it
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(printed, 1)
        os.dup2(complained, 2)
        status = work()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - nothing of the process that forked may run here
        traceback.print_exc()
    os.write(told, bytes([status]))
    os._exit(status)


def _wait(pid: int, told: int, passed_on: dict[int, int], seconds: float) -> int:
    """Pass on what it prints, until it tells its status. Raises `TimeoutError`, and
    `UnreadAnswerError` if nobody reads that: then it is killed, too."""
    with selectors.DefaultSelector() as selector:
        for end in (*passed_on, told):
            selector.register(end, selectors.EVENT_READ)
        progress, since = _progress(pid), time.monotonic()
        while True:
            ready = {key.fd for key, _ in selector.select(LOOK_SECONDS)}
            for end in sorted(ready & passed_on.keys()):
                try:
                    if not _pass_on(end, passed_on[end]):
                        selector.unregister(end)
                except UnreadAnswerError:
                    os.kill(pid, signal.SIGKILL)
                    raise
            if told in ready and not ready & passed_on.keys():
                return _status(pid, told)
            now = _progress(pid)
            if now != progress:
                progress, since = now, time.monotonic()
            elif time.monotonic() - since > seconds:
                os.kill(pid, signal.SIGKILL)
                raise TimeoutError


def _pass_on(end: int, to: int) -> bool:
    """Pass on what is there; false at its end."""
    piece = left = os.read(end, PIECE)
    while left:
        try:
            left = left[os.write(to, left) :]
        except BrokenPipeError as error:
            raise UnreadAnswerError from error
    return bool(piece)


def _status(pid: int, told: int) -> int:
    """What it told, once it has ended, or after a moment; if it ended without a word, something
    killed it."""
    if said := os.read(told, 1):
        until = time.monotonic() + END_SECONDS
        while os.waitpid(pid, os.WNOHANG) == (0, 0) and time.monotonic() < until:
            time.sleep(0.005)
        return said[0]
    _, status = os.waitpid(pid, 0)
    return 128 + abs(os.waitstatus_to_exitcode(status))


def _progress(pid: int) -> object:
    """Something that changes with all that the process does (proc(5))."""
    try:
        process = Path(f"/proc/{pid}")
        used = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
        return used, (process / "io").read_text()
    except OSError:  # no such system: then there is no limit
        return time.monotonic()
