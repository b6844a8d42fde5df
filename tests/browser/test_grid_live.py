"""What others do shows in the open grid, and disturbs nobody who is at work in it."""

from playwright.async_api import Route, expect

from models import Tenant, User
from services.access.actor import Actor
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from tests import factories
from tests.browser.browsers import Browsers, fill, hear
from tests.browser.crowd import create_crowd
from tests.browser.grid import Grid, dialog


async def test_a_patch_leaves_the_search_the_caret_the_scroll_and_the_rows_alone(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    await create_crowd(tenant)
    ada = await factories.create_user(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await grid.search.press_sequentially("a")
    await expect(page.get_by_role("table")).to_have_attribute("aria-busy", "false")
    await expect(grid.row("Ada Lovelace")).to_be_visible()
    await grid.mark()
    await grid.search.evaluate("input => { input.focus(); input.setSelectionRange(0, 1); }")
    scrolled = await page.evaluate("() => { scrollTo(0, 700); return scrollY; }")
    assert scrolled > 500

    await accounts.rename(admin, ada.id, "Augusta", "King")
    await expect(grid.row("Augusta King")).to_be_attached()
    await accounts.set_active(admin, ada.id, False)
    await expect(grid.chip("Augusta King", "Inactive")).to_be_attached()

    await expect(grid.search).to_be_focused()
    await expect(grid.search).to_have_value("a")
    selection = "input => [input.selectionStart, input.selectionEnd]"
    assert await grid.search.evaluate(selection) == [0, 1]
    assert await page.evaluate("() => scrollY") == scrolled
    await grid.expect_the_same()


async def test_a_patch_leaves_the_focus_on_the_switch_that_it_changes(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    grid = Grid(page)
    await grid.switch("Ada Lovelace").focus()
    await accounts.set_active(admin, ada.id, False)
    await grid.expect_inactive("Ada Lovelace")
    await expect(grid.switch("Ada Lovelace")).to_be_focused()


async def test_a_row_that_no_longer_fits_fades_and_leaves_at_the_next_query(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users?status=active")
    grid = Grid(page)
    await expect(grid.counts).to_contain_text("2 of 2 users")
    await accounts.set_active(admin, ada.id, False)
    row = grid.row("Ada Lovelace")
    await expect(row.get_by_text("no longer matches the filters")).to_be_attached()
    await expect(grid.counts).to_contain_text("1 of 2 users")
    other = grid.row("Grace Hopper").get_by_role("link")
    colour = str(await other.evaluate("element => getComputedStyle(element).color"))
    await expect(row.get_by_role("link")).not_to_have_css("color", colour)
    await page.get_by_role("columnheader", name="Email").get_by_role("button").click()
    await expect(row).to_have_count(0)
    await expect(grid.names).to_have_text(["Grace Hopper"])


async def test_whoever_is_invited_elsewhere_appears_where_they_fit_and_nowhere_else(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    fits = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users?status=invited"))
    fits_not = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users?role=administrator"))
    await expect(fits.page.get_by_role("heading", name="No users match")).to_be_visible()
    form = InvitationForm(
        first_name="Hedy",
        last_name="Lamarr",
        email=f"hedy@{tenant.slug}.example.com",
        role="sales_engineer",
    )
    await invitations.invite(admin, form)
    await expect(fits.chip("Hedy Lamarr", "Invited")).to_be_visible()
    await expect(fits.counts).to_contain_text("1 of 2 users")
    await expect(fits_not.counts).to_contain_text("0 of 2 users")
    await expect(fits_not.rows).to_have_count(0)


def _new(number: int) -> dict[str, object]:
    return HEDY | {"id": f"0199bbbb-0000-7000-8000-{number:012}", "name": f"New {number}"}


async def test_new_users_of_others_wait_until_somebody_asks_for_them(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    grid = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users"))
    await expect(grid.counts).to_contain_text("2 users")
    told = [{"was": None, "now": _new(number) | {"version": 1}} for number in range(60)]
    await hear(grid.page, "rollcall_user", *told)
    await expect(grid.counts).to_contain_text("62 users")
    await expect(grid.counts).to_contain_text("60 invited")
    await expect(grid.names).to_have_text(["Ada Lovelace", "Grace Hopper"])
    await grid.page.get_by_role("button", name="60 new users · Show").click()
    await expect(grid.rows).to_have_count(62)
    await expect(grid.names.first).to_have_text("New 59")
    await expect(grid.page.get_by_role("button", name="Show")).to_have_count(0)


async def test_the_focus_goes_from_the_button_to_the_first_of_the_rows_that_it_shows(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    grid = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users"))
    await expect(grid.counts).to_contain_text("1 user")
    await hear(grid.page, "rollcall_user", {"was": None, "now": _new(1) | {"version": 1}})
    await grid.page.get_by_role("button", name="1 new user · Show").press("Enter")
    await expect(grid.row("New 1").get_by_role("link")).to_be_focused()


async def test_whom_one_invites_oneself_is_there_at_once(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    grid = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users"))
    await grid.page.get_by_role("button", name="+ Invite User").click()
    form = dialog(grid.page)
    await fill(
        form, first_name="Hedy", last_name="Lamarr", email="hedy@example.com", role="Sales Engineer"
    )
    await form.get_by_role("button", name="Send Invitation").click()
    await expect(grid.chip("Hedy Lamarr", "Invited")).to_be_visible()
    await expect(grid.row("Hedy Lamarr")).to_contain_text("expires in 7 days")
    await expect(grid.page.get_by_role("button", name="Show")).to_have_count(0)


async def test_next_stays_where_rows_left_the_page(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    users = [await factories.create_user(tenant, last_name=f"L{n:03}") for n in range(59)]
    grid = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users?status=active"))
    await expect(grid.counts).to_contain_text("60 of 60 users")
    for user in users[:10]:
        await accounts.set_active(admin, user.id, False)
    await expect(grid.counts).to_contain_text("50 of 60 users")
    pager = grid.page.get_by_role("navigation", name="Pages")
    await pager.get_by_role("button", name="Next").click()
    await expect(grid.names.first).to_have_text("Ada L050")
    await expect(grid.rows).to_have_count(10)
    await expect(pager.get_by_role("button", name="Next")).to_be_disabled()
    await pager.get_by_role("button", name="Previous").click()
    await expect(grid.names.first).to_have_text("Ada L010")


async def test_those_who_are_here_are_counted_as_they_come(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    grid = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users"))
    here = grid.page.get_by_label("Here now")
    await expect(grid.page.locator(".check")).to_have_text("Here now1")
    await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    await expect(grid.page.locator(".check")).to_have_text("Here now2")
    await here.check()
    await expect(grid.names).to_have_text(["Ada Lovelace", "Grace Hopper"])


HEDY = {
    "id": "0199aaaa-0000-7000-8000-000000000001",
    "name": "Hedy Lamarr",
    "email": "hedy@example.com",
    "role": "sales_engineer",
    "active": True,
    "invited": True,
}


async def test_a_new_user_appears_once_in_whatever_order_replicas_tell_of_them(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    grid = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users?status=invited"))
    sent = {"was": {}, "now": HEDY | {"version": 2, "mail": "sent"}}
    invited = {"was": None, "now": HEDY | {"version": 1, "mail": "waiting"}}
    await hear(grid.page, "rollcall_user", sent, invited, invited)
    await expect(grid.chip("Hedy Lamarr", "Invited")).to_be_visible()
    await expect(grid.row("Hedy Lamarr").get_by_text("Mail waiting")).to_have_count(0)
    await expect(grid.counts).to_contain_text("1 of 2 users")
    await expect(grid.rows).to_have_count(1)


async def test_what_happens_while_a_page_loads_is_not_missed(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, admin: Actor
) -> None:
    context = await browsers.signed_in(grace)

    async def meanwhile(route: Route) -> None:
        await accounts.set_active(admin, ada.id, False)
        await route.continue_()

    # The rows are on their way, and the page can't listen yet.
    await context.route("**/live_socket.js", meanwhile)
    grid = Grid(await browsers.tab(context, f"/t/{tenant.slug}/users"))
    await grid.expect_inactive("Ada Lovelace")


async def test_the_grid_listens_before_anything_can_arrive(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    context = await browsers.signed_in(grace)
    await context.add_init_script(
        "addEventListener('rollcall_socket', () => queueMicrotask(() => {"
        "  window.heard = [socket.connected, socket.listeners('rollcall_user').length];"
        "}))"
    )
    page = await browsers.tab(context, f"/t/{tenant.slug}/users")
    assert await page.evaluate("() => window.heard") == [False, 1]


async def test_a_name_with_accents_still_fits_its_search_after_a_change(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    zoe = await factories.create_user(tenant, first_name="Zoë", last_name="Ødegård")
    grid = Grid(await browsers.as_user(grace, f"/t/{tenant.slug}/users?q=odegard"))
    await accounts.set_active(admin, zoe.id, False)
    await grid.expect_inactive("Zoë Ødegård")
    await expect(grid.counts).to_contain_text("1 of 2 users")
    await expect(grid.page.get_by_text("no longer matches the filters")).to_have_count(0)
