"""A start that can't succeed says why, and one that is stopped ends at once."""

import asyncio
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from models import SsoConnection
from services.core import clock
from services.database import vault
from services.database.migrations import ADVISORY_LOCK
from services.database.startup import started
from services.database.transaction import transaction
from tests import factories
from tests.browser.server import PATIENCE, ROOT, serving
from tests.browser.waiting import eventually
from tests.conftest import make_settings
from tests.ports import free_port
from tests.postgres import PostgresServer
from tests.test_command_line import AS_ANYBODY, assert_refused, run

# As the first process of a container; with a /dev/shm that can't be written to; with a full one.
AS_FIRST = ("unshare", "--pid", "--fork", "--kill-child")
READ_ONLY = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o ro t /dev/shm && exec "$@"', "-")
FILLING = (
    """mount -t tmpfs -o size=64k t /dev/shm && ! cat /dev/zero > /dev/shm/full && exec "$@" """
)
FULL = ("unshare", "--mount", "sh", "-c", FILLING, "-")


def _needs(prefix: Sequence[str]) -> None:
    if not shutil.which(prefix[0]) or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip(f"may not {prefix[0]} here")


@asynccontextmanager
async def _starting(
    folder: Path, prefix: Sequence[str] = (), **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *prefix,
        sys.executable,
        str(ROOT / "main.py"),
        "serve",
        cwd="/",  # where no .env is
        env={"PATH": os.environ["PATH"], "ROLLCALL_DATA_DIR": str(folder), **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ends(process: asyncio.subprocess.Process, pid: int | None = None) -> str:
    """Tell it to end; what it has said."""
    os.kill(pid or process.pid, signal.SIGTERM)
    assert process.stdout is not None
    said = (await asyncio.wait_for(process.stdout.read(), PATIENCE)).decode()
    await process.wait()
    assert "Traceback" not in said
    return said


class _Silent(NamedTuple):
    """A database that takes connections, and says nothing."""

    url: str
    listener: socket.socket

    def is_asked(self) -> bool:
        """Whether somebody has connected."""
        return bool(select.select([self.listener], [], [], 0)[0])


@pytest.fixture
def silent() -> Iterator[_Silent]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=16)
    port = listener.getsockname()[1]
    yield _Silent(f"postgresql://u@127.0.0.1:{port}/d?connect_timeout=1000", listener)
    listener.close()


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


async def test_sigterm_ends_a_start_that_waits_for_a_silent_database(
    silent: _Silent, tmp_path: Path
) -> None:
    async with _starting(tmp_path / "data", ROLLCALL_DATABASE_URL=silent.url) as process:
        await eventually(silent.is_asked)
        await _ends(process)
        assert process.returncode == -signal.SIGTERM


async def test_sigterm_ends_a_start_that_is_the_first_process_of_a_container(
    silent: _Silent, tmp_path: Path
) -> None:
    _needs(AS_FIRST)
    async with _starting(tmp_path / "data", AS_FIRST, ROLLCALL_DATABASE_URL=silent.url) as process:
        await eventually(silent.is_asked)
        (first,) = _children(process.pid)
        await _ends(process, first)
        assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.postgresql
async def test_sigterm_ends_a_start_that_waits_for_another_s_migration(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.create_database(empty=True)
    url = postgres_server.url(name)
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (ADVISORY_LOCK,))
        async with _starting(tmp_path / "data", ROLLCALL_DATABASE_URL=url) as process:
            waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            await eventually(lambda: other.execute(waiting).fetchone())
            await _ends(process)
    postgres_server.drop_database(name)


async def test_sigterm_ends_a_start_that_has_just_begun_to_listen(tmp_path: Path) -> None:
    port = free_port()

    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    async with _starting(tmp_path / "data", ROLLCALL_PORT=str(port)) as process:
        await eventually(listens)
        await _ends(process)
        assert process.returncode in {0, -signal.SIGTERM}


@pytest.mark.parametrize("prefix", [READ_ONLY, FULL], ids=["read-only", "full"])
async def test_it_serves_without_room_for_shared_memory(prefix: Sequence[str]) -> None:
    _needs(prefix)
    with tempfile.TemporaryDirectory() as folder:  # `tmp_path` may be in what is hidden
        async with serving(Path(folder) / "data", prefix=prefix) as server:
            assert "Traceback" not in server.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_of_somebody_else_is_told_with_the_command_that_mends_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run(data, "migrate").returncode == 0
    for path in (data, *data.iterdir()):
        os.chown(path, 4321, 4321)
        path.chmod(0o755 if path == data else 0o644)
    refused = run(data, "migrate", before=AS_ANYBODY)
    assert_refused(refused, "belongs to uid 4321", f"chown -R 0:0 {data}")
    for path in data.iterdir():
        path.unlink()
    refused = run(data, "migrate", before=AS_ANYBODY)
    assert_refused(refused, "belongs to uid 4321", f"chown -R 0:0 {data}")
    refused = run(data / "new", "migrate", before=AS_ANYBODY)
    assert_refused(refused, f"install -d -m 700 -o 0 -g 0 {data / 'new'}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_somebody_else_in_our_folder_are_all_given_back_by_one_command(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"  # as where root ran a command on the data of a service
    assert run(data, "migrate").returncode == 0
    for path in data.iterdir():
        os.chown(path, 4321, 4321)
    refused = run(data, "migrate", before=AS_ANYBODY)
    assert_refused(refused, "signing-secret belongs to uid 4321", f"`chown -R 0:0 {data}`")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_keys_that_may_not_be_read_are_told_as_that_and_not_as_lost(tmp_path: Path) -> None:
    data = tmp_path / "data"  # as where root put the keys back
    async with started(make_settings(data)):
        await factories.create_tenant()
    os.chown(data / "encryption-keys", 4321, 4321)
    done = run(data, "doctor", before=AS_ANYBODY)
    (told,) = [line for line in done.stdout.splitlines() if "encryption-keys belongs to" in line][
        :1
    ]
    assert f"run `chown -R 0:0 {data}`" in told
    assert "from a backup" not in done.stdout


async def test_lost_keys_are_told_by_restore_and_by_rotate_keys(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    async with started(make_settings(data)):
        tenant = await factories.create_tenant()
        async with transaction() as tx:
            tx.add(
                SsoConnection(
                    tenant_id=tenant.id,
                    name="Test",
                    issuer="https://sso.example.com",
                    client_id="rollcall",
                    sealed_secret=vault.seal("secret"),
                    created_at=clock.now(),
                )
            )
    assert run(data, "backup", str(copy)).returncode == 0
    (data / vault.KEYS_FILE).unlink()
    restored = run(data, "restore", str(copy))
    assert restored.returncode == 0, restored.stderr
    refused = run(data, "rotate-keys")
    assert refused.returncode == 1
    assert "Nothing was changed" in refused.stderr
    for done in (restored, refused):
        assert vault.LOST in done.stderr
        assert "Restore encryption-keys" in done.stderr
        assert "Traceback" not in done.stderr
    assert not (data / vault.KEYS_FILE).exists()
    given_up = run(data, "rotate-keys", "--give-up-lost")
    assert given_up.returncode == 0, given_up.stderr
    assert f"{tenant.name} has no single sign-on now" in given_up.stdout
    again = run(data, "rotate-keys")
    assert "0 secrets" in again.stdout
    assert vault.LOST not in again.stderr


async def test_ctrl_c_ends_a_command_that_has_just_begun_without_a_traceback(
    tmp_path: Path,
) -> None:
    async with _starting(tmp_path / "data") as process:
        libraries = Path(f"/proc/{process.pid}/maps")
        await eventually(lambda: "pydantic_core" in libraries.read_text())
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        said = await asyncio.wait_for(process.stdout.read(), PATIENCE)
        assert b"Traceback" not in said
