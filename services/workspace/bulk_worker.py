"""Does bulk acts, as `services.users.batch_worker` does runs, with what goes along with them."""

import time
from uuid import UUID

from models import BulkAct, BulkState
from services.access.actor import Actor
from services.core import runtime
from services.sessions import receipts
from services.users import batch_worker
from services.users.batch_worker import BatchWorker, Work
from services.users.bulk import runs
from services.users.bulk.batches import act_on_next
from services.users.events import BulkProgressed
from services.workspace.bulk_handover import go_along, lock_beforehand

SIGNED_OUT = "Whoever started it is signed out. Select the others again: nobody is changed twice."

LONGEST_REST = 0.5
"""Seconds at most between two batches."""


async def _act_on_next(actor: Actor, bulk_id: UUID) -> bool:
    has_more = await act_on_next(actor, bulk_id, along=go_along, beforehand=lock_beforehand)
    if has_more:
        await _rest()
    return has_more


async def _rest() -> None:
    """Let the pages of the last batch close, and whoever wants to write go first. So a batch takes
    nothing from the one before it, nor from anybody else, however slow the machine is."""
    until = time.monotonic() + LONGEST_REST
    await receipts.all_settled(LONGEST_REST)
    await runtime.current().database.queue.calm(until - time.monotonic())


BULK_ACTS = Work(
    noun="bulk act",
    table=BulkAct,
    running=BulkState.RUNNING,
    progressed=BulkProgressed,
    id_of=lambda event: event.bulk_id,
    do_next=_act_on_next,
    fail=runs.fail,
    signed_out=SIGNED_OUT,
    stays="Whoever was changed so far stays so.",
)


def bulk_worker() -> BatchWorker:
    """The worker of one process."""
    return BatchWorker(BULK_ACTS)


async def work_off(actor: Actor, bulk_id: UUID) -> None:
    """Do a bulk act's batches one after the other, to its end."""
    await batch_worker.work_off(BULK_ACTS, actor, bulk_id)
