"""What a Tenant Admin does beside the core flows, in Firefox; Chromium's share is in the folder
above."""

import csv
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from selenium.webdriver import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from models import Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.users import accounts
from services.users.list import USERS
from tests import books, factories
from tests.browser.engines.screen import Screen
from tests.browser.kept import views_are_kept
from tests.browser.server import serving
from tests.browser.waiting import eventually
from tests.factories import PASSWORD
from tests.ports import free_port

FILE = (
    'First Name,Last Name,Email,Role\nMary,"Jackson, Jr",mary@{slug}.example.com,Sales Engineer\n'
)


@pytest.fixture
def engine(firefox: WebDriver) -> WebDriver:
    """Firefox alone: a second engine beside Chromium."""
    return firefox


async def test_many_are_invited_from_a_file_and_the_log_is_searched_for_it(
    screen: Screen, tenant: Tenant, grace: User, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(FILE.format(slug=tenant.slug), encoding="utf-8")
    await screen.as_user(grace, f"/t/{tenant.slug}/users/import")
    field = await screen.run("return document.querySelector('input[type=file]')")
    field.send_keys(str(path))
    await screen.expect("Nothing has been sent")
    await screen.press("Send 1 invitation")
    await screen.expect("1 person invited")

    await screen.open(f"/t/{tenant.slug}/audit")
    await screen.fill(what="User invited")
    await screen.expect(f"mary@{tenant.slug}.example.com")
    await screen.fill(search_the_log="nobody of this name")
    await screen.expect("Nothing matches")
    await screen.press("Clear filters")
    await screen.expect("User invited")


async def test_a_second_factor_is_set_up_and_asked_for(
    screen: Screen, tenant: Tenant, ada: User
) -> None:
    await screen.as_user(ada, f"/t/{tenant.slug}/account")
    await screen.press("Set up an authenticator app")
    await screen.expect("Enter the code")
    shown = await screen.run("return document.querySelector('code.secret').textContent")
    await screen.press("Enter the code")
    await screen.fill(code=pyotp.TOTP(str(shown).replace(" ", "")).now())
    await screen.press("Turn on")
    await screen.press("I have kept them")
    await screen.expect("10 of 10 recovery codes are left.")
    await screen.clear()
    await screen.open(f"/t/{tenant.slug}/login")
    await screen.fill(email=ada.email, password=PASSWORD)
    await screen.press("Sign in")
    await screen.expect("Second step")


async def test_an_admin_changes_the_name_and_signs_out_everywhere_else(
    screen: Screen, tenant: Tenant, grace: User, admin: Actor
) -> None:
    await screen.as_user(grace, f"/t/{tenant.slug}/settings")
    name = await screen.field("name")
    name.send_keys(Keys.END, " Systems")
    await screen.press("Save")
    await screen.expect("The settings are saved.")
    await screen.open(f"/t/{tenant.slug}/account")
    await screen.press("Sign out everywhere else")
    await screen.dialog()
    await screen.press("Sign out everywhere else")
    await screen.expect("Signed out of 1 session.")


async def test_an_end_is_extended_and_a_review_is_decided(
    screen: Screen, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    day = clock.now().date() + timedelta(days=20)
    await accounts.set_end_date(admin, ada.id, day)
    await screen.as_user(grace, f"/t/{tenant.slug}/ends-soon")
    await screen.press("Extend by a month: Ada Lovelace")
    await screen.expect("Undo")
    ends = (await books.user_of(ada.id)).end_date
    assert ends is not None
    assert ends > day

    await screen.open(f"/t/{tenant.slug}/review")
    await screen.press("+ Begin a Review")
    await screen.fill(name="Autumn review")
    await screen.press("Begin")
    await screen.expect("0 of 2 decided")
    await screen.run(
        "document.querySelector('[aria-label=\"Decision for Ada Lovelace\"] button').click()"
    )
    await screen.expect("1 of 2 decided")


async def test_all_who_are_selected_are_deactivated(
    screen: Screen, tenant: Tenant, grace: User, ada: User
) -> None:
    await screen.as_user(grace, f"/t/{tenant.slug}/users")
    box = await screen.field("Select Ada Lovelace")
    box.click()
    await screen.expect("1 selected")
    await screen.press("Deactivate")
    await screen.expect("Nothing has happened yet.")
    await screen.fill(reason="Programme Orion has ended.")
    await screen.press("Deactivate 1 user")
    await screen.expect("1 user deactivated")
    assert not (await books.user_of(ada.id)).active


async def test_a_view_is_named_found_again_and_exported_as_it_is_shown(
    screen: Screen, tenant: Tenant, grace: User, ada: User, admin: Actor, downloads: Path
) -> None:
    await factories.create_user(tenant, first_name="Hedy", last_name="Émile", invited=True)
    await screen.as_user(grace, f"/t/{tenant.slug}/users")
    await screen.fill(status="Invited")
    await screen.expect_not("Ada Lovelace")
    await screen.press("Saved views")
    await screen.fill(name_of_this_view="Still out")
    await screen.press("Save")
    await views_are_kept(admin, USERS, "Still out")

    await screen.open(f"/t/{tenant.slug}/users")
    await screen.expect("Ada Lovelace")
    await screen.press("Saved views")
    await screen.press("Still out")
    await screen.expect_not("Ada Lovelace")
    await screen.press("More")
    await screen.press("Export")
    file = downloads / f"users-{tenant.slug}.csv"
    # It is empty under its name until the browser has all of it.
    await eventually(lambda: file.exists() and file.stat().st_size)
    heading, hedy, end = csv.reader(file.read_text(encoding="utf-8-sig").splitlines())
    assert (heading[0], hedy[0], end[:2]) == ("Name", "Hedy Émile", ["rows", "1"])


async def test_a_password_link_is_copied_and_lets_its_user_in(
    screen: Screen, tenant: Tenant, grace: User, ada: User
) -> None:
    await screen.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}")
    await screen.press("Password link")
    await screen.fill(hand_it_over="As a link that I copy")
    await screen.press("Make the link")
    field = await screen.field("link")
    link = field.get_property("value")
    await screen.clear()
    await screen.open(str(link))
    await screen.fill(new_password="an entirely different sentence")
    await screen.press("Set password and sign in")
    await screen.expect("Hello, Ada Lovelace")
    await screen.open(str(link))
    await screen.expect("This link is no longer valid")


async def test_a_passkey_is_made_and_signs_in_alone(engine: WebDriver, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://localhost:{port}"  # browsers accept passkeys only at host names
    settings = {
        "ROLLCALL_PUBLIC_URL": url,
        "ROLLCALL_ADMIN_EMAIL": "robin@example.com",
        "ROLLCALL_ADMIN_PASSWORD": PASSWORD,
    }
    async with serving(tmp_path / "data", port=port, settings=settings):
        screen = Screen(engine, url)
        async with screen.passkey_device():
            await screen.open("/platform/login?next=/platform/account")
            await screen.fill(email="robin@example.com", password=PASSWORD)
            await screen.press("Sign in")
            await screen.press("Add a passkey")
            await screen.press("I have kept them")
            await screen.expect("Passkey of")
            await screen.press("Platform Admin, your menu")
            await screen.press("Sign out")
            await screen.press("Sign in with a passkey")
            await screen.expect("Organisations")
        await screen.clear()
