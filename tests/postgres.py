"""A real PostgreSQL server for the tests: one per run, a fresh database per test."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from tests.ports import free_port

# Where Debian keeps the programs, one folder per version.
DEBIAN = Path("/usr/lib/postgresql")
# PostgreSQL refuses to run as root; the first of these that exists runs it then.
UNPRIVILEGED = ("postgres", "nobody")
USER = "rollcall"
MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it is made by mkdtemp
ENOUGH_MEMORY = 1 << 30
INITDB_OPTIONS = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
# Seconds for a start; generous, as the machine may be busy.
PATIENCE = 60
# Nothing here outlives the run, so nothing has to survive a crash (PostgreSQL's manual,
# Non-Durable Settings).
SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=64MB",
    "timezone=Pacific/Auckland",  # far from UTC: a time that loses its zone is seen
)


class PostgresMissingError(Exception):
    """PostgreSQL isn't installed here."""


class PostgresServer:
    """A running server; `template` is the database that new ones are copied from."""

    def __init__(self, port: int, launch: Callable[[], subprocess.Popen[bytes]], log: Path) -> None:
        self.port = port
        self.folder = str(log.parent)
        """Where its socket is, besides."""
        self._launch = launch
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.template: str | None = None
        self._numbers = count(1)
        self._connection: psycopg.Connection | None = None

    def url(self, database: str, port: int | None = None) -> str:
        """The address of one of its databases, as Rollcall's setting takes it; or that by the port
        of what stands before it."""
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{database}"

    def create_database(self, name: str | None = None, *, empty: bool = False) -> str:
        """Create a database, a copy of the template if there is one and it isn't to be empty;
        returns its name."""
        name = name or f"test_{next(self._numbers)}"
        # Copying files takes a third of the time that writing them through the log does.
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name),
                sql.Identifier("template0" if empty else self.template or "template0"),
            )
        )
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def run(self, database: str, statement: LiteralString) -> list[tuple[Any, ...]]:
        """Run a statement in one of its databases; returns its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def set_read_only(self, name: str, wanted: bool) -> None:
        """Have one of its databases take nothing that is written, as a standby does to which a host
        name has moved, or take it again."""
        self._run(
            sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(
                sql.Identifier(name), sql.Literal(wanted)
            )
        )
        ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}"
        self._run(sql.SQL(ending).format(sql.Literal(name)))

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = self._launch()
        _wait_until_ready(self._process, self, self._log)

    def stop(self, how: signal.Signals) -> None:
        """Stop: SIGINT ends every connection and keeps the data, SIGQUIT ends at once."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)

    def restart(self) -> None:
        """Stop and start, with the same data at the same address."""
        self.stop(signal.SIGINT)
        self.start()

    def _run(self, statement: sql.Composed) -> None:
        if self._connection is None:
            self._connection = psycopg.connect(self.url("postgres"), autocommit=True)
        self._connection.execute(statement)


@contextmanager
def running() -> Iterator[PostgresServer]:
    """Run a server on a free port of 127.0.0.1 until the block ends.

    Raises `PostgresMissingError`.
    """
    programs = _find_programs()
    user = unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="rollcall-postgres-", dir=fast_folder()))
    try:
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", USER, *INITDB_OPTIONS],
            user=user,
            check=True,
            capture_output=True,
            cwd=folder,
        )
        port = free_port()
        settings = (*SETTINGS, f"unix_socket_directories={folder}")
        options = [part for setting in settings for part in ("-c", setting)]
        log = folder / "server.log"

        def launch() -> subprocess.Popen[bytes]:
            with log.open("ab") as output:
                return subprocess.Popen(
                    [programs / "postgres", "-D", data, "-p", str(port), *options],
                    user=user,
                    stdout=output,
                    stderr=output,
                    cwd=folder,
                )

        server = PostgresServer(port, launch, log)
        try:
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)  # the data is thrown away anyway
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_programs() -> Path:
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    for folder in [*reversed(versions), *([Path(on_path).resolve().parent] if on_path else [])]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissingError(
        f"The tests need PostgreSQL's programs (initdb, postgres) in {DEBIAN}/*/bin or on the "
        "PATH. On Debian: apt install postgresql"
    )


def fast_folder() -> Path | None:
    """Memory, where there is plenty of it: nothing there waits for a disk."""
    if not os.access(MEMORY, os.W_OK) or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free > ENOUGH_MEMORY else None


def unprivileged_user() -> str | None:
    """The user to run the server as; None if we aren't root ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def _wait_until_ready(process: subprocess.Popen[bytes], server: PostgresServer, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(server.url("postgres")).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL didn't start:\n{log.read_text()}") from None
            time.sleep(0.05)
        else:
            return
