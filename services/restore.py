"""Puts a copy made by `backup` in the place of the embedded database.

The copy is made ready beside the database first: checked, migrated, every session ended. Only then
are the two exchanged, in one step; the replaced database stays, under a dated name.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr
from sqlmodel import col, func, select, update

from models import AuditEvent, EndReason, LoginSession
from services import clock
from services.actor import COMMAND_LINE
from services.audit import Action, record
from services.audit_check import BrokenLink, verify
from services.db import transaction
from services.errors import OperatorError
from services.settings import Settings
from services.startup import started

# Seconds to wait for a command that is just ending.
PATIENCE = 2
# What SQLite keeps beside a database while it is open.
BESIDE = ("-wal", "-shm")


@dataclass(frozen=True)
class Restored:
    """What came of it: where the replaced database is, when the copy's last entry was written, how
    many sessions were ended, and what the check of its audit log found."""

    replaced: Path | None
    as_of: datetime
    signed_out: int
    entries: int
    broken: BrokenLink | None


async def restore(settings: Settings, source: Path) -> Restored:
    """Restore the embedded database from this copy. Everybody has to sign in again: whoever was
    shut out since the copy was made would be in again otherwise.

    Raises `OperatorError` where Rollcall runs on the database, or the copy isn't whole.
    """
    if not settings.is_sqlite:
        raise OperatorError(
            "`restore` restores the embedded database. For PostgreSQL, use pg_restore or psql."
        )
    target = settings.data_dir / "rollcall.db"
    if settings.database_url is not None:
        target = Path(settings.sqlalchemy_url.partition(":///")[2])
    partial = target.with_name(f"{target.name}.restoring")
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        _require_unused(target)
        _copy(source, partial)
        beside = settings.model_copy(update={"database_url": SecretStr(f"sqlite:///{partial}")})
        async with started(beside):
            as_of, signed_out = await _sign_everybody_out(source)
            entries, broken = await verify()
        _settle(partial)
        _require_unused(target)
        replaced = _exchange(partial, target)
    except (OSError, sqlite3.Error) as error:
        raise OperatorError(f"Can't restore {source}: {error}. Nothing was replaced.") from error
    finally:
        for name in ("", *BESIDE):
            partial.with_name(partial.name + name).unlink(missing_ok=True)
    return Restored(replaced, as_of, signed_out, entries, broken)


def _require_unused(target: Path) -> None:
    """Refuse while anything has the database open.

    To leave the write-ahead log, SQLite needs the database for itself alone; this also puts all of
    it into the one file. (A damaged one can't be asked: then nothing serves from it either.)
    """
    if not target.exists():
        return
    try:
        _settle(target)
    except sqlite3.OperationalError as error:
        raise OperatorError(
            f"{target} is in use. Stop Rollcall (and its other commands), then restore."
        ) from error
    except sqlite3.DatabaseError:
        return


def _settle(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as database:
        database.execute("PRAGMA journal_mode=DELETE")


def _copy(source: Path, partial: Path) -> None:
    if not source.is_file():
        raise OperatorError(f"{source} is not a file.")
    for name in ("", *BESIDE):
        partial.with_name(partial.name + name).unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as copy,
            closing(sqlite3.connect(partial)) as target,
        ):
            copy.backup(target, pages=-1)
            verdict = target.execute("PRAGMA integrity_check").fetchone()[0]
            known = target.execute(
                "SELECT count(*) FROM sqlite_master WHERE name IN ('alembic_version', 'audit_head')"
            ).fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise OperatorError(
            f"{source} is no whole database: {error}. Try an older copy."
        ) from error
    if verdict != "ok":
        raise OperatorError(f"{source} is damaged: {verdict}. Try an older copy.")
    if known != 2:
        raise OperatorError(f"{source} is not a copy of Rollcall's database.")


async def _sign_everybody_out(source: Path) -> tuple[datetime, int]:
    async with transaction() as tx:
        # A database begins with an entry: how its first account came to be.
        as_of = (await tx.exec(select(func.max(AuditEvent.at)))).first() or clock.now()
        ended = await tx.exec(
            update(LoginSession)
            .where(col(LoginSession.ended_at).is_(None))
            .values(ended_at=clock.now(), end_reason=EndReason.REVOKED)
        )
        await record(
            tx, Action.RESTORED, actor=COMMAND_LINE, file=source.name, sessions=ended.rowcount
        )
    return as_of, ended.rowcount


def _exchange(partial: Path, target: Path) -> Path | None:
    """Put the new database in place in one step, and keep the old one; returns where."""
    replaced = None
    if target.exists():
        replaced = target.with_name(
            f"{target.stem}-replaced-{clock.now():%Y-%m-%dT%H-%M-%SZ}{target.suffix}"
        )
        os.link(target, replaced)
    for name in BESIDE:  # only a damaged or crashed one has them still; here they'd do harm
        left = target.with_name(target.name + name)
        if left.exists():
            left.rename(target.with_name(f"{(replaced or target).name}{name}"))
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return replaced
