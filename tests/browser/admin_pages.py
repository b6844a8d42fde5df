"""The pages of docs/admins.md, each as an admin of the demo comes to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from playwright.async_api import FilePayload, Page, expect
from sqlmodel import select

from models import Role, Tenant, User
from services.bulk import runs
from services.database.transaction import reading
from services.lists.query import ListQuery
from services.reviews import reviews
from services.reviews.forms import Days, ReviewForm
from services.reviews.reasons import Reason
from services.users import accounts
from services.users.many import DEACTIVATE
from tests.browser.browsers import Browsers, connected
from tests.factories import sign_in

VIEW = {"width": 1120, "height": 720}
FILE = (
    "First Name,Last Name,E-mail,Role\n"
    "Radia,Perlman,radia.perlman@nordwind.example,Sales Engineer\n"
    "Hedy,Lamarr,hedy.lamarr@nordwind.example,Administrator\n"
    "Ada,Lovelace,ada.lovelace@nordwind.example,Sales Engineer\n"
    "Grace,Hopper,grace.hopper,Sales Engineer\n"
)
# Below the organisation's path, and above it.
INSIDE = {
    "invite": "users?do=invite",
    "file": "users/import",
    "bulk": "users/bulk/{bulk}",
    "person": "users/{person}",
    "leaving": "users/{gone}/leaving",
    "ends-soon": "ends-soon",
    "reviews": "review",
    "review": "review/{review}",
    "customers": "customers",
    "roles": "roles",
    "audit": "audit",
    "account": "account",
    "settings": "settings",
    "settings-sign-in": "settings/sign-in",
    "settings-rules": "settings/rules",
    "settings-mails": "settings/mails",
    "settings-screens": "settings/screens",
}
ABOVE = {"organisations": "tenants", "dashboard": "dashboard", "system": "system"}


@dataclass(frozen=True)
class Scene:
    """The admin who looks at the pages, and the people on them."""

    tenant: Tenant
    admin: User
    platform_admin: User
    person: User
    ids: dict[str, UUID]


async def set_scene(tenant: Tenant, admin: User, person: User, gone: User) -> Scene:
    """Have something on every page: somebody who left, a bulk act to look at, an open review."""
    actor = await sign_in(admin)
    await accounts.set_active(actor, gone.id, active=False)
    form = ReviewForm(name="Autumn", reasons=(Reason.NOT_SEEN,), days=Days.SIXTY)
    ids = {
        "person": person.id,
        "gone": gone.id,
        "review": await reviews.begin(actor, form),
        "bulk": await runs.draft(actor, DEACTIVATE.kind, ListQuery(filters={"seen": "not-90"})),
    }
    async with reading() as tx:
        above = (await tx.exec(select(User).where(User.role == Role.PLATFORM_ADMIN))).one()
    return Scene(tenant, admin, above, person, ids)


async def admin_pages(browsers: Browsers, scene: Scene) -> AsyncIterator[tuple[str, Page]]:
    """Each page's name, with the page as it is open now."""
    base = f"/t/{scene.tenant.slug}"
    inside = {name: f"{base}/{path.format(**scene.ids)}" for name, path in INSIDE.items()}
    above = {name: f"/platform/{path}" for name, path in ABOVE.items()}
    for user, paths in ((scene.admin, inside), (scene.platform_admin, above)):
        context = await browsers.signed_in(user, viewport=VIEW, color_scheme="light")
        page = await context.new_page()
        for name, path in paths.items():
            await page.goto(path)
            await connected(page)
            if name == "file":
                await _choose_a_file(page)
            await expect(page.get_by_role("heading").first).to_be_visible()
            yield name, page


async def _choose_a_file(page: Page) -> None:
    file: FilePayload = {"name": "people.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    await page.get_by_label("Choose a file").set_input_files(file)
    await expect(page.get_by_role("columnheader").first).to_be_visible()
