"""A copy of the embedded database, taken while Rollcall serves.

Only the database's file is needed, and it is only read: no server, no keys, no migration.
"""

import json
import logging
import re
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.core import clock
from services.core.errors import OperatorError
from services.core.settings import Settings
from services.database.startup import require_database
from services.operations import key_files
from services.operations.database_file import copy_whole, read_only, reason, remove

log = logging.getLogger(__name__)

# In the data folder: when the last backup was made, and of what.
RECORD = "last-backup.json"
_DATED = re.compile(r"rollcall-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.db")
_PARTIAL = ".partial"
# A copy that was begun so long ago was broken off: with its machine, or by a share that hung.
BROKEN_OFF = timedelta(days=1)


@dataclass(frozen=True)
class Copied:
    """What a backup holds: bytes, accounts, audit entries, the schema's number, and when the newest
    entry was written; and which key files were kept where, and which old copies were removed."""

    file: Path
    size: int
    accounts: int
    entries: int
    schema: str
    newest: datetime | None
    keys: list[str]
    keys_file: Path | None
    removed: list[Path]


@dataclass(frozen=True)
class LastBackup:
    """The last backup that was made of this database: when, and to which file."""

    at: datetime
    file: Path


def back_up(
    settings: Settings, target: Path, *, with_keys: bool = False, keep: int | None = None
) -> Copied:
    """Write a consistent copy of the SQLite database, to this file or (with a date in its name)
    into this folder.

    The copy appears under its name only when it is complete and checked. With `keep`, only so many
    dated copies of the folder stay. Raises `OperatorError`.
    """
    if not settings.is_sqlite:
        raise OperatorError("`backup` copies the embedded database. For PostgreSQL, use pg_dump.")
    require_database(settings)
    if keep is not None and not target.is_dir():
        raise OperatorError(f"To keep some copies and remove others, {target} must be a folder.")
    folder = target if target.is_dir() else None
    if folder is not None:
        target = folder / f"rollcall-{clock.now():%Y-%m-%dT%H-%M-%SZ}.db"
    elif not target.parent.is_dir():
        raise OperatorError(f"There is no folder {target.parent}: make it first.")
    keys_file = key_files.archive_of(target) if with_keys else None
    for path in (target, keys_file):
        if path is not None and path.exists():
            raise OperatorError(f"{path} exists already. Choose another name.")
    partial = target.with_name(f"{target.name}{_PARTIAL}")
    try:
        with closing(read_only(settings.database_file)) as source:
            verdict = copy_whole(source, partial)
        if verdict != "ok":
            raise OperatorError(f"The copy is damaged: {verdict}. Check the disk of the database.")
        accounts, entries, schema, newest = _content(partial)
        kept = key_files.keep_keys(settings.data_dir, keys_file) if keys_file else []
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise OperatorError(
            f"Can't copy {settings.database_file} to {target}: {reason(error)}."
        ) from error
    finally:
        remove(partial)
    _record(settings, target)
    removed = _remove_old(folder, keep) if folder and keep else []
    size = target.stat().st_size
    return Copied(target, size, accounts, entries, schema, newest, kept, keys_file, removed)


def last_backup(settings: Settings) -> LastBackup | None:
    """When `back_up` last made a copy, as far as it could leave a note in the data folder."""
    try:
        said = json.loads((settings.data_dir / RECORD).read_text(encoding="utf-8"))
        return LastBackup(datetime.fromisoformat(said["at"]), Path(said["file"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _content(copy: Path) -> tuple[int, int, str, datetime | None]:
    with closing(read_only(copy)) as database:
        try:
            (accounts,) = database.execute("SELECT count(*) FROM user_account").fetchone()
            entries, newest = database.execute(
                "SELECT count(*), max(at) FROM audit_event"
            ).fetchone()
            (schema,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        except (sqlite3.Error, TypeError) as error:
            raise OperatorError(
                "What was to be copied is not a database of Rollcall's. Check "
                "ROLLCALL_DATABASE_URL and ROLLCALL_DATA_DIR."
            ) from error
    at = datetime.fromisoformat(newest).replace(tzinfo=UTC) if newest else None
    return accounts, entries, schema, at


def _record(settings: Settings, target: Path) -> None:
    """Leave a note for those who ask for the last backup. Somebody who may only read the data
    folder can back up too, and leaves no note."""
    note = {"at": clock.now().isoformat(), "file": str(target.absolute())}
    path = settings.data_dir / RECORD
    partial = path.with_name(f"{RECORD}.partial")
    try:
        partial.write_text(json.dumps(note), encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        log.warning("The time of this backup isn't noted in %s: %s", path, error.strerror)
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _remove_old(folder: Path, keep: int) -> list[Path]:
    dated = sorted(path for path in folder.iterdir() if _DATED.fullmatch(path.name))
    removed = dated[:-keep]
    for path in removed:
        path.unlink()
        key_files.archive_of(path).unlink(missing_ok=True)
    partial = [path for path in folder.iterdir() if path.suffix == _PARTIAL]
    left = [path for path in partial if _DATED.fullmatch(path.stem) and _is_old(path)]
    for path in left:
        path.unlink(missing_ok=True)
    return [*removed, *left]


def _is_old(partial: Path) -> bool:
    """Whether a copy was broken off long ago."""
    try:
        begun = datetime.fromtimestamp(partial.lstat().st_mtime, UTC)
    except FileNotFoundError:  # another backup has just made it whole
        return False
    return clock.now() - begun > BROKEN_OFF
