"""The service calls about the work that somebody leaves, and about their departure."""

from uuid import UUID, uuid4

from models import Handover, Role
from services.access.actor import Actor
from services.core import clock
from services.core.errors import NotFoundError
from services.database.transaction import transaction
from services.workspace import handover, impact, leaving, pocs, wrong_role
from tests.services.call import MANAGERS, Call
from tests.services.workspace.rows import create_rows


async def _take_back(actor: Actor, target: UUID) -> object:
    rows = await create_rows(actor.tenant_id, target)
    row = Handover(
        tenant_id=actor.tenant_id or uuid4(),
        user_id=target,
        at=clock.now(),
        by_name="Ada",
        items=[{"kind": "poc", "id": str(rows.poc), "poc_id": str(rows.poc), "to": str(target)}],
    )
    if actor.tenant_id is not None:
        async with transaction() as tx:
            tx.add(row)
    await handover.take_back(actor, row.id)
    return None


async def _get_departure(actor: Actor, target: UUID) -> object:
    try:
        return await leaving.get_departure(actor, target)
    except NotFoundError as error:
        if not str(error).endswith("hasn't left."):  # which is told only to people who may see them
            raise
        return None


LEAVING_CALLS = [
    Call("workspace.impact.get_work_impact", MANAGERS, impact.get_work_impact),
    Call(
        "workspace.impact.get_work_of_many",
        MANAGERS,
        lambda a, t: impact.get_work_of_many(a, [t]),
        takes_id=False,
    ),
    Call(
        "workspace.handover.hand_over_work",
        MANAGERS,
        lambda a, t: handover.hand_over_work(a, t, pocs.HandOverForm(owner_id=t)),
    ),
    Call("workspace.handover.list_handovers", MANAGERS, handover.list_handovers),
    Call("workspace.handover.take_back", MANAGERS, _take_back, takes_id=False),
    Call("workspace.leaving.get_departure", MANAGERS, _get_departure, takes_id=False),
    Call("workspace.leaving.undo", MANAGERS, leaving.undo),
    Call(
        "workspace.leaving.leave",
        MANAGERS,
        lambda a, t: leaving.leave(a, t, pocs.HandOverForm(owner_id=t)),
    ),
    Call(
        "workspace.wrong_role.correct_role",
        MANAGERS,
        lambda a, t: wrong_role.correct_role(a, t, wrong_role.RoleForm(role=Role.ADMINISTRATOR)),
    ),
]
