"""Dashboards: what a screen would show, for people."""

from playwright.async_api import expect

from models import Tenant, User
from tests.browser.browsers import Browsers, fill
from tests.browser.looks import look
from tests.factories import create_tenant


async def test_a_tenant_admin_finds_the_dashboard_and_the_way_to_a_screen(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/roles")
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="A person, a page or an act").fill("dashb")
    await page.get_by_role("option", name="Dashboard").click()
    await page.wait_for_url(f"**/t/{tenant.slug}/dashboard")
    box = page.locator(".stage-box")
    await expect(box.get_by_role("region", name="Roll call")).to_contain_text("Grace Hopper")
    await browsers.as_user(ada, f"/t/{tenant.slug}/home")
    await expect(box.get_by_role("region", name="Roll call")).to_contain_text("Ada Lovelace")
    await look(page, "dashboard")
    await page.set_viewport_size({"width": 390, "height": 844})  # all parts are there at once
    await expect(box.locator(".names").get_by_text("Ada Lovelace")).to_be_visible()
    await expect(box.get_by_text("here now")).to_be_visible()
    for view in ("People", "POCs", "Trouble"):
        await page.get_by_role("button", name=view, exact=True).click()
        await expect(box.get_by_role("region", name=view)).to_be_visible()
    await page.get_by_role("link", name="Show on a screen").click()
    await expect(page.get_by_role("button", name="+ Pair a Screen")).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="A person, a page or an act").fill("screen")
    await expect(page.get_by_role("option", name="Show on a screen")).to_be_visible()


async def test_a_platform_admin_s_dashboard_shows_all_organisations_and_nobody_s_name(
    browsers: Browsers, robin: User, tenant: Tenant, grace: User
) -> None:
    await browsers.as_user(grace, f"/t/{tenant.slug}/roles")
    page = await browsers.as_user(robin, "/platform/dashboard")
    shown = page.locator(".stage-box").get_by_role("region", name="Roll call")
    await expect(shown).to_contain_text("Here by role")
    await expect(shown).to_contain_text("Tenant Admin")
    await expect(shown).not_to_contain_text("Grace")
    await look(page, "platform-dashboard")
    other = await create_tenant("elsewhere")
    await page.get_by_role("link", name="Show on a screen").click()
    await fill(page, organisation=other.slug)
    await page.get_by_role("button", name="Continue").click()
    await page.wait_for_url(f"**/t/{other.slug}/settings/screens")
    await expect(page.get_by_role("button", name="+ Pair a Screen")).to_be_visible()
