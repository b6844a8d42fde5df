"""Removes what nobody needs any more. No call that somebody waits for does this on its way."""

import logging

from services.access.actor import ROLLCALL
from services.bulk import runs as bulk_acts
from services.database import runtime, sqlite, sqlite_transport
from services.database.transaction import transaction
from services.sessions import known_devices
from services.sign_in import throttle
from services.users.imports import runs as imports
from services.workspace import arrivals

log = logging.getLogger(__name__)


async def tidy_up() -> None:
    """Remove failures that are too old to count, browsers that are strangers again, imports and
    bulk acts that ended long ago, messages between processes that all have read, and what is left
    of uploads that broke off; cut SQLite's write-ahead log back. Keep room for urgent acts."""
    runtime.current().database.reserve.keep()
    async with transaction(actor=ROLLCALL, patient=True) as tx:
        await throttle.remove_old(tx)
        await known_devices.remove_old(tx)
        await imports.remove_old(tx)
        await bulk_acts.remove_old(tx)
        await sqlite_transport.remove_old(tx)
    await arrivals.remove_abandoned()
    database = runtime.current().database
    if database.is_sqlite and not await sqlite.cut_wal_back(str(database.url.database)):
        log.info("The write-ahead log stays long: somebody has been reading for a while")
