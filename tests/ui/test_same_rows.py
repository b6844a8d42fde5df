"""A list of rows is shown again: what has not changed in it stays."""

from dataclasses import replace
from uuid import UUID

from nicegui import Client, ui

from models import Tenant
from services.sessions.sessions import recognise
from services.workspace.customers import people
from tests import factories
from tests.conftest import ONE_DATABASE
from tests.services.screen_calls import add_screen
from tests.services.workspace.scene import create_poc
from ui.components.toast import Toast
from ui.pages.settings.screens import ScreensSection
from ui.pages.workspace.customer_table import CustomerTable

pytestmark = ONE_DATABASE


async def test_a_browser_is_told_nothing_of_screens_that_are_as_they_were(tenant: Tenant) -> None:
    _, token = await factories.open_session(await factories.create_admin(tenant))
    visit = await recognise(token, tenant.slug, factories.CALLER)
    await add_screen(tenant.id)
    client = Client(ui.page("/screens"))
    with client:
        shown = ScreensSection(visit, Toast())
        await shown.build()
    client.outbox.updates.clear()
    await shown.refresh()
    assert not client.outbox.updates


async def test_the_switch_of_a_customer_by_another_name_is_the_same_one(tenant: Tenant) -> None:
    actor = await factories.sign_in(await factories.create_user(tenant))
    poc = await create_poc(actor, "Offline scanning")
    await factories.create_customer(tenant, poc, first_name="Nina", last_name="Keller")
    (row,) = await people.list_of_poc(actor, poc)

    async def switch(
        _customer_id: UUID, _active: bool, _version: int | None
    ) -> people.CustomerSwitched:
        raise AssertionError("nobody has clicked")

    client = Client(ui.page("/customers"))
    with client:
        table = CustomerTable(Toast(), switch=switch)
        table.show([row])
    (before,) = _switches(client)
    client.outbox.updates.clear()
    table.show([replace(row, name="Nina Meier")])
    (after,) = _switches(client)
    assert after is before
    assert after.props["aria-label"] == "Deactivate Nina Meier"
    assert after.id in client.outbox.updates, "the browser is told"


def _switches(client: Client) -> list[ui.element]:
    return [one for one in client.elements.values() if one.props.get("role") == "switch"]
