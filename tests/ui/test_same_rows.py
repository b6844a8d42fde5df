"""A list of rows is shown again, and nothing in it has changed."""

from nicegui import Client, ui

from models import Tenant
from services.sessions.sessions import recognise
from tests import factories
from tests.conftest import ONE_DATABASE
from tests.services.screen_calls import add_screen
from ui.components.toast import Toast
from ui.pages.settings.screens import ScreensSection

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
