"""Does what is done batch by batch, even if nobody has its page open; any replica may do it.

A run is leased before each batch. If a process dies, another one goes on where it was.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import col, select

from services.access.actor import Actor
from services.core import clock
from services.core.bus import Bus
from services.core.errors import (
    DatabaseUnavailableError,
    RollcallError,
    SessionEndedError,
    TooMuchAtOnceError,
)
from services.core.events import Event
from services.database.lasting import warn
from services.database.transaction import LOCKED, Transaction, reading, transaction

log = logging.getLogger(__name__)

BatchT = TypeVar("BatchT")

LEASE = timedelta(seconds=30)
"""How long a process keeps a run for itself after its last batch."""
LOOK_SECONDS = 30.0
"""How often a process looks for a run that another one left; each look is a query, even if nobody
is there."""
AGAIN_SECONDS = 1.0
"""The pause after a batch that can be tried again."""


@dataclass(frozen=True)
class Work:
    """One kind of run: rows of a table that are worked on while they are `running`.

    `do_next` does the next batch, and returns whether there may be more. `fail` ends a run that
    can't go on; its reason is `signed_out` if the person who began it is signed out, and otherwise
    the error and `stays`.
    """

    noun: str
    table: Any
    running: Any
    progressed: type[Event]
    id_of: Callable[[Any], UUID]
    do_next: Callable[[Actor, UUID], Awaitable[bool]]
    fail: Callable[[UUID, str], Awaitable[None]]
    signed_out: str
    stays: str


@dataclass(frozen=True)
class Leased:
    """A run that this process has for now, and for whom it works on it."""

    run_id: UUID
    actor: Actor


class BatchWorker:
    """The worker of one process, for one kind of runs."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._news = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._ids: set[UUID] = set()

    def subscribe(self, bus: Bus) -> None:
        """Begin a run as soon as there is one."""
        bus.subscribe(self._work.progressed, self._hear)

    async def work(self) -> None:
        """Do what there is to do, until cancelled."""
        try:
            while True:
                self._news.clear()
                await self._begin()
                with suppress(TimeoutError):
                    # (Python 3.11's `asyncio.wait_for` loses a cancellation that comes with news.)
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._news.wait()
        finally:
            while self._running:
                for task in self._running:
                    task.cancel()
                await asyncio.wait(self._running, timeout=1)

    async def _hear(self, event: Event) -> None:
        if self._work.id_of(event) not in self._ids:
            self._news.set()

    async def _begin(self) -> None:
        try:
            leases = await lease(self._work)
        except RollcallError as error:
            warn(log, f"No {self._work.noun} can be looked for now: {error}")
            return
        for leased in leases:
            self._ids.add(leased.run_id)
            task = asyncio.create_task(self._run(leased))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, leased: Leased) -> None:
        noun, run_id = self._work.noun, leased.run_id
        try:
            await work_off(self._work, leased.actor, run_id)
        except RollcallError as error:
            warn(log, f"The {noun} {run_id} has to wait: {error}")
        except Exception:
            log.exception("The %s %s failed, and is tried again", noun, run_id)
        finally:
            self._ids.discard(run_id)


async def work_off(work: Work, actor: Actor, run_id: UUID) -> None:
    """Do a run's batches one after the other, to its end."""
    more = True
    while more:
        try:
            more = await work.do_next(actor, run_id)
        except (TooMuchAtOnceError, DatabaseUnavailableError) as error:
            warn(log, f"A batch of the {work.noun} {run_id} is tried again: {error}")
            await asyncio.sleep(AGAIN_SECONDS)
        except SessionEndedError:
            await work.fail(run_id, work.signed_out)
            return
        except RollcallError as error:
            await work.fail(run_id, f"{error} {work.stays}")
            return


async def find_waiting(tx: Transaction, batches: type[BatchT], of_run: Any) -> BatchT | None:
    """The first batch of a run that waits; none if all are done. `of_run` is the column of the
    run's id, compared with it. It may be done meanwhile: whoever does it looks again, locked."""
    table: Any = batches
    waiting = select(batches).where(of_run, col(table.outcomes).is_(None))
    found = await tx.exec(waiting.order_by(col(table.number)).limit(1))
    return found.first()


async def lease(work: Work) -> list[Leased]:
    """Take the runs that no process works on."""
    now = clock.now()
    table = work.table
    waiting = select(table.id).where(
        col(table.ended_at).is_(None),
        table.state == work.running,
        col(table.leased_until) <= now,
    )
    async with reading() as tx:
        ids = (await tx.exec(waiting.order_by(col(table.started_at)))).all()
    leases = []
    for run_id in ids:
        async with transaction() as tx:
            run = await tx.get(table, run_id, **LOCKED)
            if run is None or run.state is not work.running or run.leased_until > now:
                continue
            run.leased_until = now + LEASE
            actor = Actor(run.session_id, run.started_by_id, run.tenant_id, run.ip)
            leases.append(Leased(run.id, actor))
    return leases
