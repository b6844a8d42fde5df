"""A name that is read from the right doesn't turn the sentence around in which it is told."""

from playwright.async_api import expect

from models import Tenant, User
from services.access.actor import Actor
from services.core.words import isolated
from services.reviews import reviews
from services.reviews.forms import Days, ReviewForm
from services.reviews.reasons import Reason
from services.users import accounts
from services.workspace import handover
from services.workspace.pocs import HandOverForm
from tests import factories
from tests.browser.browsers import Browsers
from tests.browser.grid import Grid, dialog, toast
from tests.services.workspace.scene import create_poc

DAVID = "\N{HEBREW LETTER DALET}\N{HEBREW LETTER VAV}\N{HEBREW LETTER DALET}"
LEVI = "\N{HEBREW LETTER LAMED}\N{HEBREW LETTER VAV}\N{HEBREW LETTER YOD}"
COHEN = "\N{HEBREW LETTER KAF}\N{HEBREW LETTER HE}\N{HEBREW LETTER FINAL NUN}"


async def test_who_was_deactivated_meanwhile_is_isolated_in_the_open_question(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    david = await _david(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await Grid(page).switch(david.full_name).click()
    await expect(dialog(page)).to_be_visible()
    await accounts.set_active(admin, david.id, active=False)
    change = dialog(page).get_by_role("status")
    name = isolated(david.full_name)
    await expect(change).to_have_text(f"Somebody else has deactivated {name} meanwhile.")


async def test_who_was_renamed_meanwhile_is_isolated_in_the_open_form(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    david = await _david(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{david.id}")
    await page.get_by_role("button", name="Edit name").click()
    await expect(dialog(page)).to_be_visible()
    await accounts.rename(admin, david.id, DAVID, COHEN)
    change = dialog(page).get_by_role("status")
    before, now = isolated(david.full_name), isolated(f"{DAVID} {COHEN}")
    await expect(change).to_have_text(f"{before} is called {now} now.")


async def test_who_was_deactivated_is_isolated_in_the_message(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    david = await _david(tenant)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    await Grid(page).switch(david.full_name).click()
    await dialog(page).get_by_role("button", name="Deactivate").click()
    told = f"{isolated(david.full_name)} is deactivated."
    await expect(toast(page, told)).to_be_visible()


async def test_the_name_of_a_review_is_isolated_in_the_question_before_its_end(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    await _david(tenant)
    form = ReviewForm(name=DAVID, reasons=(Reason.NO_FACTOR,), days=Days.NINETY)
    review_id = await reviews.begin(admin, form)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/review/{review_id}")
    await page.get_by_role("button", name="Close review…").click()
    question = dialog(page).get_by_role("heading")
    await expect(question).to_have_text(f"Close {isolated(DAVID)}?")


async def test_who_handed_work_over_and_who_has_it_are_isolated_on_the_page_of_who_left(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    david = await _david(tenant)
    levi = await factories.create_admin(tenant, first_name=LEVI)
    await create_poc(await factories.sign_in(ada), "Claims intake")
    by = await factories.sign_in(levi)
    await accounts.set_active(by, ada.id, active=False)
    await handover.hand_over_work(by, ada.id, HandOverForm(owner_id=david.id))
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/{ada.id}/leaving")
    row = page.get_by_role("listitem").filter(has_text="1 POC")
    await expect(row).to_contain_text(f"1 POC to {isolated(david.full_name)}")
    await expect(row).to_contain_text(f"by {isolated(levi.full_name)}")


async def _david(tenant: Tenant) -> User:
    return await factories.create_user(tenant, first_name=DAVID, last_name=LEVI)
