"""Starting and stopping the parts of a process."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlmodel import select

from models import User, new_id
from services.core import folders
from services.core.bus import Bus
from services.core.errors import NoDatabaseError, OperatorError
from services.core.lazily import lazily
from services.core.secrets import SECRET_FILE, load_secret
from services.core.settings import Settings
from services.database import runtime, vault
from services.database.engines import Database
from services.database.migrations import migrate
from services.database.runtime import Runtime
from services.database.sqlite_transport import SqliteTransport
from services.database.transaction import reading

if TYPE_CHECKING:
    from services.database import postgresql_transport
else:
    postgresql_transport = lazily("services.database.postgresql_transport")

log = logging.getLogger(__name__)

# What a new signing secret ends. Sessions and links are found by the hash of their token alone.
WHAT_ENDS = (
    "Recovery codes no longer work. Links of mails that wait, or that are copied once more, and "
    "secret calendar addresses have to be made anew; sessions, and links that were sent, go on."
)


@asynccontextmanager
async def started(settings: Settings, *, may_create: bool = True) -> AsyncIterator[Runtime]:
    """Open the data folder and the database, and migrate it; close them at the end.

    Unless it `may_create` one, a database must exist, and no key is made either. Raises
    `OperatorError` for what the operator has to mend.
    """
    if not may_create:
        require_database(settings)
    given = settings.secret.get_secret_value() if settings.secret else None
    current = assemble(settings, load_secret(settings.data_dir, given, may_create=False))
    if settings.is_sqlite:
        _make_folder(settings)
    runtime.use(current)
    try:
        await migrate(may_create=may_create)
        if may_create and not current.secret:
            current = await _with_new_secret(current)
            runtime.use(current)
        await vault.prepare(may_create=may_create)
        yield current
        await current.bus.drain()
    finally:
        await current.database.close()
        runtime.use(None)


def assemble(settings: Settings, secret: bytes) -> Runtime:
    """The parts of one process, not connected to anything yet."""
    process_id, bus, database = str(new_id()), Bus(), Database(settings.sqlalchemy_url)
    kind = SqliteTransport if settings.is_sqlite else postgresql_transport.PostgresqlTransport
    transport = kind(process_id, bus, database)
    return Runtime(settings, secret, database, bus, process_id, transport)


def require_database(settings: Settings) -> None:
    """Refuse if the embedded database doesn't exist: a command would make an empty one, and report
    that all is well. (For PostgreSQL, `migrate` checks this.)"""
    if settings.is_sqlite and not settings.database_file.is_file():
        raise NoDatabaseError(
            f"There is no database at {settings.database_file}. Check ROLLCALL_DATABASE_URL and "
            "ROLLCALL_DATA_DIR; `serve` and `migrate` make a new one."
        )


async def _with_new_secret(current: Runtime) -> Runtime:
    """Make the signing secret, and say what that ends if there are accounts.

    The database has to be there for that. If a start failed after the secret was made, the next one
    would find it, and nobody would be told.
    """
    has_accounts, data_dir = await _has_accounts(), current.settings.data_dir
    secret = load_secret(data_dir, None)
    if has_accounts:
        log.warning(
            "%s was missing from %s, and was made anew. %s Where you have the old one, stop "
            "Rollcall and put it back.",
            SECRET_FILE,
            data_dir,
            WHAT_ENDS,
        )
    return replace(current, secret=secret)


async def _has_accounts() -> bool:
    async with reading() as tx:
        return (await tx.exec(select(User.id).limit(1))).first() is not None


def _make_folder(settings: Settings) -> None:
    folder = settings.database_file.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(
            f"Can't make the database's folder {folder}: {error.strerror}. "
            f"{folders.trouble(folder) or 'Check ROLLCALL_DATABASE_URL and ROLLCALL_DATA_DIR.'}"
        ) from error
