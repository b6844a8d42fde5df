"""The end of one POC, for somebody at the customer's who is shown another one too."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from models import CustomerPerson, EndReason, Poc, PocStatus, Tenant
from services.access.actor import Actor
from services.access.outsiders import CustomerActor
from services.core.errors import NotFoundError, SessionEndedError
from services.core.events import Event
from services.database.runtime import Runtime
from services.database.transaction import reading
from services.sessions.events import SessionsEnded
from services.workspace import pocs
from services.workspace.customers import invitations, people, shared
from services.workspace.customers.cut import find_unshown
from services.workspace.customers.invitations import CustomerForm
from services.workspace.events import PocShownNoMore
from tests.factories import open_customer_session
from tests.services.workspace.scene import create_poc

Ending = Callable[[Actor, UUID, UUID], Awaitable[object]]


async def _cancel(ada: Actor, poc: UUID, _customer: UUID) -> None:
    form = pocs.StatusForm(status=PocStatus.CANCELLED, outcome="")
    await pocs.change_status(ada, poc, await _version(poc), form)


async def _archive(ada: Actor, poc: UUID, _customer: UUID) -> None:
    await pocs.set_archived(ada, poc, await _version(poc), archived=True)


async def _version(poc_id: UUID) -> int:
    async with reading() as tx:
        return (await tx.get_one(Poc, poc_id)).version


ENDINGS: list[tuple[Ending, EndReason]] = [
    (_cancel, EndReason.POC_CLOSED),
    (_archive, EndReason.POC_CLOSED),
    (invitations.remove, EndReason.REVOKED),
]


async def _reto_on(ada: Actor, *poc_ids: UUID) -> CustomerActor:
    form = CustomerForm(first_name="Reto", last_name="Bianchi", email="reto@helvetia.example")
    invited = [await invitations.invite(ada, poc_id, form) for poc_id in poc_ids]
    async with reading() as tx:
        person = await tx.get_one(CustomerPerson, invited[0].customer_id)
    return (await open_customer_session(person))[0]


@pytest.mark.parametrize(("end", "reason"), ENDINGS)
async def test_the_end_of_one_poc_leaves_the_session_for_the_other(
    rollcall: Runtime,
    tenant: Tenant,
    ada: Actor,
    events: list[Event],
    end: Ending,
    reason: EndReason,
) -> None:
    first, second = await create_poc(ada, "First"), await create_poc(ada, "Second")
    reto = await _reto_on(ada, first, second)
    await end(ada, second, reto.customer_id)
    assert await shared.list_own(reto) == [(first, "First")]
    with pytest.raises(NotFoundError):
        await shared.get_shared(reto, second)
    assert await find_unshown({(reto.customer_id, poc) for poc in (first, second)}) == {
        (reto.customer_id, second): reason
    }
    await end(ada, first, reto.customer_id)
    with pytest.raises(SessionEndedError):
        await shared.list_own(reto)
    await rollcall.bus.drain()
    told = [event for event in events if isinstance(event, SessionsEnded | PocShownNoMore)]
    assert [(type(event), event.reason) for event in told] == [
        (PocShownNoMore, reason),
        (SessionsEnded, reason),
    ]


async def test_the_switch_shuts_them_out_of_every_poc(tenant: Tenant, ada: Actor) -> None:
    first, second = await create_poc(ada, "First"), await create_poc(ada, "Second")
    reto = await _reto_on(ada, first, second)
    await people.set_active_of_poc(ada, first, reto.customer_id, active=False)
    with pytest.raises(SessionEndedError):
        await shared.get_shared(reto, second)
