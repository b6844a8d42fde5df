"""Starting and stopping the parts of a process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services import runtime, vault
from services.db import Database
from services.migrations import migrate
from services.runtime import Runtime
from services.secrets import load_secret
from services.settings import Settings


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Runtime]:
    """Open the data folder and the database, migrated; close them at the end.

    Raises `OperatorError` for what the operator has to mend.
    """
    given = settings.secret.get_secret_value() if settings.secret else None
    secret = load_secret(settings.data_dir, given)
    current = Runtime(settings=settings, secret=secret, database=Database(settings.sqlalchemy_url))
    runtime.use(current)
    try:
        await migrate()
        await vault.prepare()
        yield current
        await current.bus.drain()
    finally:
        await current.database.close()
        runtime.use(None)
