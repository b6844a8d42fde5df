"""What Platform Admins do above the tenants."""

import re
from itertools import count

from playwright.async_api import expect

from models import Tenant, User
from services.access.actor import COMMAND_LINE
from services.tenants import tenants
from services.users import accounts
from tests.browser.browsers import Browsers, connected, expect_signed_out, fill, sign_in
from tests.browser.grid import Grid, dialog, toast
from tests.browser.looks import look
from tests.factories import PASSWORD, create_user

_names = count(1)


async def test_a_platform_admin_creates_renames_and_enters_a_tenant(
    browsers: Browsers, robin: User
) -> None:
    elsewhere = await browsers.as_user(robin, "/platform/tenants?q=soderberg")
    await elsewhere.evaluate("() => { window.marked = true; }")
    page = await browsers.stranger("/platform/login")
    await sign_in(page, robin.email, PASSWORD)
    await expect(page.get_by_role("heading", name="Organisations", exact=True)).to_be_visible()
    await connected(page)

    name = f"Söderberg & Söhne {next(_names)}"
    await page.get_by_role("button", name="+ Create organisation").first.click()
    await fill(dialog(page), name=name, address="Not an Address")
    await dialog(page).get_by_role("button", name="Create organisation").click()
    await expect(dialog(page).get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    await fill(dialog(page), address="")
    await dialog(page).get_by_role("button", name="Create organisation").click()
    await expect(toast(page, f"{name} lives at /t/soderberg-sohne-")).to_be_visible()
    for shown in (page, elsewhere):
        await expect(shown.get_by_role("link", name=name)).to_be_visible()

    await page.get_by_role("button", name=f"Rename {name}").click()
    await expect(dialog(page).get_by_label("Name")).to_have_value(name)
    renamed = f"{name} GmbH"
    await fill(dialog(page), name=renamed)
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(elsewhere.get_by_role("link", name=renamed)).to_be_visible()
    assert await elsewhere.evaluate("() => window.marked")

    await page.get_by_role("link", name=renamed).click()
    await expect(page.get_by_role("heading", name="No users yet")).to_be_visible()
    await connected(page)
    await page.locator(".empty").get_by_role("button", name="+ Invite User").click()
    await expect(dialog(page).get_by_label("Role").locator("option")).to_have_text(
        ["Choose…", "Administrator", "Sales Engineer", "Tenant Admin"]
    )
    email = f"first.admin{next(_names)}@example.com"
    await fill(
        dialog(page), first_name="Edith", last_name="Clarke", email=email, role="Tenant Admin"
    )
    await dialog(page).get_by_role("button", name="Send Invitation").click()
    grid = Grid(page)
    await expect(grid.chip("Edith Clarke", "Invited")).to_be_visible()
    await expect(grid.row("Edith Clarke").get_by_text("Tenant Admin")).to_be_visible()
    await page.get_by_label("Here now").check()
    await expect(page.get_by_role("heading", name="Nobody is here now")).to_be_visible()
    await page.locator(".empty").get_by_role("button", name="Clear filters").click()
    await expect(grid.row("Edith Clarke")).to_be_visible()
    row = elsewhere.locator("tbody").get_by_role("row").filter(has_text=renamed)
    await expect(row.get_by_text("1 user, 0 active")).to_be_visible()


async def test_a_platform_admin_does_what_a_tenant_admin_cannot(
    browsers: Browsers, tenant: Tenant, robin: User, grace: User
) -> None:
    theirs = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    page = await browsers.as_user(robin, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await grid.switch("Grace Hopper").click()
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    await expect_signed_out(theirs, "Your account was deactivated. Contact your admin.")
    await grid.expect_inactive("Grace Hopper")


async def test_platform_admins_have_a_page_of_their_own(browsers: Browsers, robin: User) -> None:
    other = await create_user(None, first_name="Dana", last_name=f"Deputy {next(_names)}")
    page = await browsers.as_user(robin, "/platform/users?q=deputy")
    grid = Grid(page)
    await expect(page.get_by_role("heading", name="Platform Admins")).to_be_visible()
    await grid.switch(other.full_name).click()
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    await grid.expect_inactive(other.full_name)
    await page.get_by_role("button", name="+ Invite User").click()
    await expect(dialog(page).get_by_label("Role").locator("option")).to_have_text(
        ["Choose…", "Platform Admin"]
    )
    await dialog(page).get_by_role("button", name="Cancel").click()
    links = page.get_by_role("navigation", name="Main").get_by_role("link")
    await expect(links).to_have_text(
        ["Organisations", "Dashboard", "Platform Admins", "Roles", "Audit", "System"]
    )


async def test_a_platform_admin_shut_out_inside_a_tenant_lands_where_they_can_sign_in(
    browsers: Browsers, tenant: Tenant, robin: User
) -> None:
    other = await create_user(None, first_name="Dana", last_name=f"Deputy {next(_names)}")
    inside = await browsers.as_user(other, f"/t/{tenant.slug}/users")
    await connected(inside)
    await accounts.set_active(COMMAND_LINE, other.id, active=False)
    await expect_signed_out(inside, "Your account was deactivated. Contact your admin.")
    await expect(inside).to_have_url(re.compile(r"/platform/login$"))


async def test_closing_a_tenant_shuts_everybody_of_it_out_at_once(
    browsers: Browsers, other_tenant: Tenant, robin: User
) -> None:
    user = await create_user(other_tenant, first_name="Noor", last_name="Inayat")
    theirs = await browsers.as_user(user, f"/t/{other_tenant.slug}/roles")
    phone = await browsers.as_user(user, f"/t/{other_tenant.slug}/account")
    elsewhere = await browsers.as_user(robin, f"/platform/tenants?q={other_tenant.slug}")
    inside = await browsers.as_user(robin, f"/t/{other_tenant.slug}/roles")
    trail = inside.get_by_role("navigation", name="Breadcrumb")
    page = await browsers.as_user(robin, f"/platform/tenants?q={other_tenant.slug}")
    await page.get_by_role("button", name=f"Close {other_tenant.name}", exact=True).click()
    await look(page, "close-tenant")
    await fill(dialog(page), its_name="Another One")
    await dialog(page).get_by_role("button", name="Close organisation").click()
    wrong = f"Type its name to close it: {other_tenant.name}"
    await expect(dialog(page).get_by_text(wrong)).to_be_visible()
    await fill(dialog(page), its_name=other_tenant.name.lower())
    await dialog(page).get_by_role("button", name="Close organisation").click()
    await expect(
        toast(page, "The organisation is closed. 1 person was signed out.")
    ).to_be_visible()
    for shut_out in (theirs, phone):
        await expect_signed_out(shut_out, "This organisation was closed.")
    reopen = elsewhere.get_by_role("button", name=f"Reopen {other_tenant.name}", exact=True)
    await expect(reopen).to_be_visible()
    await look(elsewhere, "closed-tenant")
    await expect(trail).to_contain_text("Closed: nobody can sign in")
    await inside.reload()
    await expect(trail).to_contain_text("Closed: nobody can sign in")
    await look(inside, "inside-a-closed-organisation")
    await sign_in(theirs, user.email, PASSWORD)
    await expect(theirs.get_by_text("That didn't work. Check the email")).to_be_visible()
    await reopen.click()
    await expect(toast(elsewhere, f"{other_tenant.name} is open again.")).to_be_visible()
    await expect(trail).not_to_contain_text("Closed")
    await sign_in(theirs, user.email, PASSWORD)
    await connected(theirs)
    await expect(theirs.get_by_role("heading", name=f"Hello, {user.full_name}")).to_be_visible()


async def test_a_platform_admin_inside_an_organisation_sees_that_and_finds_out_again(
    browsers: Browsers, tenant: Tenant, robin: User, grace: User
) -> None:
    page = await browsers.as_user(robin, f"/t/{tenant.slug}/settings/sign-in")
    trail = page.get_by_role("navigation", name="Breadcrumb")
    await expect(trail.get_by_role("listitem")).to_have_text(["All organisations", tenant.name])
    await expect(trail).to_contain_text("You are here as a Platform Admin")
    await look(page, "inside-an-organisation")
    await page.goto(f"/t/{tenant.slug}/users")
    await expect(page.get_by_text("has no Tenant Admin yet")).to_have_count(0)
    await trail.get_by_role("link", name="Leave").click()
    await expect(page.get_by_role("heading", name="Organisations", exact=True)).to_be_visible()
    await expect(trail).to_have_count(0)
    theirs = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await expect(theirs.get_by_role("heading", name="Users", exact=True)).to_be_visible()
    await expect(theirs.get_by_role("navigation", name="Breadcrumb")).to_have_count(0)


async def test_an_open_question_about_an_organisation_tells_its_new_name(
    browsers: Browsers, other_tenant: Tenant, robin: User
) -> None:
    page = await browsers.as_user(robin, f"/platform/tenants?q={other_tenant.slug}")
    await page.get_by_role("button", name=f"Close {other_tenant.name}", exact=True).click()
    await expect(dialog(page).get_by_role("heading")).to_have_text(f"Close {other_tenant.name}?")
    renamed = f"{other_tenant.name} Ltd"
    await tenants.rename_tenant(COMMAND_LINE, other_tenant.id, renamed)
    change = dialog(page).get_by_role("status")
    await expect(change).to_have_text(f"{other_tenant.name} is called {renamed} now.")
    await expect(dialog(page).get_by_role("heading")).to_have_text(f"Close {renamed}?")
