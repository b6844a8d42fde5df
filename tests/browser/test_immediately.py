"""From the commit on, nothing: many tabs, a tab that was away, a script that doesn't listen."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from playwright.async_api import Page, expect

from models import LinkPurpose, Tenant, User
from services.access.actor import Actor
from services.database.transaction import reading, transaction
from services.sessions import sessions
from services.sessions.sessions import Caller
from services.sign_in import password_change
from services.tenants import closing
from services.users import accounts
from tests import books, factories
from tests.browser.browsers import Browsers, expect_signed_out
from tests.browser.grid import Grid, dialog

PATHS = ("users", "account", "roles", "audit", "settings")
DEACTIVATED = "Your account was deactivated. Contact your admin."
# A page without our script: what it is told is lost, and only its components still listen.
DEAF = """
const timer = setInterval(() => {
  if (!window.socket) return;
  clearInterval(timer);
  window.dispatchEvent(new Event("rollcall_socket"));
}, 5);
"""
# A script that ignores the notice and goes on.
PUSH = """
() => document.querySelectorAll("[role=switch], .btn").forEach((button) => button.click())
"""


async def _deactivate(admin: Actor, user: User) -> None:
    await accounts.set_active(admin, user.id, active=False)


async def _sign_out_everywhere(admin: Actor, user: User) -> None:
    await sessions.revoke(admin, user.id)


async def _reset(_admin: Actor, user: User) -> None:
    async with transaction() as tx:
        tenant = await tx.get_one(Tenant, user.tenant_id)
    (token,) = await factories.issue_links([user], LinkPurpose.RESET)
    await password_change.reset(tenant.slug, token, "an entirely new sentence", Caller())


async def _expire(_admin: Actor, user: User) -> None:
    await factories.expire_sessions(user)


async def _close_tenant(_admin: Actor, user: User) -> None:
    assert user.tenant_id is not None
    above = await factories.sign_in(await factories.create_user(None))
    async with reading() as tx:
        tenant = await tx.get_one(Tenant, user.tenant_id)
    await closing.close_tenant(above, tenant.id, tenant.name)


WAYS = {
    _deactivate: DEACTIVATED,
    _sign_out_everywhere: "You were signed out from another place.",
    _reset: "Your password was changed.",
    _expire: "Your session has expired.",
    _close_tenant: "This organisation was closed.",
}


async def _tabs(
    browsers: Browsers, tenant: Tenant, user: User, paths: Sequence[str] = PATHS
) -> list[Page]:
    browser = await browsers.signed_in(user)
    return [await browsers.tab(browser, f"/t/{tenant.slug}/{path}") for path in paths]


@pytest.mark.parametrize(("end", "why"), WAYS.items(), ids=[way.__name__[1:] for way in WAYS])
async def test_every_tab_in_two_browsers_closes_at_once(
    browsers: Browsers,
    tenant: Tenant,
    admin: Actor,
    alan: User,
    end: Callable[[Actor, User], Awaitable[None]],
    why: str,
) -> None:
    # Ten of them once; the other ways differ before a page hears of it, and in what it says.
    paths = PATHS if end is _deactivate else PATHS[:1]
    pages = [page for _ in range(2) for page in await _tabs(browsers, tenant, alan, paths)]
    await end(admin, alan)
    for page in pages:
        await expect_signed_out(page, why)
        await expect(page.get_by_text("Alan Turing")).to_have_count(0)


async def test_signing_out_in_one_tab_closes_the_others_of_that_browser_alone(
    browsers: Browsers, tenant: Tenant, alan: User
) -> None:
    here = await _tabs(browsers, tenant, alan, PATHS[:3])
    elsewhere = await _tabs(browsers, tenant, alan, PATHS[:1])
    await here[0].bring_to_front()
    await here[0].locator(".user-menu-button").click()
    await here[0].get_by_role("button", name="Sign out", exact=True).click()
    for page in here:
        await expect_signed_out(page, "You signed out.")
    for page in elsewhere:
        await expect(page.locator(".user-menu-button").get_by_text("Alan Turing")).to_be_visible()


async def test_two_admins_at_the_same_switch_make_one_change(
    browsers: Browsers, tenant: Tenant, grace: User, alan: User, ada: User
) -> None:
    pages = [await browsers.as_user(admin, f"/t/{tenant.slug}/users") for admin in (grace, alan)]
    grids = [Grid(page) for page in pages]
    for grid in grids:
        await grid.switch("Ada Lovelace").click()
    await asyncio.gather(
        *(
            dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
            for page in pages
        )
    )
    for grid in grids:
        await grid.expect_inactive("Ada Lovelace")
    await asyncio.gather(*(grid.switch("Ada Lovelace").click() for grid in grids))
    for grid in grids:
        await grid.expect_active("Ada Lovelace")
    assert (await books.user_of(ada.id)).active
    changes = await books.actions_of(tenant)
    assert [c for c in changes if c.startswith("user.")] == [
        "user.deactivated",
        "user.activated",
    ]


async def test_a_tab_that_was_frozen_and_offline_is_closed_when_it_comes_back(
    browsers: Browsers, tenant: Tenant, admin: Actor, alan: User
) -> None:
    page = await browsers.as_user(alan, f"/t/{tenant.slug}/users")
    browsers.allow("net::ERR_INTERNET_DISCONNECTED")
    devtools = await page.context.new_cdp_session(page)
    await page.context.set_offline(True)
    await devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    await _deactivate(admin, alan)
    # Before the network: the page that comes back leaves as soon as it hears of the end.
    await devtools.send("Page.setWebLifecycleState", {"state": "active"})
    await page.context.set_offline(False)
    await expect_signed_out(page, DEACTIVATED)
    await expect(page.get_by_text("Alan Turing")).to_have_count(0)


async def test_a_browser_whose_script_does_not_listen_changes_nothing(
    browsers: Browsers, tenant: Tenant, admin: Actor, alan: User, ada: User
) -> None:
    browser = await browsers.signed_in(alan)
    await browser.route(
        "**/static/live.*.js",
        lambda route: route.fulfill(body=DEAF, content_type="text/javascript"),
    )
    page = await browsers.tab(browser, f"/t/{tenant.slug}/users")
    await Grid(page).expect_active("Ada Lovelace")
    await _deactivate(admin, alan)
    after = await books.actions_of(tenant)
    await page.evaluate(PUSH)
    # The server ends the page by itself, whatever the page does, and doesn't accept it again.
    await expect(page.get_by_text("Connection lost.")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert (await books.user_of(ada.id)).active
    done = [action for action in await books.actions_of(tenant) if action not in after]
    assert set(done) <= {"user.pages_closed"}


async def test_a_double_click_on_a_switch_is_one_change(
    browsers: Browsers, tenant: Tenant, admin: Actor, grace: User, ada: User
) -> None:
    await _deactivate(admin, ada)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await grid.expect_inactive("Ada Lovelace")
    await grid.switch("Ada Lovelace").dblclick()
    await grid.expect_active("Ada Lovelace")
    changes = await books.actions_of(tenant)
    assert changes.count("user.activated") == 1
    assert changes.count("user.deactivated") == 1, "the one before, and no other"
