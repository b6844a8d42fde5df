"""A real Rollcall in a process of its own, and ways to set the scene in its database."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx

from tests.browser.forks import Process, fork
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
# Seconds for a start; generous, as the machine may be busy.
PATIENCE = 180
LOG = "server.log"
_SERVE = "import sys, main; sys.exit(main.main(['serve']))"


def cookie_name(url: str, name: str = "rollcall") -> str:
    """The name of a cookie of the Rollcall at this url. Cookies aren't separated by ports, so the
    names differ."""
    return f"{name}-{urlsplit(url).port}"


class Server:
    """A running `main.py serve`."""

    def __init__(self, process: Process, url: str, data_dir: Path) -> None:
        self.process = process
        self.url = url
        self.data_dir = data_dir
        self.setup_url: str | None = None

    def log(self) -> str:
        """The output of this server, and of earlier ones in the same folder."""
        return (self.data_dir / LOG).read_text(encoding="utf-8")

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; returns the exit status."""
        if self.process.returncode is None:
            self.process.send_signal(how)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@asynccontextmanager
async def serving(
    data_dir: Path,
    *,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
    before: str = "",
    forked: bool = True,
    until: str = "/readyz",
) -> AsyncIterator[Server]:
    """Serve from this data folder until the block ends, by a program before it, if there is one.

    `before` is Python that the server's process runs first: it sets the limits of a smaller
    machine, or shorter times to wait for. Without a program before it, the process is a fork
    (`tests.browser.forks`), whose command line and first environment aren't its own; unless
    `forked` is false: then it is started as a new process.

    It begins once `until` answers that all is well.
    """
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    env = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
    env |= {
        "ROLLCALL_ENV_FILE": os.devnull,
        "ROLLCALL_DATA_DIR": str(data_dir),
        "ROLLCALL_PORT": str(port),
        "ROLLCALL_PUBLIC_URL": url,
        "PYTHONPATH": str(ROOT),
        **(settings or {}),
    }
    with _log_in(data_dir) as output:
        process: Process
        if forked and not prefix:
            process = await asyncio.to_thread(fork, data_dir, env, output, before)
        else:
            process = await asyncio.create_subprocess_exec(
                *prefix,
                sys.executable,
                *(["-c", f"{before}\n{_SERVE}"] if before else [str(ROOT / "main.py"), "serve"]),
                cwd=data_dir,
                env=env,
                stdout=output,
                stderr=output,
            )
    server = Server(process, url, data_dir)
    try:
        await _until_well(server, until)
        found = re.findall(rf"{re.escape(url)}/setup/\S+", server.log())
        server.setup_url = found[-1] if found else None
        yield server
    finally:
        await server.stop()


def _log_in(data_dir: Path) -> BinaryIO:
    data_dir.mkdir(parents=True, exist_ok=True)
    return (data_dir / LOG).open("ab")


async def _until_well(server: Server, path: str) -> None:
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(timeout=60) as http:
        while True:
            if server.process.returncode is not None:
                raise RuntimeError(f"It ended at once:\n{server.log()}")
            try:
                if (await http.get(f"{server.url}{path}")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
