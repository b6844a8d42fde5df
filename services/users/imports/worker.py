"""Does imports, as `services.bulk.batch_worker` does runs."""

from uuid import UUID

from models import ImportState, UserImport
from services.access.actor import Actor
from services.bulk import batch_worker
from services.bulk.batch_worker import BatchWorker, Work
from services.users.events import ImportProgressed
from services.users.imports import runs
from services.users.imports.batches import invite_next

SIGNED_OUT = "Whoever started it is signed out. Import the rest again: nobody is invited twice."

IMPORTS = Work(
    noun="import",
    table=UserImport,
    running=ImportState.RUNNING,
    progressed=ImportProgressed,
    id_of=lambda event: event.import_id,
    do_next=invite_next,
    fail=runs.fail,
    signed_out=SIGNED_OUT,
    stays="Whoever was invited so far stays invited.",
)


def importer() -> BatchWorker:
    """The worker of one process."""
    return BatchWorker(IMPORTS)


async def work_off(actor: Actor, import_id: UUID) -> None:
    """Invite an import's batches one after the other, to its end."""
    await batch_worker.work_off(IMPORTS, actor, import_id)
