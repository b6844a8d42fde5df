"""Every page, light and dark, wide and narrow: axe finds nothing, and nothing needs scrolling
sideways. `--soak` keeps a picture of each in test-results/."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Page, ViewportSize, expect

from models import LinkPurpose, Tenant, User
from services.access.actor import Actor
from services.database.transaction import reading
from services.sessions.sessions import Caller
from services.sign_in import password_change
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from tests import factories
from tests.browser.browsers import Browsers
from tests.browser.grid import Grid, dialog
from tests.browser.looks import look

DESK: ViewportSize = {"width": 1280, "height": 720}
LONG = "Wolfeschlegelsteinhausenbergerdorff"


@dataclass
class Scene:
    """A tenant in which something has happened."""

    browsers: Browsers
    tenant: Tenant
    grace: User
    ada: User
    waiting: User
    robin: User
    admin: Actor

    async def as_grace(self, path: str) -> Page:
        """A page of the tenant, as its admin."""
        return await self.browsers.as_user(self.grace, f"/t/{self.tenant.slug}{path}")

    async def stranger(self, path: str) -> Page:
        """A page of the tenant, as nobody."""
        return await self.browsers.stranger(f"/t/{self.tenant.slug}{path}")


@pytest_asyncio.fixture(loop_scope="session")
async def scene(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User, robin: User, admin: Actor
) -> Scene:
    """An admin, an active, an inactive, an invited and a long-named user."""
    former = await factories.create_user(tenant, first_name="Former", last_name="Colleague")
    await accounts.set_active(admin, former.id, False)
    long_email = f"{LONG}@{tenant.slug}.example.com"
    await factories.create_user(tenant, first_name=LONG, last_name=LONG, email=long_email)
    form = InvitationForm(
        first_name="Hedy",
        last_name="Lamarr",
        email=f"hedy@{tenant.slug}.example.com",
        role="sales_engineer",
    )
    invited = await invitations.invite(admin, form)
    async with reading() as tx:
        waiting = await tx.get_one(User, invited.user_id)
    return Scene(browsers, tenant, grace, ada, waiting, robin, admin)


Walk = Callable[[Scene], AsyncIterator[tuple[str, Page]]]
WALKS: dict[str, Walk] = {}


def walk(through: Walk) -> Walk:
    """Have the states that this walk comes to looked at; a page is opened once for those of it."""
    WALKS[through.__name__.strip("_")] = through
    return through


@walk
async def _sign_in(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    page = await scene.stranger("/login?why=deactivated")
    yield "sign-in", page
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "sign-in-refused", page


@walk
async def _import(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    page = await scene.as_grace("/users/import")
    yield "import-file", page
    rows = [f"Ada,Lovelace,{LONG}{n}@{scene.tenant.slug}.example.com,Administrator" for n in (1, 2)]
    rows.append(f"{LONG},{LONG},{LONG}@{scene.tenant.slug}.example.com,Administrator")
    text = "First Name,Last Name,Email,Role\n" + "\n".join([*rows, "Ada,,no address,Boss"])
    await page.get_by_label("Choose a file").set_input_files(
        {"name": f"{LONG}.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    await expect(page.get_by_role("button", name="Send 2 invitations")).to_be_visible()
    yield "import-preview", page
    await page.get_by_role("button", name="Send 2 invitations").click()
    await expect(page.get_by_role("heading", name="2 people invited")).to_be_visible()
    yield "import-done", page


@walk
async def _workspace(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    yield "workspace", await scene.browsers.stranger("/")


@walk
async def _forgot(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    yield "forgot", await scene.stranger("/password/forgot")


@walk
async def _reset(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    await password_change.request_reset(scene.tenant.slug, scene.ada.email, Caller())
    token = await factories.token_of(scene.ada, LinkPurpose.RESET)
    yield "reset", await scene.stranger(f"/password/reset/{token}")


@walk
async def _invitation(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    page = await scene.stranger(f"/invitation/{await factories.token_of(scene.waiting)}")
    await page.get_by_label("Password", exact=True).fill("signals that hop about")
    await expect(page.locator(".meter-text")).to_have_text("Strong")
    yield "invitation", page
    await page.get_by_label("Password", exact=True).fill("short")
    await page.get_by_role("button", name="Set password and sign in").click()
    await expect(page.locator(".field-error")).to_be_visible()
    yield "invitation-refused", page


@walk
async def _dead_link(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    yield "dead-link", await scene.stranger("/invitation/no-such-link")


@walk
async def _users(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    await scene.browsers.as_user(scene.ada, f"/t/{scene.tenant.slug}/account")
    page = await scene.as_grace("/users")
    await expect(Grid(page).online("Ada Lovelace")).to_have_count(1)
    yield "users", page
    await page.set_viewport_size(DESK)
    await page.get_by_role("button", name="+ Invite User").click()
    await dialog(page).get_by_label("Email").fill(scene.ada.email)
    await expect(dialog(page).get_by_text("This email is already in use.")).to_be_visible()
    yield "invite-dialog", page


@walk
async def _users_filtered_to_nobody(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    page = await scene.as_grace("/users?q=nobody&role=administrator")
    yield "users-filtered-to-nobody", page


@walk
async def _users_empty(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    empty = await factories.create_tenant(f"Empty {scene.tenant.name}")
    page = await scene.browsers.as_user(scene.robin, f"/t/{empty.slug}/users")
    yield "users-empty", page


@walk
async def _users_deactivated_and_leaving(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    page = await scene.as_grace("/users?status=active")
    await Grid(page).switch("Ada Lovelace").click()
    await expect(dialog(page)).to_be_visible()
    yield "deactivate-dialog", page
    await page.set_viewport_size(DESK)
    await dialog(page).get_by_role("button", name="Deactivate", exact=True).click()
    await page.get_by_role("button", name="Undo").hover()  # which keeps the message
    await expect(Grid(page).chip("Ada Lovelace", "Inactive")).to_be_visible()
    yield "users-deactivated-and-leaving", page


@walk
async def _user_details(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    page = await scene.as_grace(f"/users/{scene.waiting.id}")
    yield "user-details", page
    await page.set_viewport_size(DESK)
    await page.get_by_role("button", name="Copy invitation link").click()
    await expect(dialog(page).get_by_label("Link", exact=True)).to_be_visible()
    yield "user-link-dialog", page


@walk
async def _roles(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    yield "roles", await scene.as_grace("/roles")


@walk
async def _audit(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    yield "audit", await scene.as_grace("/audit")


@walk
async def _account(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    await factories.open_session(scene.grace)
    page = await scene.as_grace("/account")
    await page.get_by_text("Grace Hopper", exact=True).first.click()
    await expect(page.get_by_role("link", name="My account")).to_be_visible()
    yield "account", page


@walk
async def _tenants(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    # Those of all tests before would be a page full of rows, which axe needs seconds for.
    path = f"/platform/tenants?q={scene.tenant.slug}"
    page = await scene.browsers.as_user(scene.robin, path)
    close = page.get_by_role("button", name=f"Close {scene.tenant.name}", exact=True)
    await expect(close).to_be_visible()
    yield "tenants", page


@walk
async def _platform_admins(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    page = await scene.browsers.as_user(scene.robin, f"/platform/users?q={scene.robin.email}")
    await expect(Grid(page).switch(scene.robin.full_name)).to_be_visible()
    yield "platform-admins", page


@walk
async def _system(scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    page = await scene.browsers.as_user(scene.robin, "/platform/system")
    await expect(page.get_by_text("Version", exact=True)).to_be_visible(timeout=60_000)
    yield "system", page


@pytest.mark.parametrize("name", list(WALKS))
async def test_axe_finds_nothing_and_nothing_is_too_wide(scene: Scene, name: str) -> None:
    async for state, page in WALKS[name](scene):
        await look(page, state)
