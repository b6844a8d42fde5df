"""Does bulk acts, as `services.bulk.batch_worker` does runs, with what goes along with them."""

import time
from uuid import UUID

from models import BulkAct, BulkState
from services.access.actor import Actor
from services.bulk import runs
from services.bulk.batch_worker import Work
from services.bulk.batches import Along, act_on_next
from services.bulk.events import BulkProgressed
from services.database import runtime
from services.sessions import receipts

SIGNED_OUT = "Whoever started it is signed out. Select the others again: nobody is changed twice."

LONGEST_REST = 0.5
"""Seconds at most between two batches."""


def bulk_acts(along: Along) -> Work:
    """All acts on many rows, whatever they are, as one kind of run."""

    async def do_next(actor: Actor, bulk_id: UUID) -> bool:
        has_more = await act_on_next(actor, bulk_id, along)
        if has_more:
            await _rest()
        return has_more

    return Work(
        noun="bulk act",
        table=BulkAct,
        running=BulkState.RUNNING,
        progressed=BulkProgressed,
        id_of=lambda event: event.bulk_id,
        do_next=do_next,
        fail=runs.fail,
        signed_out=SIGNED_OUT,
        stays="Whoever was changed so far stays so.",
    )


async def _rest() -> None:
    """Let the pages of the last batch close, and whoever wants to write go first. So a batch takes
    nothing from the one before it, nor from anybody else, however slow the machine is."""
    until = time.monotonic() + LONGEST_REST
    await receipts.all_settled(LONGEST_REST)
    await runtime.current().database.queue.calm(until - time.monotonic())
