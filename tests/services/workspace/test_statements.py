"""What the database is asked when an open page reads its work again."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from models import Side, Task, TaskAssignee, TaskStatus, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.database.transaction import transaction
from services.screens import home
from services.workspace import history, listing, members, overview, task_list
from services.workspace.customers import shared
from tests.factories import create_customer, open_customer_session
from tests.services.workspace.scene import MONDAY, create_poc, create_task, tasks_of
from tests.statements import heard


async def _grow(ada: Actor, poc: UUID, tenant: Tenant, user: User, tasks: int) -> None:
    """Have so many more tasks in a POC: of both sides, in every state, and assigned."""
    group = (await tasks_of(ada, poc))[0].group_id
    now = clock.now()
    own: dict[str, Any] = {"tenant_id": tenant.id, "created_at": now, "changed_at": now}
    async with transaction() as tx:
        rows = [
            Task(
                **own,
                poc_id=poc,
                group_id=group,
                title=f"Task {number}",
                side=list(Side)[number % 2],
                status=list(TaskStatus)[number % len(TaskStatus)],
                due_on=MONDAY + timedelta(days=number),
                changed_by_id=user.id,
                position=2048 + number,
            )
            for number in range(tasks)
        ]
        tx.add_all(rows)
        await tx.flush()
        tx.add_all(
            TaskAssignee(tenant_id=tenant.id, task_id=row.id, user_id=user.id) for row in rows
        )


async def _asked(read: Callable[[], Awaitable[object]]) -> int:
    """How often one reading asks; a second one may do without what is noted now and then."""
    with heard(here=True) as statements:
        await read()
    return len(statements)


async def test_an_open_page_asks_as_often_for_200_tasks_as_for_10(
    tenant: Tenant, admin: Actor, ada: Actor, ada_user: User, joan: Actor, joan_user: User
) -> None:
    poc = await create_poc(ada)
    await members.add_member(ada, poc, joan_user.id)
    await create_task(ada, poc, assignees=[joan_user.id])
    customer, _ = await open_customer_session(await create_customer(tenant, poc))
    for actor in (ada, admin):
        await overview.note_visit(actor)
    readings: dict[str, Callable[[], Awaitable[object]]] = {
        "what a POC's page may do": lambda: listing.get_details(ada, poc),
        "a POC's head": lambda: listing.find_head(poc),
        "a POC's history": lambda: history.list_history(ada, poc),
        "a POC's tasks": lambda: task_list.list_groups(ada, poc),
        "a Sales Engineer's Home": lambda: home.get_home(ada),
        "an admin's Home": lambda: home.get_home(admin),
        "the customer's page": lambda: shared.get_shared(customer, poc),
    }
    counts: list[dict[str, int]] = []
    for more in (10, 0, 190):  # the first of anything asks more
        if more:
            await _grow(ada, poc, tenant, ada_user, more)
        counts.append({})
        for what, read in readings.items():
            counts[-1][what] = min([await _asked(read), await _asked(read)])
    assert counts[2] == counts[1]
    assert all(counts[2].values())
