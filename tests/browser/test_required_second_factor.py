"""An admin requires a second factor: who lacks one is led to My account, and goes on from there."""

from playwright.async_api import expect

from models import SecondFactorPolicy, Tenant, User
from services.access.actor import COMMAND_LINE
from services.database.transaction import transaction
from services.users import accounts
from tests.browser.browsers import Browsers, connected
from tests.browser.grid import dialog, toast
from tests.browser.looks import look
from tests.browser.test_second_factor import set_up_app
from tests.factories import create_admin


async def test_an_admin_sets_one_up_and_then_requires_it(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    home = f"/t/{tenant.slug}"
    page = await browsers.as_user(grace, f"{home}/settings/sign-in")
    other = await browsers.as_user(await create_admin(tenant), f"{home}/users")
    await page.get_by_role("button", name="Change of whom").click()
    await dialog(page).get_by_label("Required of").select_option(label="Tenant Admins")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert").get_by_text("You have no second factor")).to_be_visible()
    await look(page, "require-second-factor-lacking")
    await page.get_by_role("link", name="Set one up in My account").click()
    await connected(page)
    await set_up_app(page)
    await page.goto(f"{home}/settings/sign-in")
    await page.get_by_role("button", name="Change of whom").click()
    await dialog(page).get_by_label("Required of").select_option(label="Tenant Admins")
    await look(page, "require-second-factor")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(toast(page, "The requirement is saved.")).to_be_visible()
    await look(page, "settings-second-factor")
    # The colleague's page stays; what they click is refused, and a new page leads to My account.
    await other.get_by_role("link", name="Audit").click()
    await expect(other.get_by_role("heading", name="My account")).to_be_visible()


async def test_who_lacks_one_sets_it_up_and_goes_on(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    async with transaction() as tx:
        row = await tx.get_one(Tenant, tenant.id)
        row.second_factor_policy = SecondFactorPolicy.EVERYONE
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await expect(page.get_by_role("heading", name="My account")).to_be_visible()
    await expect(page.get_by_text("Your organisation requires a second factor.")).to_be_visible()
    await look(page, "account-second-factor-required")
    await set_up_app(page)
    await look(page, "account-second-factor-followed")
    await page.get_by_role("link", name="Continue").click()
    await expect(page.get_by_role("heading", name="Users", exact=True)).to_be_visible()


async def test_a_page_that_may_not_be_read_any_more_says_so_instead_of_being_stale(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    await connected(page)
    async with transaction() as tx:
        row = await tx.get_one(Tenant, tenant.id)
        row.second_factor_policy = SecondFactorPolicy.EVERYONE
    await accounts.rename(COMMAND_LINE, ada.id, "Augusta", "King")
    told = toast(
        page, "Your organisation requires a second factor. Set one up in My account first."
    )
    await expect(told).to_be_visible()
