"""What must work in every browser; Chromium's share is in the folder above."""

import asyncio
import re
from pathlib import Path

from playwright.async_api import expect

from models import Tenant, User
from services.access.actor import Actor
from services.users import accounts
from tests.browser.browsers import Browsers, link_in, mail_to
from tests.browser.engines.screen import Screen
from tests.browser.grid import Grid, dialog, toast
from tests.browser.server import serving
from tests.factories import PASSWORD
from tests.mail_server import MailServer

CHOSEN = "eleven orbits around the moon"
DEACTIVATED = "Your account was deactivated. Contact your admin."


async def test_a_new_rollcall_is_set_up(screen: Screen, tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as own:
        assert own.setup_url is not None
        await screen.open(own.setup_url)
        await screen.fill(organisation="Acme", first_name="Robin", last_name="Platform")
        await screen.fill(email="robin@example.com", password=CHOSEN)
        await screen.press("Set up")
        await screen.expect("No users yet")
        await screen.ready()


async def test_who_signs_in_is_home_and_signs_out_for_good(
    screen: Screen, tenant: Tenant, ada: User
) -> None:
    await screen.open(f"/t/{tenant.slug}/login")
    await screen.fill(email=ada.email, password="not my password")
    await screen.press("Sign in")
    await screen.expect("That didn't work.")
    await screen.fill(password=PASSWORD)
    await screen.press("Sign in")
    await screen.expect("Hello, Ada Lovelace")
    await screen.ready()
    await screen.press("Ada Lovelace, your menu")
    await screen.press("Sign out")
    await screen.expect("You signed out.")
    await screen.go_back()
    await screen.expect_not("Hello, Ada Lovelace")
    await screen.find("button", "Sign in")


async def test_an_invitation_is_sent_and_accepted(
    screen: Screen, tenant: Tenant, grace: User, admin: Actor, mail_server: MailServer
) -> None:
    email = f"katherine.johnson@{tenant.slug}.example.com"
    await screen.as_user(grace, f"/t/{tenant.slug}/users")
    await screen.press("+ Invite User")
    await screen.fill(first_name="Katherine", last_name="Johnson", email=email)
    await screen.fill(role="Sales Engineer")
    await screen.press("Send Invitation")
    await screen.expect(f"Katherine Johnson is invited. The mail to {email} is on its way.")
    await screen.expect("1 invited")

    await screen.clear()
    await screen.open(link_in(await mail_to(mail_server, email)))
    await screen.expect(f"Katherine, you are invited to {tenant.name}")
    await screen.fill(password=CHOSEN)
    await screen.press("Set password and sign in")
    await screen.expect(f"Welcome to {tenant.name}, Katherine")
    await screen.ready()

    newcomer = await accounts.find_by_email(email)
    await accounts.set_active(admin, newcomer, active=False)
    await screen.expect(DEACTIVATED)
    await screen.go_back()  # a browser may have kept the form in memory
    await screen.expect("This link is no longer valid")


async def test_a_toggle_shows_on_another_screen_in_either_direction(
    browsers: Browsers, screen: Screen, tenant: Tenant, grace: User, alan: User, ada: User
) -> None:
    await screen.as_user(alan, f"/t/{tenant.slug}/users")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await grid.switch("Ada Lovelace").click()
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    await screen.expect("2 active · 1 inactive")
    await screen.press("Activate Ada Lovelace")
    await grid.expect_active("Ada Lovelace")
    await screen.expect("3 active · 0 inactive")


async def test_deactivation_closes_every_page_that_is_open_and_counts_no_other(
    browsers: Browsers, screen: Screen, tenant: Tenant, grace: User, ada: User
) -> None:
    home = f"/t/{tenant.slug}"
    page = await browsers.as_user(grace, f"{home}/users")
    grid = Grid(page)
    await screen.as_user(ada, f"{home}/account")
    first = screen.driver.current_window_handle
    await screen.press("Roles")
    await screen.find("h1", "Roles")
    await screen.reload()
    await screen.new_tab(f"{home}/account")
    await screen.close_tab()
    second = await screen.new_tab(f"{home}/roles")
    await screen.press("Ada Lovelace, your menu")
    await screen.press("My account")
    await screen.find("h1", "My account")
    await screen.ready()

    asked = dialog(page)
    # A browser tells a moment later that a page was left.
    async with asyncio.timeout(60):
        await grid.switch("Ada Lovelace").click()
        while "everywhere: 2 open pages on 1 device." not in await asked.inner_text():
            await asked.get_by_role("button", name="Cancel").click()
            await grid.switch("Ada Lovelace").click()
    await asked.get_by_role("button", name="Deactivate", exact=True).click()
    told = toast(page, re.compile(r"is signed out of 2 open pages, the last one after \d+ ms\."))
    await expect(told).not_to_contain_text("didn't answer")
    for tab in (first, second):
        await screen.look_at(tab)
        await screen.expect(DEACTIVATED)
    await screen.go_back()
    await screen.expect_not("My account")
    await screen.find("button", "Sign in")
