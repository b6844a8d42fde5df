"""A task of a POC is read anew while its dialog is closed, and opened for another one."""

from nicegui import Client, ui

from models import Role, Tenant, User
from services.sessions.sessions import recognise
from services.workspace import listing, task_list, tasks
from services.workspace.tasks import NewTaskForm
from tests import factories
from tests.conftest import ONE_DATABASE
from tests.services.workspace.rows import Rows, create_rows
from tests.ui.slow_reading import slow
from ui.components.toast import Toast
from ui.pages.workspace.poc_tasks import _TasksScreen

pytestmark = ONE_DATABASE


async def _tab(user: User, tenant: Tenant, rows: Rows) -> _TasksScreen:
    _, token = await factories.open_session(user)
    visit = await recognise(token, tenant.slug, factories.CALLER)
    details = await listing.get_details(visit.actor, rows.poc)
    found = await task_list.list_groups(visit.actor, rows.poc)
    with Client(ui.page("/tasks")):
        tab = _TasksScreen(visit, Toast(), details)
        tab.build(found, "board")
    return tab


def _close(tab: _TasksScreen) -> None:
    """What the browser tells when it has closed the dialog."""
    shown = tab.edit_task._shown
    assert shown is not None
    tab.edit_task._closed(shown)


async def test_a_task_that_is_read_again_does_not_show_in_the_dialog_of_the_next(
    tenant: Tenant,
) -> None:
    owner = await factories.create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    form = NewTaskForm(title="Second", group_id=rows.group)
    second = await tasks.add_task(await factories.sign_in(owner), form)
    tab = await _tab(await factories.create_user(tenant, role=Role.ADMINISTRATOR), tenant, rows)
    await tab._act("edit", {"id": str(rows.task)})
    async with slow(task_list, "list_groups", tab.edit_task._stale()):
        _close(tab)
        await tab._act("edit", {"id": str(second)})
    assert tab.edit_task._subject.values["title"] == "Second"
