"""Who may open which page, and where the others are led."""

import pytest
from playwright.async_api import expect

from models import Role, Tenant, User
from tests import factories
from tests.browser.browsers import Browsers, sign_in
from tests.browser.grid import Grid
from tests.browser.looks import look
from tests.factories import PASSWORD


@pytest.mark.parametrize("role", [Role.SALES_ENGINEER, Role.ADMINISTRATOR])
async def test_navigation_shows_only_what_a_role_may_open(
    browsers: Browsers, tenant: Tenant, role: Role
) -> None:
    home = f"/t/{tenant.slug}"
    page = await browsers.as_user(await factories.create_user(tenant, role=role), f"{home}/roles")
    await expect(page.get_by_role("navigation", name="Main").get_by_role("link")).to_have_text(
        ["Home", "POCs", "Templates", "Roles"]
    )
    for refused in ("users", "audit", "audit.csv"):
        answer = await page.goto(f"{home}/{refused}")
        assert answer is not None
        assert answer.status == 403
        await expect(page.get_by_role("heading", name="Not yours to open")).to_be_visible()
        await expect(page.get_by_text("This is open to")).to_contain_text(
            f"Tenant Admins. Your role is {role.label}."
        )
    answer = await page.goto("/platform/tenants")
    assert answer is not None
    assert answer.status == 404


async def test_who_is_signed_in_keeps_the_frame_where_there_is_nothing_to_open(
    browsers: Browsers, tenant: Tenant, other_tenant: Tenant, ada: User, robin: User
) -> None:
    home = f"/t/{tenant.slug}"
    page = await browsers.as_user(ada, f"{home}/account")
    for path in ("users", "nonsense", f"../{other_tenant.slug}/users", "../../nonsense"):
        await page.goto(f"{home}/{path}")
        await expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        await expect(page.get_by_text(tenant.name)).to_be_visible()
        await page.get_by_role("link", name="To Home").click()
        await expect(page.get_by_role("heading", name="Hello, Ada Lovelace")).to_be_visible()
    await page.goto(f"{home}/users")
    await look(page, "forbidden")
    await page.get_by_role("link", name="What each role may do").click()
    await expect(page.get_by_role("heading", name="Roles")).to_be_visible()
    await page.goto(f"{home}/nonsense")
    await look(page, "not-found")
    await page.get_by_text("Ada Lovelace", exact=True).click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("You signed out.")).to_be_visible()
    await page.goto(f"{home}/nonsense")
    await expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    await expect(page.get_by_role("navigation", name="Main")).to_have_count(0)

    page = await browsers.as_user(robin, f"{home}/users/bulk/nonsense")
    await expect(page.get_by_text("has a part that isn't understood")).to_be_visible()
    await expect(page.get_by_text(tenant.name)).to_be_visible()
    await expect(page.get_by_role("link", name="Users", exact=True)).to_be_visible()


async def test_an_admin_sees_every_page_of_the_tenant(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}")
    await expect(page.get_by_role("heading", name="Home", exact=True)).to_be_visible()
    links = page.get_by_role("navigation", name="Main").get_by_role("link")
    await expect(links).to_have_text(
        ["Home", "POCs", "Templates", "Users", "Roles", "Audit", "Settings"]
    )
    await expect(page.get_by_role("link", name="Home", exact=True)).to_have_attribute(
        "aria-current", "page"
    )
    await expect(page).to_have_title(f"Home · {tenant.name} · Rollcall")


async def test_another_tenants_pages_answer_as_if_they_did_not_exist(
    browsers: Browsers, tenant: Tenant, other_tenant: Tenant, grace: User
) -> None:
    theirs = await factories.create_user(other_tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    for path in (
        f"/t/{other_tenant.slug}/users",
        "/t/no-such-tenant/users",
        f"/t/{other_tenant.slug}/users/{theirs.id}",
        f"/t/{tenant.slug}/users/{theirs.id}",
        f"/t/{tenant.slug}/users/nobody",
    ):
        answer = await page.goto(path)
        assert answer is not None
        assert answer.status == 404, path
        await expect(page.get_by_role("heading", name="Not found")).to_be_visible()


async def test_a_stranger_signs_in_and_is_where_they_wanted_to_be(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    page = await browsers.stranger(f"/t/{tenant.slug}/users?q=lovelace&sort=email")
    await expect(page.get_by_text(f"to {tenant.name}")).to_be_visible()
    await sign_in(page, grace.email, "not the right password")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text(
        "Check the email, the password and the organisation's address"
    )
    await expect(page.get_by_label("Email")).to_have_value(grace.email)
    await sign_in(page, grace.email, PASSWORD)
    grid = Grid(page)
    await expect(grid.search).to_have_value("lovelace")
    await expect(grid.names).to_have_text(["Ada Lovelace"])
    assert page.url.endswith(f"/t/{tenant.slug}/users?q=lovelace&sort=email")


async def test_the_front_door_asks_for_the_workspace(
    browsers: Browsers, tenant: Tenant, other_tenant: Tenant, ada: User
) -> None:
    page = await browsers.stranger("/")
    await page.get_by_label("Organisation").fill("no-such-tenant")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("There is no organisation at this address.")).to_be_visible()
    await page.get_by_label("Organisation").fill(f"{browsers.url}/t/{tenant.slug}")
    await page.get_by_role("button", name="Continue").click()
    await sign_in(page, ada.email, PASSWORD)
    await expect(page.get_by_role("heading", name="Hello, Ada Lovelace")).to_be_visible()
    await page.goto("/")  # home, for who is signed in
    await expect(page.get_by_role("heading", name="Hello, Ada Lovelace")).to_be_visible()
