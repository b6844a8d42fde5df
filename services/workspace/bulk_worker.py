"""The acts on many rows of every noun, which are done with the handover of what people leave."""

from uuid import UUID

from services.access.actor import Actor
from services.bulk import batch_worker
from services.bulk.batch_worker import BatchWorker
from services.bulk.worker import bulk_acts
from services.users.many import USER_ACTS
from services.workspace.bulk_handover import ALONG
from services.workspace.customers.many import CUSTOMER_ACTS
from services.workspace.many_pocs import POC_ACTS
from services.workspace.many_templates import GROUP_ACTS, TASK_ACTS

ACTS = (*USER_ACTS, *GROUP_ACTS, *TASK_ACTS, *POC_ACTS, *CUSTOMER_ACTS)
"""Whoever does acts has all of their declarations."""
BULK_ACTS = bulk_acts(ALONG)


def bulk_worker() -> BatchWorker:
    """The worker of one process."""
    return BatchWorker(BULK_ACTS)


async def work_off(actor: Actor, bulk_id: UUID) -> None:
    """Do a bulk act's batches one after the other, to its end."""
    await batch_worker.work_off(BULK_ACTS, actor, bulk_id)
