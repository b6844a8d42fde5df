"""Works imports off, batch by batch, whether or not anybody looks; any replica may do it.

An import is leased before each batch. Where a process dies, another one goes on where it was.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from models import ImportState, UserImport
from services.access.actor import Actor
from services.core import clock
from services.core.bus import Bus
from services.core.db import reading, transaction
from services.core.errors import (
    DatabaseUnavailableError,
    RollcallError,
    SessionEndedError,
    TooMuchAtOnceError,
)
from services.users.events import ImportProgressed
from services.users.imports import runs
from services.users.imports.batches import LEASE, invite_next

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often is looked for an import that another process left."""
AGAIN_SECONDS = 1.0
"""The pause after a batch that can be tried again."""
SIGNED_OUT = "Whoever started it is signed out. Import the rest again: nobody is invited twice."


@dataclass(frozen=True)
class _Leased:
    import_id: UUID
    actor: Actor


class Importer:
    """The worker of one process."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._ids: set[UUID] = set()

    def subscribe(self, bus: Bus) -> None:
        """Begin an import as soon as there is one."""
        bus.subscribe(ImportProgressed, self._hear)

    async def work(self) -> None:
        """Work off what there is, until cancelled."""
        try:
            while True:
                self._news.clear()
                await self._begin()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), LOOK_SECONDS)
        finally:
            while self._running:
                for task in self._running:
                    task.cancel()
                await asyncio.wait(self._running, timeout=1)

    async def _hear(self, event: ImportProgressed) -> None:
        if event.import_id not in self._ids:
            self._news.set()

    async def _begin(self) -> None:
        try:
            leases = await _lease()
        except RollcallError as error:
            log.warning("Imports can't be looked for now: %s", error)
            return
        for lease in leases:
            self._ids.add(lease.import_id)
            task = asyncio.create_task(self._run(lease))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, lease: _Leased) -> None:
        try:
            await work_off(lease.actor, lease.import_id)
        except RollcallError as error:
            log.warning("The import %s has to wait: %s", lease.import_id, error)
        except Exception:
            log.exception("The import %s failed, and is tried again", lease.import_id)
        finally:
            self._ids.discard(lease.import_id)


async def work_off(actor: Actor, import_id: UUID) -> None:
    """Invite an import's batches one after the other, to its end."""
    more = True
    while more:
        try:
            more = await invite_next(actor, import_id)
        except (TooMuchAtOnceError, DatabaseUnavailableError) as error:
            log.warning("A batch of the import %s is tried again: %s", import_id, error)
            await asyncio.sleep(AGAIN_SECONDS)
        except SessionEndedError:
            await runs.fail(import_id, SIGNED_OUT)
            return
        except RollcallError as error:
            await runs.fail(import_id, f"{error} Whoever was invited so far stays invited.")
            return


async def _lease() -> list[_Leased]:
    """Take the imports that nobody works at."""
    now = clock.now()
    waiting = select(UserImport.id).where(
        col(UserImport.ended_at).is_(None),
        UserImport.state == ImportState.RUNNING,
        col(UserImport.leased_until) <= now,
    )
    async with reading() as tx:
        ids = (await tx.exec(waiting.order_by(col(UserImport.started_at)))).all()
    leases = []
    for import_id in ids:
        async with transaction() as tx:
            run = await tx.get(UserImport, import_id, with_for_update=True)
            if run is None or run.state is not ImportState.RUNNING or run.leased_until > now:
                continue
            run.leased_until = now + LEASE
            actor = Actor(run.session_id, run.started_by_id, run.tenant_id, run.address)
            leases.append(_Leased(run.id, actor))
    return leases
