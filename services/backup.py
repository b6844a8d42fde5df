"""A copy of the embedded database, taken while Rollcall serves, and its way back."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from services import runtime
from services.errors import OperatorError


def back_up(target: Path) -> int:
    """Write a consistent copy of the SQLite database; returns its size in bytes.

    One step of SQLite's online backup: it holds a read snapshot for some milliseconds and stops no
    writer. (Copied in many small steps, it starts over at each write, and never ends under a
    steady one.) The copy appears under its name only when it is whole and checked.

    Raises `OperatorError`.
    """
    database = runtime.current().database
    if not database.is_sqlite:
        raise OperatorError("`backup` copies the embedded database. For PostgreSQL, use pg_dump.")
    if target.exists():
        raise OperatorError(f"{target} exists already. Choose another name.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            closing(sqlite3.connect(str(database.url.database))) as source,
            closing(sqlite3.connect(partial)) as copy,
        ):
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if verdict != "ok":
            raise OperatorError(f"The copy is damaged: {verdict}. Check the disk of the database.")
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise OperatorError(f"Can't write {target}: {error}.") from error
    return target.stat().st_size
