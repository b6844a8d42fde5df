"""Tasks that the customer's people are to do."""

import asyncio
from uuid import UUID

import pytest

from models import Side, Tenant
from services.access.actor import Actor
from services.core.errors import InvalidInputError, NotFoundError
from services.workspace import assigning, tasks
from services.workspace.customers import invitations, people, shared
from services.workspace.tasks import NewTaskForm
from tests.factories import create_customer, open_customer_session
from tests.services.workspace.scene import create_poc, create_task, tasks_of


async def _names(ada: Actor, poc: UUID) -> list[tuple[str, bool, bool]]:
    (task,) = await tasks_of(ada, poc)
    return [(one.name, one.active, one.is_customer) for one in task.assignees]


async def test_who_is_to_do_a_task_is_shown_to_both_sides(tenant: Tenant, ada: Actor) -> None:
    poc = await create_poc(ada)
    task = await create_task(ada, poc, side=Side.CUSTOMER)
    reto = await create_customer(tenant, poc)
    await tasks.assign(ada, task, 1, (ada.user_id,), (reto.id,))
    assert await _names(ada, poc) == [("Ada Lovelace", True, False), ("Reto Bianchi", True, True)]
    customer, _ = await open_customer_session(reto)
    (seen,) = (await shared.get_shared(customer, poc)).tasks
    assert [person.name for person in seen.people] == ["Ada Lovelace", "Reto Bianchi"]
    await tasks.assign(ada, task, 2, (ada.user_id,), ())
    assert await _names(ada, poc) == [("Ada Lovelace", True, False)]


async def test_the_active_people_of_the_poc_alone_can_be_chosen(tenant: Tenant, ada: Actor) -> None:
    poc = await create_poc(ada)
    reto = await create_customer(tenant, poc)
    off = await create_customer(tenant, poc, first_name="Urs", active=False)
    other = await create_customer(tenant, await create_poc(ada, "Other"), first_name="Eva")
    found = await assigning.list_assignable(ada, poc, "", [reto.id, off.id, other.id])
    assert [person.name for person in found.people] == ["Reto Bianchi"]
    assert set(found.gone) == {off.id, other.id}
    assert (await assigning.list_assignable(ada, poc, "bian RETO")).people == found.people
    assert (await assigning.list_assignable(ada, poc, "urs")).people == []


async def test_who_was_switched_off_meanwhile_is_refused_by_name(
    tenant: Tenant, other_tenant: Tenant, ada: Actor
) -> None:
    poc = await create_poc(ada)
    task = await create_task(ada, poc, side=Side.CUSTOMER)
    reto, urs = await create_customer(tenant, poc), await create_customer(tenant, poc)
    await people.set_active_of_poc(ada, poc, reto.id, active=False)
    with pytest.raises(InvalidInputError, match="Reto Bianchi is inactive"):
        await tasks.assign(ada, task, 1, (), (reto.id,))
    group_id = (await tasks_of(ada, poc))[0].group_id
    form = NewTaskForm(title="Call", group_id=group_id, side=Side.CUSTOMER, customer_ids=(reto.id,))
    with pytest.raises(InvalidInputError, match="Reto Bianchi is inactive"):
        await tasks.add_task(ada, form)
    await invitations.remove(ada, poc, urs.id)
    with pytest.raises(InvalidInputError, match="isn’t on this POC"):
        await tasks.assign(ada, task, 1, (), (urs.id,))
    stranger = await create_customer(other_tenant)
    with pytest.raises(NotFoundError):
        await tasks.assign(ada, task, 1, (), (stranger.id,))


async def test_who_is_switched_off_later_stays_and_is_marked(tenant: Tenant, ada: Actor) -> None:
    poc = await create_poc(ada)
    task = await create_task(ada, poc, side=Side.CUSTOMER)
    reto = await create_customer(tenant, poc)
    await tasks.assign(ada, task, 1, (), (reto.id,))
    await people.set_active_of_poc(ada, poc, reto.id, active=False)
    assert await _names(ada, poc) == [("Reto Bianchi", False, True)]
    await tasks.assign(ada, task, 2, (ada.user_id,), (reto.id,))
    assert len(await _names(ada, poc)) == 2


async def test_a_task_of_the_team_is_given_to_nobody_outside(tenant: Tenant, ada: Actor) -> None:
    poc = await create_poc(ada)
    task = await create_task(ada, poc)
    reto = await create_customer(tenant, poc)
    with pytest.raises(InvalidInputError, match="This task is the team’s"):
        await tasks.assign(ada, task, 1, (), (reto.id,))


@pytest.mark.long
async def test_whoever_is_switched_off_at_that_moment_has_no_new_task(
    tenant: Tenant, ada: Actor
) -> None:
    for number in range(20):
        poc = await create_poc(ada, f"Trial {number}")
        task = await create_task(ada, poc, side=Side.CUSTOMER)
        reto = await create_customer(tenant, poc)
        refused, _ = await asyncio.gather(
            tasks.assign(ada, task, 1, (), (reto.id,)),
            people.set_active_of_poc(ada, poc, reto.id, active=False),
            return_exceptions=True,
        )
        assert refused is None or isinstance(refused, InvalidInputError)
        assert len(await _names(ada, poc)) == (1 if refused is None else 0)
