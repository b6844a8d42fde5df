"""pgbouncer, the proxy that operators put before PostgreSQL."""

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.ports import free_port
from tests.postgres import PostgresServer, unprivileged_user

PROGRAM = Path("/usr/sbin/pgbouncer")


@contextmanager
def pooling(server: PostgresServer, mode: str, database: str) -> Iterator[str]:
    """Run it before a server, pooling transactions or sessions; gives the database's url."""
    if not PROGRAM.exists():
        pytest.skip("pgbouncer isn't installed")
    folder = Path(tempfile.mkdtemp(prefix="rollcall-pgbouncer-"))
    port = free_port()
    there = f"host=127.0.0.1 port={server.port} user=rollcall"
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = {there}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = any\npool_mode = {mode}\n"
    )
    folder.chmod(0o755)
    process = subprocess.Popen([PROGRAM, "-q", folder / "pgbouncer.ini"], user=unprivileged_user())
    try:
        url = server.url(database, port)
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


def _wait_for(url: str) -> None:
    for _ in range(300):
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(url).close()
            return
        time.sleep(0.1)
    raise TimeoutError("pgbouncer doesn't answer")
