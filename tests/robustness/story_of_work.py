"""The part of the day in which customers' people, calendars, screens and other emails come in."""

import httpx

from models import Role, Tenant
from services.access.actor import Actor
from services.database.transaction import reading
from services.screens import pairing
from services.users import email_change
from services.users.email_change import EmailForm
from services.workspace import end_calendar
from services.workspace.customers import invitations
from services.workspace.customers.invitations import CustomerForm
from tests import factories
from tests.browser.server import Server, cookie_name
from tests.browser.waiting import eventually
from tests.mail_server import MailServer
from tests.robustness.story import Browser, Story, link_in
from tests.services.screen_calls import new_screen
from tests.services.workspace.scene import create_poc

RETO = "reto@helvetia.example"


async def work(story: Story, admin: Actor, server: Server, post: MailServer) -> None:
    """Live through it."""
    async with reading() as tx:
        tenant = await tx.get_one(Tenant, admin.tenant_id)
    owner = await factories.create_user(tenant, email="owner@example.com")
    actor = await factories.sign_in(owner)
    await _customer(story, actor, server, post)
    await _calendar(story, tenant, server)
    await _other_email(story, actor, server, post)
    await _screen(story, admin, server)


async def _mailed(post: MailServer, to: str, number: int) -> str:
    """What the mail of this number to somebody says, once it is there."""
    await eventually(lambda: len(post.to(to)) >= number)
    return post.to(to)[number - 1].part("plain")


async def _customer(story: Story, owner: Actor, server: Server, post: MailServer) -> None:
    poc_id = await create_poc(owner)
    form = CustomerForm(first_name="Reto", last_name="Bianchi", email=RETO)
    invited = await invitations.invite(owner, poc_id, form)
    reto = Browser(story, server.url)
    path = link_in(story, "a customer's invitation", await _mailed(post, RETO, 1))
    await reto.ask(path)
    await reto.ask(path, {})
    await reto.ask(path, {})
    await reto.ask(f"/t/acme/customer/{poc_id}")
    await reto.ask("/t/acme/customer", {"email": RETO})
    path = link_in(story, "a customer's visit", await _mailed(post, RETO, 2))
    await reto.ask(path, {})
    copied = await invitations.copy_link(owner, poc_id, invited.customer_id)
    await reto.ask(link_in(story, "a customer's copied link", copied))
    await reto.ask("/t/acme/customer/logout", {})


async def _calendar(story: Story, tenant: Tenant, server: Server) -> None:
    admin = await factories.sign_in(
        await factories.create_user(tenant, role=Role.TENANT_ADMIN, email="cal@example.com")
    )
    path = link_in(story, "a calendar", await end_calendar.tell_url(admin))
    reader = Browser(story, server.url)
    await reader.ask(f"{path}.ics")
    await end_calendar.revoke(admin)
    await reader.ask(f"{path}.ics")


async def _other_email(story: Story, owner: Actor, server: Server, post: MailServer) -> None:
    new = await email_change.request_change(owner, EmailForm(email="owner.new@example.com"))
    reader = Browser(story, server.url)
    path = link_in(story, "another email", await _mailed(post, new, 1))
    await reader.ask(path)
    await reader.ask(path, {})
    path = link_in(story, "the way back", await _mailed(post, "owner@example.com", 1))
    await reader.ask(path, {})
    await reader.ask(path, {})


async def _screen(story: Story, admin: Actor, server: Server) -> None:
    headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as wall:
        told = (await wall.post("/wall/code")).json()
        code = story.secret("a screen's code", told["code"])
        name = cookie_name(server.url, "rollcall-pairing")
        story.secret("a screen's key", str(wall.cookies.get(name, path="/wall")))
        await pairing.pair_screen(admin, new_screen(code))
        await wall.post("/wall/claim")
        story.secret("a screen's session", wall.cookies[cookie_name(server.url, "rollcall-screen")])
        await wall.get("/wall")
