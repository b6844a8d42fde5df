"""Days of the work on a page: the organisation's, and not those of the reader's browser."""

from datetime import date

from playwright.async_api import expect

from models import PocStatus, Role, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.days import today_in
from services.database.transaction import transaction
from services.tenants import organisation
from services.workspace import pocs, tasks
from services.workspace.pocs import NewPocForm, StatusForm
from services.workspace.tasks import NewTaskForm
from tests.browser.browsers import Browsers
from tests.factories import create_user, sign_in
from tests.services.organisation_calls import organisation_form
from tests.services.workspace.rows import create_rows


async def test_the_list_of_pocs_counts_the_days_of_the_organisation(
    browsers: Browsers, tenant: Tenant
) -> None:
    now = clock.now()
    # Until noon in UTC the one has the day before, and from 10:00 on the other the day after.
    early = now.hour < 11
    zone, words = ("Etc/GMT+12", "tomorrow") if early else ("Etc/GMT-14", "1 day overdue")
    async with transaction() as tx:
        (await tx.get_one(Tenant, tenant.id)).time_zone = zone
    owner = await create_user(tenant)
    today = now.date()
    form = NewPocForm(title="Trial", customer="Helvetia", start_on=today, end_on=today)
    actor = await sign_in(owner)
    await pocs.create_poc(actor, form)
    ended = await pocs.create_poc(actor, form.model_copy(update={"title": "Proof"}))
    cancelled = StatusForm(status=PocStatus.CANCELLED)
    await pocs.change_status(actor, ended, 1, cancelled)
    page = await browsers.as_user(owner, f"/t/{tenant.slug}/pocs", timezone_id="UTC")
    row = page.get_by_role("row").filter(has_text="Trial")
    await expect(row).to_contain_text(words)
    closed = page.get_by_role("row").filter(has_text="Proof")
    await expect(closed).to_contain_text(f"Closed {today_in(zone):%-d %b}")
    await page.goto(page.url.replace("/pocs", "/home"))
    await expect(page.locator(".home-rows")).to_contain_text("due tomorrow" if early else words)
    # Another time zone is told to the pages that are open.
    await page.wait_for_function("() => window.socket?.connected")
    admin = await sign_in(await create_user(tenant, role=Role.TENANT_ADMIN))
    await organisation.edit_organisation(admin, organisation_form(time_zone="Asia/Tokyo"))
    await expect(page.get_by_text("is Asia/Tokyo now.")).to_be_visible()
    again = page.get_by_role("button", name="Load again")
    await again.click()
    await expect(again).to_have_count(0)
    async with transaction() as tx:
        (await tx.get_one(Tenant, tenant.id)).time_zone = "Nowhere/New"  # unknown to this browser
    await page.goto(page.url.replace("/home", "/pocs"))
    await expect(row).to_contain_text("today")


async def test_a_page_that_was_away_says_what_changed_of_its_organisation_meanwhile(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    away = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    other = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    for page in (away, other):
        await page.wait_for_function("() => window.socket?.connected")
    await away.evaluate("() => window.socket.disconnect()")
    form = organisation_form(name="Acme elsewhere", time_zone="Asia/Seoul")
    await organisation.edit_organisation(admin, form)
    words = "The time zone of Acme elsewhere is Asia/Seoul now."
    await expect(other.get_by_text(words)).to_be_visible()  # all who are there have been told
    await expect(away.get_by_text(words)).to_have_count(0)
    await away.evaluate("() => window.socket.connect()")
    await expect(away.get_by_text(words)).to_be_visible()
    await expect(away.locator(".tenant-name")).to_have_text("Acme elsewhere")


HEARD_AS_MISSED = """async (all) => {
  Math.random = () => 0;  // asks without a delay
  const sent = [];
  const emit = socket.emit;
  socket.emit = (...said) => { sent.push(said); return emit.apply(socket, said); };
  for (const hear of socket.listeners("rollcall_missed")) hear({ all });
  await new Promise((done) => setTimeout(done, 0));
  socket.emit = emit;
  return sent.length;
}"""


async def test_a_page_that_asks_for_the_rows_of_one_room_asks_nothing_of_its_organisation(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/welcome")
    await page.wait_for_function("() => window.socket?.connected")
    of_one_room = await page.evaluate(HEARD_AS_MISSED, False)
    of_all = await page.evaluate(HEARD_AS_MISSED, True)
    assert of_all == of_one_room + 1


async def test_browsers_shorten_months_as_the_server_does(
    browsers: Browsers, tenant: Tenant
) -> None:
    owner = await create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    day = date(2026, 9, 14)
    form = NewTaskForm(title="Autumn", group_id=rows.group, start_on=day, due_on=day)
    await tasks.add_task(await sign_in(owner), form)
    page = await browsers.as_user(owner, f"/t/{tenant.slug}/pocs/{rows.poc}")
    await expect(page.get_by_text("14 Sep", exact=True).first).to_be_visible()
