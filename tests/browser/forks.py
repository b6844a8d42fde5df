"""Starts `main.py serve`, and its other commands, as forks of a process that has loaded all of it:
so work of some seconds is done once in each worker.

`python -m tests.browser.forks DESCRIPTOR` is that process: it takes an order for each command, by
the socket with this descriptor, and ends, with every server that still runs, when the other end of
the socket is closed. A command runs on from where `python main.py` is after its imports.
"""

import asyncio
import atexit
import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO, NoReturn, Protocol

ROOT = Path(__file__).parent.parent.parent
MOST = 65536
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Order:
    """A command and its folder; `before` is Python code that it runs first."""

    arguments: list[str]
    cwd: str
    env: dict[str, str]
    before: str = ""


class Process(Protocol):
    """A server's process, however it was started."""

    pid: int

    @property
    def returncode(self) -> int | None:
        """Its exit status, once it has ended; below zero, the signal that ended it."""

    def send_signal(self, signal: int) -> None:
        """Send it a signal, if it still runs."""

    async def wait(self) -> int:
        """Wait for its end; returns the exit status."""


class Forked:
    """A forked server's process; its exit status arrives at `told`."""

    def __init__(self, pid: int, told: socket.socket) -> None:
        self.pid = pid
        self._told = told
        self._status: int | None = None

    @property
    def returncode(self) -> int | None:
        """Its exit status, once it has ended; below zero, the signal that ended it."""
        if self._status is None:
            with contextlib.suppress(BlockingIOError):
                said = self._told.recv(MOST)
                self._status = int(said or -signal.SIGKILL)
                self._told.close()
        return self._status

    def send_signal(self, signal: int) -> None:
        """Send it a signal, if it still runs."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal)

    def end(self) -> None:
        """End it, and wait for that."""
        self.send_signal(signal.SIGTERM)
        while self.returncode is None:
            time.sleep(0.02)

    async def wait(self) -> int:
        """Wait for its end; returns the exit status."""
        while (status := self.returncode) is None:  # noqa: ASYNC110 - a socket outlives loops
            await asyncio.sleep(0.02)
        return status


def fork(cwd: Path, env: Mapping[str, str], output: BinaryIO, before: str) -> Forked:
    """Start a server, in this folder and environment; `before` is Python that it runs first,
    and what it prints goes to the output. Waits until the process is there."""
    with Path(os.devnull).open("rb") as nothing:
        order = Order(["serve"], str(cwd), dict(env), before)
        return _begin(order, (nothing, output, output))


def run(
    arguments: Sequence[str],
    cwd: str,
    env: Mapping[str, str],
    given: str,
    patience: float,
    before: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as `subprocess.run` does; `given` is what it reads,
    `before` is Python that it runs first."""
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        files[0].write(given.encode())
        files[0].seek(0)
        forked = _begin(Order(list(arguments), cwd, dict(env), before), tuple(files))
        until = time.monotonic() + patience
        while forked.returncode is None:
            if time.monotonic() > until:
                forked.send_signal(signal.SIGKILL)
                raise TimeoutError(f"main.py {' '.join(arguments)}")
            time.sleep(0.01)
        for file in files:
            file.seek(0)
        printed, complained = (file.read().decode() for file in files[1:])
    return subprocess.CompletedProcess(arguments, forked.returncode, printed, complained)


def _begin(order: Order, streams: Iterable[IO[bytes]]) -> Forked:
    """Start a command with these standard streams; waits until its process exists."""
    # Packets: a process may have ended before its number is read here, and both would be one text.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        descriptors = [theirs.fileno(), *(stream.fileno() for stream in streams)]
        with _one_at_a_time:
            nursery = _nursery()
        socket.send_fds(nursery, [json.dumps(asdict(order)).encode()], descriptors)
    pid = int(ours.recv(MOST))
    ours.setblocking(False)
    return Forked(pid, ours)


@cache
def _nursery() -> socket.socket:
    """This process's socket to the process that forks."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    env = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.forks", str(theirs.fileno())],
            cwd=ROOT,
            env=env,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def main(orders: socket.socket) -> list[str]:
    """Fork a command for each order; returns its arguments, in its process."""
    import ui.server  # noqa: F401, PLC0415 - only who forks loads it
    from tests import replayed  # noqa: PLC0415 - as above

    replayed.replay()
    replayed.statements()
    gc.collect()
    gc.freeze()
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, MOST, 4)
        if not order:
            _end()
        if os.fork() == 0:
            orders.close()
            told, *streams = descriptors
            return _keep(told, streams, Order(**json.loads(order)))
        for descriptor in descriptors:
            os.close(descriptor)
        _forget_who_has_ended(os.WNOHANG)


def _keep(told: int, streams: list[int], order: Order) -> list[str]:
    """Fork the command and tell of its end; returns in the command's process."""
    pid = os.fork()
    if pid:
        os.write(told, str(pid).encode())
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(BrokenPipeError):
            os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    os.close(told)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order.cwd)
    os.environ.clear()
    os.environ.update(order.env)
    sys.argv = ["main.py", *order.arguments]
    exec(order.before, {})  # noqa: S102 - the tests' own
    return order.arguments


def _forget_who_has_ended(how: int) -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, how)[0]:
            pass


def _end() -> None:
    """End, with every process that was started here."""
    _forget_who_has_ended(os.WNOHANG)
    os.killpg(0, signal.SIGKILL)


def _leave(status: int) -> NoReturn:
    """End as Python does, but don't tidy up its memory: most of it is shared until then, and would
    be copied for that, a tenth of a second of a processor for each fork."""
    threading._shutdown()  # type: ignore[attr-defined]  # it waits for threads, as Python's end does
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    import main as rollcall

    arguments = main(socket.socket(fileno=int(sys.argv[1])))
    try:
        _leave(rollcall.main(arguments))
    except SystemExit as ended:
        if isinstance(ended.code, int):
            _leave(ended.code)
        raise
