"""A customer's people: from the invitation to the page that closes under them."""

from contextlib import suppress
from uuid import UUID

from playwright.async_api import Page, expect

from models import CustomerPerson, PocStatus, ResourceKind, Side, TaskStatus, Tenant, User
from services.access.actor import Actor
from services.core.errors import InvalidInputError
from services.workspace import (
    comment_pace,
    comments,
    groups,
    listing,
    pocs,
    resources,
    task_list,
    tasks,
)
from services.workspace.comments import NewCommentForm
from services.workspace.customers import acts, invitations
from services.workspace.customers.invitations import CustomerForm
from services.workspace.groups import GroupForm
from services.workspace.pocs import StatusForm
from services.workspace.resource_forms import ResourceForm
from services.workspace.tasks import TaskStatusForm
from tests import factories
from tests.browser.browsers import (
    Browsers,
    connected,
    fill,
    link_in,
    mail_to,
    send_and_type_on,
)
from tests.browser.grid import dialog, toast
from tests.browser.looks import SIDEWAYS, look
from tests.browser.server import Server, cookie_name
from tests.browser.waiting import eventually
from tests.hostile import HOSTILE, NAMES
from tests.mail_server import MailServer
from tests.services.workspace.scene import create_poc, create_task

SECRET = "The margin is 40 percent"
# The colour of a bar, and that of the customer's side.
COLOURS = """
(bar) => ["--bar", "--customer"].map((name) => getComputedStyle(bar).getPropertyValue(name))
"""


async def _signed_in(user: User) -> Actor:
    return await factories.sign_in(user)


async def _as_customer(
    browsers: Browsers, server: Server, person: CustomerPerson, path: str
) -> Page:
    """A page of somebody at the customer's, in a browser of their own."""
    page = await browsers.stranger("/healthz")
    _, token = await factories.open_customer_session(person)
    name = cookie_name(server.url, "rollcall-customer")
    await page.context.add_cookies([{"name": name, "value": token, "url": server.url}])
    await page.goto(f"/t/{path}")
    await connected(page)
    return page


async def _rename_last_group(actor: Actor, poc_id: UUID, title: str, guest: Page) -> None:
    """A group is renamed, and so it is on a customer's page."""
    group = (await task_list.list_groups(actor, poc_id))[-1]
    await groups.edit_group(actor, group.id, group.version, GroupForm(title=title))
    await expect(guest.get_by_role("heading", name=title)).to_be_visible()


async def _share(desk: Page, words: str) -> None:
    """Say something to both sides. What is said next isn’t shared by habit."""
    await desk.get_by_label("Shared with").check()
    await desk.get_by_label("Comment", exact=True).fill(words)
    await desk.get_by_role("button", name="Comment", exact=True).click()
    await expect(desk.get_by_label("Comment", exact=True)).to_have_value("")
    await expect(desk.get_by_label("Internal", exact=True)).to_be_checked()


async def _say_and_type_on(guest: Page, words: str) -> None:
    """What was typed meanwhile is still there when the answer has come."""
    await guest.get_by_label("Comment").fill(words)
    await send_and_type_on(guest.get_by_label("Comment"), "More")
    await expect(guest.get_by_label("Comment")).to_have_value("More")
    await guest.get_by_label("Comment").clear()  # a page with half-typed words asks before it goes


async def test_a_customer_comes_by_mail_works_beside_the_team_and_is_shut_out_at_once(
    browsers: Browsers, tenant: Tenant, ada: User, mail_server: MailServer
) -> None:
    actor = await _signed_in(ada)
    poc = await create_poc(actor, "Offline scanning")
    for title in ("Open the firewall", "Order the scanners"):
        await create_task(actor, poc, title, side=Side.CUSTOMER)
    await comments.post(actor, poc, NewCommentForm(body=SECRET))
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{poc}/people")
    await page.get_by_role("button", name="Invite Customer").click()
    email = f"reto.bianchi@{tenant.slug}.example.com"
    await fill(dialog(page), first_name="Reto", last_name="Bianchi", email=email)
    await dialog(page).get_by_role("button", name="Send Invitation").click()
    await expect(toast(page, "Reto Bianchi is invited.")).to_be_visible()
    link = link_in(await mail_to(mail_server, email))

    guest = await browsers.stranger(link)
    frames: list[str] = []
    guest.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))),
    )
    await guest.reload()  # looking uses nothing up
    await guest.get_by_role("button", name="Open").click()
    await expect(guest.get_by_role("heading", name="Offline scanning")).to_be_visible()
    await expect(guest.get_by_role("navigation")).to_have_count(0)

    # What is said on one side is read on the other; what the team tells itself isn't.
    desk = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{poc}/comments")
    await _say_and_type_on(guest, "The ports open on Friday")
    await expect(desk.get_by_text("The ports open on Friday")).to_be_visible()
    await comments.post(actor, poc, NewCommentForm(body=f"{SECRET}, still"))
    await _share(desk, "Thank you, Reto")
    await expect(guest.get_by_text("Thank you, Reto")).to_be_visible()
    own = ResourceForm(kind=ResourceKind.NOTE, title=SECRET, content=SECRET)
    await resources.add_to_poc(actor, poc, own)
    port = ResourceForm(kind=ResourceKind.NOTE, title="Ports", content="443", shared=True)
    shared_id = await resources.add_to_poc(actor, poc, port)
    ports = guest.locator(".customer-rows").get_by_text("Ports")
    await expect(ports).to_be_visible()
    await resources.edit_of_poc(actor, shared_id, 1, own)
    await expect(ports).to_have_count(0)
    task = await create_task(actor, poc, "Import the articles", description=SECRET)
    blocked = TaskStatusForm(status=TaskStatus.BLOCKED, reason=SECRET)
    await tasks.set_status(actor, task, 1, blocked)
    await expect(guest.get_by_text("Import the articles, Blocked")).to_be_visible()
    await _rename_last_group(actor, poc, "Data", guest)
    await guest.get_by_role("button", name="Mark done: Open the firewall").click()
    await expect(toast(guest, "“Open the firewall” is done.")).to_be_visible()
    await expect(guest.get_by_text("1 finished")).to_be_visible()
    await expect(guest.get_by_role("button", name="Mark done: Order the scanners")).to_be_focused()
    for told in (*frames, await guest.content()):
        assert SECRET not in told
    # Rows came as they changed, and the whole wasn't read again for them.
    await eventually(lambda: any("rollcall_shared_task" in told for told in frames))
    assert not any('rollcall_shared"' in told for told in frames)

    await page.get_by_role("switch", name="Deactivate Reto Bianchi").click()
    await dialog(page).get_by_role("button", name="Deactivate").click()
    await expect(toast(page, "Reto Bianchi is signed out of 1 open page")).to_be_visible()
    await expect(guest.get_by_text("Your access was ended.")).to_be_visible()
    await guest.goto(f"/t/{tenant.slug}/customer/{poc}")
    await expect(guest.get_by_role("heading", name="Open your POC")).to_be_visible()


async def test_a_customer_asks_for_a_new_link_and_keeps_the_sign_in_of_a_user(
    browsers: Browsers, tenant: Tenant, ada: User, mail_server: MailServer
) -> None:
    poc = await create_poc(await _signed_in(ada), "Offline scanning")
    email = f"claudia@{tenant.slug}.example.com"
    await factories.create_customer(tenant, poc, first_name="Claudia", email=email)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/customer")
    await page.get_by_label("Email").fill(email)
    await page.get_by_role("button", name="Send a link").click()
    await expect(page.get_by_text("If this email was invited here")).to_be_visible()
    await page.goto(link_in(await mail_to(mail_server, email)))
    await page.get_by_role("button", name="Open").click()
    await expect(page.get_by_role("heading", name="Offline scanning")).to_be_visible()
    await page.goto(f"/t/{tenant.slug}/pocs")
    await expect(page.get_by_role("link", name="Offline scanning")).to_be_visible()


async def test_the_end_of_one_poc_closes_its_pages_and_leaves_the_other_open(
    browsers: Browsers, tenant: Tenant, ada: User, server: Server
) -> None:
    actor = await _signed_in(ada)
    first, second = await create_poc(actor, "Scanning"), await create_poc(actor, "Routing")
    person = await factories.create_customer(tenant, first)
    await factories.show_poc(person, second)
    staying = await _as_customer(browsers, server, person, f"{tenant.slug}/customer/{first}")
    closing = await staying.context.new_page()
    await closing.goto(f"/t/{tenant.slug}/customer/{second}")
    await connected(closing)
    await invitations.remove(actor, second, person.id)
    await expect(closing.get_by_text("This POC isn’t shown to you any more.")).to_be_visible()
    await expect(closing.get_by_role("link", name="Scanning")).to_be_visible()
    await create_task(
        actor,
        first,
        "Open the firewall",
        side=Side.CUSTOMER,
        description="Port 8443",
        shared=True,
    )
    await expect(staying.get_by_text("Open the firewall")).to_be_visible()
    await staying.get_by_text("Description", exact=True).click()
    await expect(staying.get_by_text("Port 8443")).to_be_visible()
    bar = staying.get_by_role("progressbar", name="Your side")
    bar_colour, side_colour = await bar.evaluate(COLOURS)
    assert bar_colour == side_colour != ""
    poc = await listing.get_details(actor, first)
    form = StatusForm(status=PocStatus.CANCELLED, outcome="It waits for a budget.")
    await pocs.change_status(actor, first, poc.row.facts_version, form)
    # True also once it is reopened, which lets nobody in by itself.
    await expect(staying.get_by_text("If it goes on, a new link lets you in.")).to_be_visible()


async def test_the_list_of_outsiders_has_the_same_switch_and_a_removal_is_asked_about_first(
    browsers: Browsers, tenant: Tenant, ada: User, grace: User
) -> None:
    poc = await create_poc(await _signed_in(ada), "Offline scanning")
    person = await factories.create_customer(tenant, poc)
    team = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{poc}/people")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/customers")
    row = page.get_by_role("row").filter(has_text=person.email)
    await expect(row.get_by_role("link", name="Offline scanning")).to_be_visible()
    other = CustomerForm(first_name="Nina", last_name="Keller", email="nina@helvetia.example")
    await invitations.invite(await _signed_in(ada), poc, other)
    await page.get_by_role("button", name="1 new").click()
    await expect(page.get_by_role("row").filter(has_text=other.email)).to_be_visible()
    await page.get_by_label("Search customers").fill(person.email)
    await expect(page.get_by_role("row").filter(has_text=other.email)).to_have_count(0)
    await row.get_by_role("switch", name="Deactivate Reto Bianchi").click()
    await dialog(page).get_by_role("button", name="Deactivate").click()
    await expect(team.get_by_role("switch", name="Activate Reto Bianchi")).to_be_visible()
    await look(page, "customers")
    await page.set_viewport_size({"width": 1280, "height": 720})

    await page.get_by_role("checkbox", name="Select Reto Bianchi", exact=True).check()
    bar = page.get_by_role("toolbar", name="Acts on the 1 selected customer")
    await bar.get_by_role("button", name="Activate", exact=True).click()
    await page.get_by_role("button", name="Activate 1 customer").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("1 customer activated")
    await expect(team.get_by_role("switch", name="Deactivate Reto Bianchi")).to_be_visible()
    await expect(team.get_by_text("Link void: send a new one")).to_be_visible()
    await expect(team.get_by_role("button", name="Send a link to Reto Bianchi")).to_be_visible()

    await team.get_by_role("button", name="Remove Reto Bianchi").click()
    await expect(dialog(team)).to_contain_text(person.email)
    await dialog(team).get_by_role("button", name="Remove").click()
    await expect(toast(team, "Reto Bianchi doesn’t see this POC any more.")).to_be_visible()


async def test_what_customers_say_and_are_called_runs_nothing_on_either_side(
    browsers: Browsers, tenant: Tenant, ada: User, grace: User, server: Server
) -> None:
    """`Browsers` fails it where a script ran, or was stopped by the policy alone."""
    poc = await create_poc(await _signed_in(ada), "Offline scanning")
    for number, hostile in enumerate(NAMES[::4]):
        email = f"h{number}@{tenant.slug}.example.com"
        await factories.create_customer(tenant, poc, first_name=hostile.kept, email=email)
    person = await factories.create_customer(tenant, poc)
    for first in range(0, len(HOSTILE), comment_pace.MOST):  # nobody posts more at a time
        writer = await factories.create_customer(tenant, poc)
        customer, _ = await factories.open_customer_session(writer)
        for hostile in HOSTILE[first : first + comment_pace.MOST]:
            with suppress(InvalidInputError):  # control characters are refused
                await acts.comment(customer, poc, acts.SharedCommentForm(body=hostile.text))
    customer, _ = await factories.open_customer_session(person)
    await acts.comment(customer, poc, acts.SharedCommentForm(body="The last word"))
    theirs = await _as_customer(browsers, server, person, f"{tenant.slug}/customer/{poc}")
    team = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{poc}/comments")
    for page in (theirs, team):
        await expect(page.get_by_text("The last word")).to_be_visible()
        assert await page.evaluate(SIDEWAYS) <= 0
    await team.goto(f"/t/{tenant.slug}/pocs/{poc}/people")
    outsiders = await browsers.as_user(grace, f"/t/{tenant.slug}/customers")
    for page in (team, outsiders):
        await expect(page.get_by_text(f"h0@{tenant.slug}.example.com")).to_be_visible()
        assert await page.evaluate(SIDEWAYS) <= 0


async def test_axe_finds_nothing_on_the_pages_of_a_customer(
    browsers: Browsers, tenant: Tenant, ada: User, server: Server
) -> None:
    actor = await _signed_in(ada)
    poc = await create_poc(actor, "Offline scanning on 400 handhelds across three depots")
    await create_task(actor, poc, "Open the firewall", side=Side.CUSTOMER)
    await create_task(actor, poc, "Import the article master")
    await comments.post(actor, poc, NewCommentForm(body="Welcome, **all**", shared=True))
    person = await factories.create_customer(tenant, poc)
    page = await browsers.stranger(f"/t/{tenant.slug}/customer")
    await look(page, "customer-entrance")
    page = await _as_customer(browsers, server, person, f"{tenant.slug}/customer/{poc}")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await look(page, "customer-poc")
    team = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{poc}/people")
    await expect(team.get_by_role("switch")).to_be_visible()
    await look(team, "poc-people")
