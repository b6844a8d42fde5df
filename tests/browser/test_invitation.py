"""From the invitation form to the first sign-in, as both sides see it."""

from playwright.async_api import expect

from models import Role, Tenant, User
from services.access.actor import Actor
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests.browser.browsers import Browsers, fill, link_in, mail_to
from tests.browser.grid import Grid, dialog, toast
from tests.browser.server import Server
from tests.mail_server import MailServer

NAME = "Katherine Johnson"
CHOSEN = "eleven orbits around the moon"


async def test_an_invitation_leads_from_the_form_to_a_signed_in_colleague(
    browsers: Browsers,
    server: Server,
    tenant: Tenant,
    grace: User,
    alan: User,
    mail_server: MailServer,
) -> None:
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    elsewhere = await browsers.as_user(alan, f"/t/{tenant.slug}/users")
    email = f"katherine.johnson@{tenant.slug}.example.com"
    grids = [Grid(page), Grid(elsewhere)]
    for grid in grids:
        await grid.mark()

    await page.get_by_role("button", name="+ Invite User").click()
    form = {"first_name": "Katherine", "last_name": "Johnson", "email": email}
    await fill(dialog(page), **form, role="Sales Engineer")
    await dialog(page).get_by_role("button", name="Send Invitation").click()
    await expect(
        toast(page, f"{NAME} is invited. The mail to {email} is on its way.")
    ).to_be_visible()
    await expect(dialog(page)).to_have_count(0)
    await elsewhere.get_by_role("button", name="1 new user · Show").click()
    for grid in grids:
        await expect(grid.chip(NAME, "Invited")).to_be_visible()
        await expect(grid.switch(NAME)).to_be_checked()
        await expect(grid.counts).to_contain_text("3 users")
        await expect(grid.counts).to_contain_text("1 invited")

    mail = await mail_to(mail_server, email)
    text, html = mail.part("plain"), mail.part("html")
    assert tenant.name in str(mail.message["Subject"])
    link = link_in(mail)
    for part in (text, html):
        for said in (link, f"{server.url}/t/{tenant.slug}/login", email, tenant.name):
            assert said in part

    newcomer = await browsers.stranger(link)
    await newcomer.reload()  # looking uses nothing up
    await expect(
        newcomer.get_by_text(f"Katherine, you are invited to {tenant.name}")
    ).to_be_visible()
    for password, said in (
        ("short", "Use 15 characters or more"),
        ("passwordpassword", "Too easy to guess"),
        ("katherine johnson", "Too close to your own name"),
    ):
        await newcomer.get_by_label("Password", exact=True).fill(password)
        await newcomer.get_by_role("button", name="Set password and sign in").click()
        field = newcomer.get_by_label("Password", exact=True)
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(newcomer.locator(".field-error")).to_contain_text(said)
        await expect(newcomer.get_by_label("User name")).to_have_value(email)
    await newcomer.get_by_label("Password", exact=True).fill(CHOSEN)
    await newcomer.get_by_role("button", name="Set password and sign in").click()
    heading = f"Welcome to {tenant.name}, Katherine"
    await expect(newcomer.get_by_role("heading", name=heading)).to_be_visible()

    for grid in grids:
        await expect(grid.chip(NAME, "Invited")).to_have_count(0)
        await expect(grid.online(NAME)).to_have_count(1)
        await expect(grid.counts).not_to_contain_text("invited")
        await grid.expect_the_same()

    late = await browsers.stranger(link)
    await expect(late.get_by_role("heading", name="This link is no longer valid")).to_be_visible()
    await expect(
        late.get_by_text("If you have chosen a password already, sign in.")
    ).to_be_visible()


async def test_the_password_page_judges_while_one_types_and_shows_what_was_typed(
    browsers: Browsers, tenant: Tenant, admin: Actor
) -> None:
    form = InvitationForm(
        first_name="Dorothy",
        last_name="Vaughan",
        email=f"dorothy@{tenant.slug}.example.com",
        role=Role.ADMINISTRATOR.value,
    )
    invited = await invitations.invite(admin, form)
    page = await browsers.stranger(await invitations.copy_link(admin, invited.user_id))
    field = page.get_by_label("Password", exact=True)
    await field.fill("dorothy")
    await expect(page.get_by_role("status")).to_have_text(
        "Use 15 characters or more; a sentence is fine."
    )
    await field.fill(CHOSEN)
    await expect(page.get_by_role("status")).to_have_text("Strong")
    await expect(field).to_have_attribute("type", "password")
    await page.get_by_role("button", name="Show password").click()
    await expect(field).to_have_attribute("type", "text")


async def test_a_replaced_link_is_dead_and_says_what_to_do(
    browsers: Browsers, tenant: Tenant, admin: Actor
) -> None:
    form = InvitationForm(
        first_name="Mary",
        last_name="Jackson",
        email=f"mary@{tenant.slug}.example.com",
        role=Role.SALES_ENGINEER.value,
    )
    invited = await invitations.invite(admin, form)
    first = await invitations.copy_link(admin, invited.user_id)
    page = await browsers.stranger(first)
    await invitations.resend(admin, invited.user_id)
    await page.get_by_label("Password", exact=True).fill(CHOSEN)
    await page.get_by_role("button", name="Set password and sign in").click()
    await expect(page.get_by_role("heading", name="This link is no longer valid")).to_be_visible()
    await expect(page.get_by_text("ask the person who invited you to resend")).to_be_visible()
    await page.goto(await invitations.copy_link(admin, invited.user_id))
    await expect(page.get_by_label("User name")).to_have_value(form.email)
