"""Puts a copy made by `backup` in the place of the embedded database.

The copy is prepared beside the database first: checked, migrated, every session ended. Only then
are the two exchanged, in one step; the replaced database stays, with a date in its name.
"""

import os
import sqlite3
from collections.abc import Sequence, Set
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr
from sqlmodel import col, func, select, update

from models import AuditEvent, EndReason, LoginSession
from services.access.actor import COMMAND_LINE
from services.audit.check import BrokenLink, verify
from services.audit.writing import record
from services.core import clock
from services.core.errors import OperatorError
from services.core.settings import Settings
from services.database.startup import started
from services.database.transaction import transaction
from services.operations import key_files
from services.operations.actions import OperatorAction
from services.operations.database_file import (
    BESIDE,
    copy_whole,
    read_only,
    reason,
    remove,
    require_unused,
    settle,
)


@dataclass(frozen=True)
class Restored:
    """The result: where the replaced database is, when the copy's last entry was written, how many
    sessions were ended, what the check of its audit log found, which key files were put back, and
    which were missing and made again.
    """

    replaced: Path | None
    as_of: datetime
    signed_out: int
    entries: int
    broken: BrokenLink | None
    keys: Sequence[str] = ()
    made: Sequence[str] = ()


async def restore(settings: Settings, source: Path, keys_file: Path | None = None) -> Restored:
    """Restore the embedded database from this copy, and the key files from this archive (or from
    the one beside the copy, if there is one).

    Everybody has to sign in again: otherwise people who were shut out after the copy was made would
    be in again. Raises `OperatorError` if Rollcall runs on the database, if the copy isn't whole,
    or if the data folder has other keys.
    """
    if not settings.is_sqlite:
        raise OperatorError(
            "`restore` restores the embedded database. For PostgreSQL, use pg_restore or psql."
        )
    target = settings.database_file
    keys = _keys_for(settings, source, keys_file)
    partial = target.with_name(f"{target.name}.restoring")
    try:
        for folder in (settings.data_dir, target.parent):
            folder.mkdir(parents=True, exist_ok=True)
        require_unused(target)
        before, was_there = key_files.names_in(settings.data_dir), target.exists()
        with ExitStack() as undo:
            undo.callback(_take_keys_back, settings, before, was_there)
            _copy(source, partial)
            put_back = keys.put_back() if keys else ()
            beside = settings.model_copy(update={"database_url": SecretStr(f"sqlite:///{partial}")})
            async with started(beside):
                as_of, signed_out = await _sign_everybody_out(source)
                entries, broken = await verify()
            settle(partial)
            require_unused(target)
            replaced = _exchange(partial, target)
            undo.pop_all()  # from here on the keys are those of the database
    except (OSError, sqlite3.Error) as error:
        raise OperatorError(
            f"Can't restore {source}: {reason(error)}. Nothing was replaced."
        ) from error
    finally:
        remove(partial)
    _keep_exchange(source, target, replaced)
    made = key_files.names_in(settings.data_dir) - before - set(put_back)
    return Restored(replaced, as_of, signed_out, entries, broken, put_back, sorted(made))


def _take_keys_back(settings: Settings, before: Set[str], was_there: bool) -> None:
    """Remove the keys that came since: they would keep the copy's own out at the next try.

    Not if a Rollcall has begun to serve from the folder meanwhile: those keys are its own now.
    """
    target = settings.database_file
    if target.exists() and not was_there:
        return
    try:
        require_unused(target)
    except OperatorError:
        return
    key_files.keep_only(settings.data_dir, before)


def _keys_for(settings: Settings, source: Path, keys_file: Path | None) -> key_files.Keys | None:
    beside = key_files.archive_of(source)
    if keys_file is None and not beside.exists():
        return None
    return key_files.read_keys(keys_file or beside, settings.data_dir)


def _copy(source: Path, partial: Path) -> None:
    if not source.is_file():
        raise OperatorError(f"{source} is not a file.")
    try:
        with closing(read_only(source)) as copy:
            verdict = copy_whole(copy, partial)
        with closing(sqlite3.connect(partial)) as target:
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
        # A database begins with the entry about how its first account was made.
        as_of = (await tx.exec(select(func.max(AuditEvent.at)))).first() or clock.now()
        ended = await tx.exec(
            update(LoginSession)
            .where(col(LoginSession.ended_at).is_(None))
            .values(ended_at=clock.now(), end_reason=EndReason.REVOKED)
        )
        await record(
            tx,
            OperatorAction.RESTORED,
            actor=COMMAND_LINE,
            file=source.name,
            sessions=ended.rowcount,
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
    for name in BESIDE:  # only a damaged or crashed one still has them; here they would do harm
        left = target.with_name(target.name + name)
        if left.exists():
            left.rename(target.with_name(f"{(replaced or target).name}{name}"))
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(target)
    return replaced


def _keep_exchange(source: Path, target: Path, replaced: Path | None) -> None:
    """Have the disk keep the exchange, also if the power fails now. Raises `OperatorError`."""
    try:
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        before = f" The replaced database is {replaced}." if replaced else ""
        raise OperatorError(
            f"{source} was restored, but the disk of {target.parent} doesn't say that it keeps "
            f"that: {reason(error)}. See to the disk, then run `python main.py verify-audit`."
            f"{before}"
        ) from error
