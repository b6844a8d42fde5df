"""The file of the embedded database, handled while no Rollcall serves from it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from services.core.errors import OperatorError

# How many seconds to wait for a command that is just ending.
PATIENCE = 2
# The files that SQLite keeps beside a database while it is open.
BESIDE = ("-wal", "-shm")


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that only reads the database, even from a folder that can't be written to.

    If no log lies beside it, nobody has it open, and SQLite needn't make one.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    if not path.with_name(f"{path.name}-wal").exists() and not os.access(path.parent, os.W_OK):
        uri += "&immutable=1"
    return sqlite3.connect(uri, uri=True)


def copy_whole(source: sqlite3.Connection, target: Path) -> str:
    """Copy the database to a file that only its owner can read; returns what its integrity check
    says, which is `ok` for a whole one.

    It is one step of SQLite's online backup, which holds a read snapshot for some milliseconds and
    stops no writer. (Copied in many small steps, it starts over at each write, and never ends if
    writes never stop.) Raises `OSError` and `sqlite3.Error`.
    """
    # If the database is locked, the backup itself would wait without end; so this asks first.
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
    """What went wrong, in words, without the system's error number."""
    return getattr(error, "strerror", None) or str(error)


def remove(path: Path) -> None:
    """Remove a database of ours, and the files that SQLite left beside it."""
    for name in ("", *BESIDE):
        path.with_name(path.name + name).unlink(missing_ok=True)


def require_unused(path: Path) -> None:
    """Refuse while anything has the database open.

    To leave the write-ahead log, SQLite needs the database for itself; this also puts all of the
    log into the one file. (A damaged database can't be asked: then nothing serves from it either.)
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
    """The database, which nobody else can open within the block. Raises `OperatorError` if
    something has it open."""
    require_unused(path)
    with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as database:
        # In this mode a lock, once taken, stays until the connection ends (SQLite, PRAGMA
        # locking_mode).
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("BEGIN EXCLUSIVE")
        database.execute("COMMIT")
        yield database
