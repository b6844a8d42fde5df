"""Days of the work: they begin where the organisation has its midnight, wherever somebody reads."""

from datetime import UTC, datetime, time, timedelta

from models import Tenant, User
from services.core import clock
from services.database.transaction import transaction
from services.screens import figures, home
from services.sessions import sessions
from services.workspace import impact, listing
from services.workspace.customers import shared
from tests.factories import CALLER, create_customer, open_customer_session, open_session, sign_in
from tests.services.workspace.scene import create_poc, create_task, share_file, tasks_of


async def test_what_was_due_yesterday_in_the_organisation_is_late(
    tenant: Tenant, ada_user: User, admin_user: User
) -> None:
    day = clock.now().date() + timedelta(days=2)
    async with transaction() as tx:
        (await tx.get_one(Tenant, tenant.id)).time_zone = "Pacific/Auckland"
    clock.shift(datetime.combine(day, time(23, 30), UTC) - datetime.now(UTC))
    (ada, token), admin = await open_session(ada_user), await sign_in(admin_user)
    poc = await create_poc(ada, end_on=day)
    await create_task(ada, poc, due_on=day, assignees=[ada_user.id])
    there = day + timedelta(days=1)
    row = await listing.find_row(poc)
    assert (row.today, row.is_overdue, row.progress.team.overdue) == (there, True, 1)
    (task,) = await tasks_of(ada, poc)
    assert task.today == there
    left = await impact.get_work_impact(admin, ada_user.id)
    many = await impact.get_work_of_many(admin, [ada_user.id])
    assert (left.overdue, many.overdue) == (1, 1)
    assert (await figures.get_figures(admin)).pocs_overdue == 1
    customer, _ = await open_customer_session(await create_customer(tenant, poc))
    assert (await home.get_home(ada)).overview.overdue == 1
    visit = await sessions.recognise(token, tenant.slug, CALLER)
    assert visit.time_zone == "Pacific/Auckland"
    await share_file(ada, poc)
    shown = await shared.get_shared(customer, poc)
    assert (shown.tasks[0].today, shown.resources[0].changed_on) == (there, there)
