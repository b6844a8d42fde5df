"""What a deactivation would do is read anew while its dialog is closed, and opened about another
one."""

from nicegui import Client, ui
from nicegui.events import GenericEventArguments

from models import Tenant
from services.users import accounts, listing
from tests import factories
from tests.conftest import ONE_DATABASE
from tests.ui.slow_reading import slow
from ui.components.toast import Toast
from ui.dialogs.deactivate import DeactivateDialog

pytestmark = ONE_DATABASE


async def test_a_late_answer_about_one_does_not_have_them_deactivated_instead_of_the_next(
    tenant: Tenant,
) -> None:
    admin = await factories.sign_in(await factories.create_admin(tenant))
    ada = await factories.create_user(tenant)
    alan = await factories.create_user(tenant, first_name="Alan", last_name="Turing")
    with Client(ui.page("/users")):
        dialog = DeactivateDialog(admin, Toast(), "/t/acme")
    await dialog.ask(ada.id)
    shown = dialog.plain._shown
    assert shown is not None
    async with slow(accounts, "get_impact", dialog.look_again()):
        dialog.plain._closed(shown)
        await dialog.ask(alan.id)
    shown = dialog.plain._shown
    assert shown is not None
    args = {"about:opening": shown._props["opening"]["number"]}
    event = GenericEventArguments(sender=shown, client=shown.client, args=args)
    await dialog.plain._submitted(event)
    assert (await listing.get_details(admin, ada.id)).row.active
    assert not (await listing.get_details(admin, alan.id)).row.active
