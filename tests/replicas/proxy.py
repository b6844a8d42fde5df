"""A real nginx with the very configuration that docs/scaling.md shows."""

import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.browser.server import ROOT
from tests.browser.waiting import PATIENCE
from tests.postgres import unprivileged_user

CONFIG = ROOT / "docs" / "nginx.conf"
# The part of Debian's nginx.conf around a file in conf.d, without root.
AROUND = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/rollcall.conf;
}}
"""


class Proxy:
    """A running nginx."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", self.folder, "-c", self.folder / "nginx.conf"],
            user=unprivileged_user(),
            cwd=self.folder,
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                httpx.get(f"{self.url}/healthz", timeout=60)
            except httpx.TransportError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    error = (self.folder / "error.log").read_text()
                    raise RuntimeError(f"nginx didn't start:\n{error}") from None
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, with every connection."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None


@contextmanager
def proxying(port: int, replicas: Sequence[int]) -> Iterator[Proxy]:
    """Run nginx on this port of 127.0.0.1, before replicas on those, until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="rollcall-nginx-"))
    config = CONFIG.read_text(encoding="utf-8")
    servers = iter(f"server 127.0.0.1:{replica}" for replica in replicas)
    config = re.sub(r"server 10\.[0-9.]+:8080", lambda _: next(servers), config)
    config = re.sub(r"listen .*;", f"listen 127.0.0.1:{port};", config)
    config = re.sub(r".*ssl_certificate.*\n", "", config)
    (folder / "rollcall.conf").write_text(config)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
    if user := unprivileged_user():
        shutil.chown(folder, user)
    proxy = Proxy(folder, f"http://127.0.0.1:{port}")
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        shutil.rmtree(folder, ignore_errors=True)
