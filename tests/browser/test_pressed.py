"""What is pressed while its list changes: the press counts when it is let go."""

from playwright.async_api import Locator, Page, expect

from models import Tenant, User
from services.access.actor import Actor
from services.screens import screens
from services.sessions import sessions
from services.users import accounts
from services.workspace.customers import people
from tests import books, factories
from tests.browser.browsers import Browsers, connected, fill
from tests.browser.grid import dialog, toast
from tests.services.screen_calls import add_screen, set_up
from tests.services.workspace.scene import create_poc


async def _press(page: Page, button: Locator) -> None:
    """Press it with the mouse, and hold it."""
    await connected(page)
    await button.hover()
    await page.mouse.down()


async def test_a_button_of_a_screen_is_pressed_while_another_screen_changes(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    bergen, _oslo = [await add_screen(tenant.id, name) for name in ("Bergen", "Oslo")]
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/screens")
    await _press(page, page.get_by_role("button", name="Set up Oslo"))
    await screens.change_screen(admin, bergen, set_up(name="Bodø"))
    await expect(page.get_by_text("Bodø", exact=True)).to_be_visible()
    await page.mouse.up()
    await expect(dialog(page).get_by_role("heading", name="Set up Oslo")).to_be_visible()


async def test_a_button_of_a_session_is_pressed_while_another_session_ends(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    await browsers.signed_in(ada)
    other, _ = await factories.open_session(ada)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    rows = page.locator(".session-list li")
    await expect(rows).to_have_count(3)
    away = page.locator(f'.session-list [data-row="{other.session_id}"]')
    ends = page.locator(f'.session-list li:not([data-row="{other.session_id}"]) button')
    await _press(page, ends)
    await sessions.revoke(other, ada.id, other.session_id)
    await expect(away).to_have_count(0)
    await page.mouse.up()
    await expect(toast(page, "Signed out of 1 session.")).to_be_visible()


async def test_a_customers_switch_is_pressed_while_another_customer_changes(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    actor = await factories.sign_in(ada)
    poc = await create_poc(actor, "Offline scanning")
    nina = await factories.create_customer(tenant, poc, first_name="Nina", last_name="Keller")
    await factories.create_customer(tenant, poc)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{poc}/people")
    await _press(page, page.get_by_role("switch", name="Deactivate Reto Bianchi"))
    await people.set_active_of_poc(actor, poc, nina.id, False, seen_version=nina.version)
    await expect(
        page.get_by_role("switch", name="Activate Nina Keller", exact=True)
    ).to_be_visible()
    await page.mouse.up()
    await expect(dialog(page)).to_contain_text("Reto Bianchi")


async def test_a_customers_switch_is_pressed_while_they_are_shut_out_and_lets_nobody_in(
    browsers: Browsers, tenant: Tenant, ada: User
) -> None:
    actor = await factories.sign_in(ada)
    poc = await create_poc(actor, "Offline scanning")
    nina = await factories.create_customer(tenant, poc, first_name="Nina", last_name="Keller")
    await factories.create_customer(tenant, poc)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{poc}/people")
    await _press(page, page.get_by_role("switch", name="Deactivate Nina Keller"))
    await people.set_active_of_poc(actor, poc, nina.id, False, seen_version=nina.version)
    await expect(
        page.get_by_role("switch", name="Activate Nina Keller", exact=True)
    ).to_be_visible()
    await page.mouse.up()
    # What is clicked next comes to its end after it.
    await page.get_by_role("switch", name="Deactivate Reto Bianchi").click()
    await dialog(page).get_by_role("button", name="Deactivate").click()
    await expect(toast(page, "Reto Bianchi is deactivated.")).to_be_visible()
    await expect(toast(page, "Nina Keller is active again.")).to_have_count(0)
    await expect(
        page.get_by_role("switch", name="Activate Nina Keller", exact=True)
    ).to_be_visible()


async def test_a_users_deactivation_is_pressed_while_they_are_deactivated_and_lets_nobody_in(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    await _press(page, page.get_by_role("button", name="Deactivate", exact=True))
    await accounts.set_active(admin, ada.id, False)
    await expect(page.get_by_role("button", name="Activate", exact=True)).to_be_visible()
    await page.mouse.up()
    # What is clicked next comes to its end after it.
    await page.get_by_role("button", name="Edit name").click()
    await fill(dialog(page), last_name="Byron")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(toast(page, "The name is Ada Byron now.")).to_be_visible()
    assert not (await books.user_of(ada.id)).active


async def test_a_users_switch_is_pressed_while_that_user_is_renamed(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await _press(page, page.get_by_role("switch", name="Deactivate Ada Lovelace"))
    await accounts.rename(admin, ada.id, "Ada", "King")
    await expect(page.get_by_role("switch", name="Deactivate Ada King")).to_be_visible()
    await page.mouse.up()
    await expect(dialog(page)).to_contain_text("Deactivate Ada King?")
