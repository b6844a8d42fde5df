"""A Tenant Admin's day without a mouse, in every engine."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from models import Tenant, User
from tests.browser.browsers import mail_to
from tests.browser.conftest import CHROMIUM, launched, watched
from tests.browser.engines.keyboard import (
    DriverKeyboard,
    Keyboard,
    PageKeyboard,
    expect_focus,
    tab_to,
)
from tests.browser.engines.screen import Screen
from tests.browser.server import Server
from tests.factories import PASSWORD
from tests.mail_server import MailServer


@pytest_asyncio.fixture(loop_scope="session", params=["chromium", "firefox", "webkit"])
async def keyboard(request: pytest.FixtureRequest, server: Server) -> AsyncIterator[Keyboard]:
    """The keyboard of each engine in turn; Chromium is Debian's, as people have it."""
    if request.param == "chromium":
        async with launched(CHROMIUM) as chromium, watched(request, chromium, server) as browsers:
            moving = {"reduced_motion": "no-preference"}  # as in the other engines
            yield PageKeyboard(await browsers.stranger("/healthz", **moving))
        return
    screen = Screen(request.getfixturevalue(request.param), server.url)
    yield DriverKeyboard(screen)
    await screen.clear()


@pytest.fixture
def people(tenant: Tenant, tmp_path: Path) -> Path:
    """A file with one person to invite."""
    path = tmp_path / "people.csv"
    mary = f"Mary,Jackson,mary@{tenant.slug}.example.com,Sales Engineer"
    path.write_text(f"First Name,Last Name,Email,Role\n{mary}\n", encoding="utf-8")
    return path


async def test_a_day_by_keyboard_alone(
    keyboard: Keyboard,
    tenant: Tenant,
    grace: User,
    ada: User,
    mail_server: MailServer,
    people: Path,
) -> None:
    await _comes_in(keyboard, f"/t/{tenant.slug}", grace)
    await _finds_somebody_and_comes_back(keyboard)
    await _shuts_them_out_and_lets_them_in(keyboard)
    newcomer = f"radia@{tenant.slug}.example.com"
    await _invites(keyboard, newcomer)
    await mail_to(mail_server, newcomer)
    await _ends_an_account_later(keyboard)
    await _invites_from_a_file(keyboard, f"/t/{tenant.slug}", people)
    await _looks_the_keys_up_and_leaves(keyboard)


async def _comes_in(keyboard: Keyboard, home: str, user: User) -> None:
    await keyboard.open(f"{home}/login?next={home}/users")
    await tab_to(keyboard, "Email")
    await keyboard.type(user.email)
    await tab_to(keyboard, "Password")
    await keyboard.type(PASSWORD)
    await keyboard.press("Enter")
    await keyboard.expect("2 active")
    await keyboard.ready()


async def _finds_somebody_and_comes_back(keyboard: Keyboard) -> None:
    await keyboard.press("/")
    await expect_focus(keyboard, "Search users")
    await keyboard.type("lovelace")
    await keyboard.expect("1 of 2")
    await tab_to(keyboard, "Select Ada Lovelace")
    await keyboard.press(" ")
    await keyboard.expect("1 selected")
    await keyboard.press("Escape")
    await tab_to(keyboard, "Ada Lovelace")
    await keyboard.press("Enter")
    await keyboard.expect("History")
    await keyboard.ready()
    await tab_to(keyboard, "← All users")
    await keyboard.press("Enter")
    await keyboard.expect("1 of 2")
    await keyboard.ready()


async def _shuts_them_out_and_lets_them_in(keyboard: Keyboard) -> None:
    await tab_to(keyboard, "Deactivate Ada Lovelace")
    await keyboard.press(" ")
    await keyboard.expect("Deactivate Ada Lovelace?")
    await tab_to(keyboard, "Deactivate")
    await keyboard.press("Enter")
    await keyboard.expect("1 inactive")
    await tab_to(keyboard, "Activate Ada Lovelace")
    await keyboard.press(" ")
    await keyboard.expect("0 inactive")


async def _invites(keyboard: Keyboard, email: str) -> None:
    await keyboard.press("n")
    await expect_focus(keyboard, "First Name")
    await keyboard.type("Radia")
    await keyboard.press("Tab")
    await keyboard.type("Perlman")
    await keyboard.press("Tab")
    await keyboard.type(email)
    await tab_to(keyboard, "Role")
    await keyboard.type("S")
    await tab_to(keyboard, "Send Invitation")
    await keyboard.press("Enter")
    await keyboard.expect("Radia Perlman is invited.")


async def _ends_an_account_later(keyboard: Keyboard) -> None:
    await keyboard.press("j")
    await keyboard.press("e")
    await expect_focus(keyboard, "End date")
    await keyboard.type_day(date(datetime.now(UTC).year + 1, 12, 12))
    await tab_to(keyboard, "Save")
    await keyboard.press("Enter")
    await keyboard.expect("The account ends on")


async def _invites_from_a_file(keyboard: Keyboard, home: str, path: Path) -> None:
    await keyboard.open(f"{home}/users/import")
    await tab_to(keyboard, "Choose a file")
    await keyboard.choose(path)
    await expect_focus(keyboard, "Which column is which?")
    await tab_to(keyboard, "Send 1 invitation")
    await keyboard.press("Enter")
    await keyboard.expect("1 person invited")
    await keyboard.ready()
    await tab_to(keyboard, "← All users")
    await keyboard.press("Enter")
    await keyboard.expect("2 active")
    await keyboard.ready()


async def _looks_the_keys_up_and_leaves(keyboard: Keyboard) -> None:
    await keyboard.press("?")
    await keyboard.expect("Select down to here")
    await keyboard.press("Escape")
    await keyboard.expect_not("Select down to here")
    await keyboard.press("Control+k")
    await expect_focus(keyboard, "A person, a page or an act")
    await keyboard.type("lovel")
    await keyboard.expect("Acts on Ada Lovelace")
    await keyboard.press("Enter")
    await keyboard.expect("History")
    await keyboard.ready()
    await keyboard.press("Escape")
    await keyboard.expect("2 active")
    await keyboard.ready()
    await keyboard.press("g")
    await keyboard.press("r")
    await keyboard.expect("Your role")
    await keyboard.ready()
    await tab_to(keyboard, "Grace Hopper, your menu")
    await keyboard.press("Enter")
    await keyboard.expect("Sign out")
    await tab_to(keyboard, "Sign out")
    await keyboard.press("Enter")
    await keyboard.expect("You signed out.")
