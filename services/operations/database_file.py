"""The file of the embedded database, handled while no Rollcall serves from it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from services.core.errors import OperatorError

# Seconds to wait for a command that is just ending.
PATIENCE = 2
# What SQLite keeps beside a database while it is open.
BESIDE = ("-wal", "-shm")


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that only reads the database, also from a folder that can't be written to.

    Where no log lies beside it, nobody has it open, and SQLite need not make one.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    if not path.with_name(f"{path.name}-wal").exists() and not os.access(path.parent, os.W_OK):
        uri += "&immutable=1"
    return sqlite3.connect(uri, uri=True)


def copy_whole(source: sqlite3.Connection, target: Path) -> str:
    """Copy the database to a file of its owner's alone; returns what its integrity check says,
    which is `ok` for a whole one.

    One step of SQLite's online backup: it holds a read snapshot for some milliseconds and stops no
    writer. (Copied in many small steps, it starts over at each write, and never ends under a
    steady one.) Raises `OSError` and `sqlite3.Error`.
    """
    # Asked for a locked one, the backup itself would wait for ever.
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_master").fetchone()
    remove(target)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(target)) as copy:
        source.backup(copy, pages=-1)
        source.rollback()
        copy.execute("PRAGMA journal_mode=DELETE")
        return str(copy.execute("PRAGMA integrity_check").fetchone()[0])


def reason(error: OSError | sqlite3.Error) -> str:
    """What went wrong, in words, without the number that the system has for it."""
    return getattr(error, "strerror", None) or str(error)


def remove(path: Path) -> None:
    """Remove a database of ours, and what SQLite left beside it."""
    for name in ("", *BESIDE):
        path.with_name(path.name + name).unlink(missing_ok=True)


def require_unused(path: Path) -> None:
    """Refuse while anything has the database open.

    To leave the write-ahead log, SQLite needs the database for itself alone; this also puts all of
    it into the one file. (A damaged one can't be asked: then nothing serves from it either.)
    """
    if not path.exists():
        return
    try:
        settle(path)
    except sqlite3.OperationalError as error:
        raise OperatorError(
            f"{path} is in use. Stop Rollcall (and its other commands), then try again."
        ) from error
    except sqlite3.DatabaseError:
        return


def settle(path: Path) -> None:
    """Put the write-ahead log into the database and remove it."""
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as database:
        database.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, which nobody else can open within the block. Raises `OperatorError` where
    something has it open."""
    require_unused(path)
    with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as database:
        # In this mode a lock, once taken, stays until the connection's end (SQLite, PRAGMA
        # locking_mode).
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("BEGIN EXCLUSIVE")
        database.execute("COMMIT")
        yield database
