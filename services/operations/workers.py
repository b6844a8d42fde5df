"""What Rollcall does by itself while it serves: deliver mail, invite from files, act in bulk, apply
end dates, hear other processes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from services.access.actor import ROLLCALL
from services.audit import search, telling
from services.core.errors import RollcallError
from services.database import changes, runtime
from services.database.lasting import warn
from services.mail import delivery
from services.operations import expiry, housekeeping, readiness
from services.reviews import reminders
from services.reviews.closing import Closer
from services.sessions import receipts, replicas
from services.users import accounts, ends, here_counts
from services.users import reminders as end_reminders
from services.users.imports.worker import importer
from services.workspace.bulk_worker import bulk_worker

log = logging.getLogger(__name__)

# Access ends at a given minute, so this is checked several times a minute. The first of two figures
# counts if anything was committed since the last time.
END_DATES_SECONDS = 10, 30
# How late after the beginning of its day a reminder may be sent.
REMINDERS_SECONDS = 60
# How late an expiry may be recorded.
EXPIRY_SECONDS = 10, 30
# How long rows that nobody needs any more may stay: finding them reads whole tables.
TIDYING_SECONDS = 600
# How often moved audit heads are sent outside. A change of the log before that can't be noticed.
HEADS_SECONDS = 3600
# After this many seconds, a worker that met a bug starts again.
RESTART_SECONDS = 5


@asynccontextmanager
async def working() -> AsyncIterator[None]:
    """Have the workers run for as long as the block does."""
    current, heard = runtime.current(), (importer(), bulk_worker(), Closer())
    works = [
        current.transport.receive,
        delivery.deliver_forever,
        *(worker.work for worker in heard),
        _fill_search_keys,
        _apply_end_dates,
        _send_reminders,
        _settle,
        _tidy_up,
        _tell_readiness,
        _tell_audit_heads,
        _remind_of_reviews,
        _count_here,
    ]
    receipts.subscribe(current.bus)
    for worker in heard:
        worker.subscribe(current.bus)
    if not current.database.is_sqlite:
        replicas.subscribe(current.bus)
        works.append(replicas.take_part)
    tasks = [asyncio.create_task(_kept_alive(work)) for work in works]
    try:
        yield
    finally:
        # Cancelled again until it ends: a task that ends at the same moment may lose a cancellation
        # (Python 3.11, `asyncio.wait_for`, which the mail library uses).
        running = set(tasks)
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=1)


async def _kept_alive(worker: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await worker()
        except Exception:
            log.exception("The worker %s failed, and starts again", worker.__name__)
        await asyncio.sleep(RESTART_SECONDS)


async def _apply_end_dates() -> None:
    await _every(END_DATES_SECONDS, apply_end_dates, "End dates have to wait")


async def _send_reminders() -> None:
    await _every(REMINDERS_SECONDS, end_reminders.send_due, "Reminders of ends have to wait")


async def _settle() -> None:
    await _every(EXPIRY_SECONDS, expiry.settle, "What has expired is written down later")


async def _tidy_up() -> None:
    await _every(
        TIDYING_SECONDS, housekeeping.tidy_up, "What nobody asks for any more is removed later"
    )


async def _fill_search_keys() -> None:
    await _every(TIDYING_SECONDS, fill_search_keys, "Older entries of the audit log wait")


async def _tell_readiness() -> None:
    await _every(TIDYING_SECONDS, readiness.tell, "Whether all is well is told later")


async def _tell_audit_heads() -> None:
    await _every(HEADS_SECONDS, telling.Teller().tell, "Audit heads are told later")


async def _remind_of_reviews() -> None:
    await _every(HEADS_SECONDS, reminders.remind, "Reminders of reviews have to wait")


async def _count_here() -> None:
    while True:
        await asyncio.sleep(here_counts.seconds_to_next())
        try:
            await here_counts.note()
        except RollcallError as error:
            warn(log, f"How many are here isn't written down this time: {error}")


async def _every(
    seconds: float | tuple[float, float], work: Callable[[], Awaitable[object]], otherwise: str
) -> None:
    """Do this again and again, after so many seconds each time. Of two numbers, the first counts if
    anything was committed meanwhile, and the second if nothing was."""
    soon, seldom = seconds if isinstance(seconds, tuple) else (seconds, seconds)
    rhythm = changes.Rhythm(soon, seldom)
    while True:
        try:
            await work()
        except RollcallError as error:
            warn(log, f"{otherwise}: {error}")
        await rhythm.rest()


async def fill_search_keys() -> None:
    """Have searches in the audit log find the entries of an earlier version by folded letters."""
    while await search.fill():
        pass


async def apply_end_dates() -> None:
    """Deactivate every user whose end has come; a refused one doesn't hold up the others."""
    for user_id in await ends.find_due():
        try:
            await accounts.end_if_due(ROLLCALL, user_id)
        except RollcallError as error:
            warn(log, f"The end date of user {user_id} has to wait: {error}")
