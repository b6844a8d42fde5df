"""The doctor's checks of the database: reachable, with a known schema, writable, belonging to
Rollcall's user, and with room.

Nothing is made and nothing is migrated. (Writing is tried with a message to the other processes
that says nothing.)
"""

import os
import shutil
import sqlite3
import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import CursorResult, text

from services.core import clock, folders
from services.core.errors import NoDatabaseError
from services.core.settings import Settings
from services.database import migrations, runtime
from services.database.startup import require_database
from services.database.transaction import Transaction, reading
from services.operations import readiness
from services.operations.aside import aside
from services.operations.checks import Check, failed, warning, well

DATABASE, SCHEMA, WRITING, OWNER = "Database", "Schema", "Writing", "Owner"
DISK, CONNECTIONS = "Disk", "Connections"
# From this many milliseconds for an empty query on, people notice: a page takes some ten queries.
SLOW_MS = 50
# If this part of PostgreSQL's connections is in use, somebody may soon get none.
CROWDED = 0.9
# Each open page takes a file descriptor (and the database and files take a few hundred).
FEW_DESCRIPTORS = 2048


async def require_there() -> None:
    """Refuse if there is no embedded database: connecting would make one. Raises
    `NoDatabaseError`."""
    settings = runtime.current().settings
    if settings.is_sqlite:
        await aside(DATABASE, settings.database_file, partial(_require_file, settings))


def _require_file(settings: Settings) -> None:
    try:
        require_database(settings)
    except OSError as error:  # a folder that may not be entered
        told = folders.trouble(settings.database_file.parent)
        raise NoDatabaseError(
            f"Can’t look for {settings.database_file}: {error.strerror}. {told}".rstrip()
        ) from error


async def look_at_database() -> list[Check]:
    """Database, schema and writing. Raises `RollcallError` if the database can't be asked."""
    await require_there()
    settings = runtime.current().settings
    async with reading() as tx:
        # The first query may have to connect, and the time of the other checks isn't the
        # database's.
        took = min([await _took(tx) for _ in range(4)])
        query = "PRAGMA encoding" if settings.is_sqlite else "SHOW server_encoding"
        encoding = str((await _ask(tx, query)).scalar_one())
        version = sqlite3.sqlite_version
        if not settings.is_sqlite:
            version = str((await _ask(tx, "SHOW server_version")).scalar_one()).split()[0]
    kind = "SQLite" if settings.is_sqlite else "PostgreSQL"
    return [_database(f"{kind} {version}", encoding, took), await _schema(), await _writing()]


async def _took(tx: Transaction) -> float:
    """Milliseconds until an empty query is answered."""
    began = time.perf_counter()
    await _ask(tx, "SELECT 1")
    return (time.perf_counter() - began) * 1000


async def _ask(tx: Transaction, query: str) -> CursorResult[Any]:
    return await (await tx.connection()).execute(text(query))


def _database(what: str, encoding: str, took: float) -> Check:
    told = (
        f"{what}, {encoding}, {took:.1f} ms" if took < 10 else f"{what}, {encoding}, {took:.0f} ms"
    )
    if encoding.upper().replace("-", "") not in {"UTF8", "UTF16LE", "UTF16BE"}:
        return failed(
            DATABASE,
            f"The database’s encoding is {encoding}",
            "Not every name can be written in it. Make another one: CREATE DATABASE rollcall "
            "ENCODING 'UTF8' TEMPLATE template0, and let ROLLCALL_DATABASE_URL lead to it.",
        )
    if took > SLOW_MS:
        return warning(
            DATABASE,
            f"The database answers slowly: {told}",
            "A query that asks for nothing should take some milliseconds. See what else this "
            "machine and the database’s are doing, and how far apart they are.",
        )
    return well(DATABASE, told)


async def _schema() -> Check:
    revision, newest = await migrations.schema()
    if revision is None:
        return failed(
            SCHEMA,
            "The database has no tables of Rollcall’s",
            "Check ROLLCALL_DATABASE_URL and ROLLCALL_DATA_DIR, or run `python main.py migrate`.",
        )
    if migrations.is_too_old(revision):
        return failed(
            SCHEMA,
            f"The database isn’t migrated: its schema is {revision}, not {newest}",
            "Run `python main.py migrate`, or restart Rollcall, which does the same.",
        )
    if revision != newest:
        return warning(
            SCHEMA,
            f"A newer Rollcall has migrated the database to schema {revision}",
            f"This one knows {newest} and serves on. Upgrade it, too.",
        )
    return well(SCHEMA, f"newest, {revision}")


async def _writing() -> Check:
    found = await readiness.look_at("writing")
    if found.ok:
        return well(WRITING, "takes what is written")
    words, _, consequence = found.sentence.partition(". ")
    mend = "Check the disk and the rights of the database’s folder."
    if not runtime.current().settings.is_sqlite:
        mend = "Check the database server’s disk, and that it is no standby."
    detail = found.detail.rstrip(".")
    return failed(WRITING, words.rstrip("."), f"{consequence} {detail}. {mend}".lstrip())


async def look_at_owner() -> list[Check]:
    """The owner of the database: if it belongs to somebody else, most other things fail."""
    await require_there()
    settings = runtime.current().settings
    if not settings.is_sqlite:
        return [await _owner_of_tables()]
    return [await aside(OWNER, settings.database_file, partial(_owner_of_file, settings))]


def _owner_of_file(settings: Settings) -> Check:
    path = settings.database_file
    owner, user, group = path.stat().st_uid, os.geteuid(), os.getegid()
    if owner == user:
        return well(OWNER, f"uid {user}, who runs this")
    if user == 0:
        return warning(
            OWNER,
            f"This is run as root, and {path} belongs to uid {owner}",
            "Run the doctor as the user who serves: what root may do says nothing about that user.",
        )
    return failed(
        OWNER,
        f"{path} belongs to uid {owner}, and this runs as uid {user}",
        f"If uid {user} is who serves, run `chown -R {user}:{group} {path.parent}` as root; else "
        f"run the doctor as uid {owner}.",
    )


async def _owner_of_tables() -> Check:
    query = (
        "SELECT tableowner, current_user, pg_has_role(tableowner, 'USAGE') FROM pg_tables "
        "WHERE tablename = 'user_account' AND schemaname = ANY(current_schemas(false))"
    )
    async with reading() as tx:
        found: Any = (await _ask(tx, query)).first()
    if found is None:
        return warning(OWNER, "There are no tables yet", "See Schema.")
    owner, user, is_owner = found
    if is_owner:
        return well(OWNER, f"role {user}")
    return failed(
        OWNER,
        f"The tables belong to {owner}, and Rollcall signs in as {user}",
        f"It serves, and can’t migrate them at the next upgrade. As {owner} or a superuser, run "
        f"REASSIGN OWNED BY {owner} TO {user}, or let ROLLCALL_DATABASE_URL sign in as {owner}.",
    )


async def look_at_disk() -> list[Check]:
    """The room on the disk of the embedded database, or of the data folder."""
    settings = runtime.current().settings
    folder = settings.database_file.parent if settings.is_sqlite else settings.data_dir
    return [await aside(DISK, folder, partial(_disk, folder))]


def _disk(folder: Path) -> Check:
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    share, size = f"{usage.free * 100 // usage.total}%", _size(usage.free)
    if usage.free >= readiness.LOW_DISK:
        return well(DISK, f"{share} free, {size}")
    return warning(
        DISK,
        f"Little room is left on the disk: {size} ({share} free)",
        f"Make room on the disk of {folder}, or what people do will be refused.",
    )


def _size(size: int) -> str:
    return f"{size // 2**30:,} GB" if size >= 2**30 else f"{size // 2**20:,} MB"


async def look_at_connections(descriptors: int, in_use: int | None) -> list[Check]:
    """How many connections are possible: this process's file descriptors, and PostgreSQL's slots.
    `in_use` is none if this process doesn't serve."""
    told = f"{descriptors:,} files" if in_use is None else f"{in_use:,} of {descriptors:,} files"
    if descriptors < FEW_DESCRIPTORS:
        return [
            warning(
                CONNECTIONS,
                f"This process may open only {descriptors:,} files",
                "Each open page takes one. Raise the limit: LimitNOFILE=65536 in a systemd unit, "
                "`--ulimit nofile=65536` in Docker, `ulimit -n 65536` in a shell.",
            )
        ]
    if not runtime.current().settings.is_sqlite:
        query = (
            "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity "
            "WHERE backend_type = 'client backend'"
        )
        async with reading() as tx:
            row: Any = (await _ask(tx, query)).one()
        used, most = row
        told += f"; {used} of {most} of PostgreSQL’s connections"
        if used > most * CROWDED:
            return [
                warning(
                    CONNECTIONS,
                    f"PostgreSQL has {used} of at most {most} connections",
                    "Each replica takes up to 17. Raise max_connections in postgresql.conf, or see "
                    "what else uses this server: SELECT * FROM pg_stat_activity.",
                )
            ]
    return [well(CONNECTIONS, told)]


async def seconds_apart() -> float | None:
    """By how many seconds PostgreSQL's clock is ahead of this one; none for the embedded database,
    which has none of its own."""
    if runtime.current().settings.is_sqlite:
        return None
    async with reading() as tx:
        before = clock.now()
        theirs: datetime = (await _ask(tx, "SELECT clock_timestamp()")).scalar_one()
        after = clock.now()
    return (theirs - (before + (after - before) / 2)).total_seconds()
