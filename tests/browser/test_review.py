"""A review, from who is looked at to its signed record."""

import re

from playwright.async_api import Locator, Page, expect

from models import Tenant, User
from services.access.actor import Actor
from services.reviews import reviews
from services.reviews.forms import Days, ReviewForm
from services.reviews.reasons import Reason
from tests import books, factories
from tests.browser.browsers import RESULTS, Browsers, expect_signed_out
from tests.browser.grid import Grid, dialog
from tests.browser.looks import look, look_on_paper
from tests.browser.test_deactivation import DEACTIVATED


def choice(page: Page, name: str, label: str) -> Locator:
    """One of the two buttons of the decision about somebody."""
    group = page.get_by_role("group", name=f"Decision for {name}")
    return group.get_by_role("button", name=label, exact=True)


async def test_a_review_is_begun_decided_together_and_closed(
    browsers: Browsers, tenant: Tenant, grace: User, alan: User, ada: User
) -> None:
    joan = await factories.create_user(tenant, first_name="Joan", last_name="Clarke")
    theirs = await browsers.as_user(ada, f"/t/{tenant.slug}/account")
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/review")
    await expect(page.get_by_role("navigation", name="Users")).to_contain_text("Review")
    await look(page, "review-list")
    await page.get_by_role("button", name="+ Begin a Review").click()
    await dialog(page).get_by_label("Name").fill("Autumn review")
    await dialog(page).get_by_role("button", name="Begin", exact=True).click()
    await expect(page.get_by_role("heading", name="Autumn review")).to_be_visible()
    other = await browsers.as_user(alan, page.url.partition(browsers.url)[2])
    users = await browsers.as_user(grace, f"/t/{tenant.slug}/users")
    tabs = users.get_by_role("navigation", name="Users")
    await expect(tabs.get_by_role("link", name="Review 4 undecided")).to_be_visible()

    await choice(page, "Ada Lovelace", "Deactivate").click()
    await expect(choice(other, "Ada Lovelace", "Deactivate")).to_have_attribute(
        "aria-pressed", "true"
    )
    await expect(page.get_by_text("1 of 4 decided")).to_be_visible()
    # By keys: this one, then the next row; who is decided stays until another filter is chosen.
    await other.get_by_role("checkbox", name="Undecided").check()
    await expect(choice(other, "Ada Lovelace", "Keep")).to_have_count(0)
    await choice(other, "Grace Hopper", "Keep").focus()
    await other.keyboard.press("1")
    await expect(choice(other, "Joan Clarke", "Keep")).to_be_focused()
    await other.keyboard.press("1")
    for seen in (page, other):
        await expect(choice(seen, "Joan Clarke", "Keep")).to_have_attribute("aria-pressed", "true")
    await expect(choice(page, "Grace Hopper", "Keep")).to_be_disabled()
    await expect(tabs.get_by_role("link", name="Review 1 undecided")).to_be_visible()
    await look(page, "review-decide")
    await look_on_paper(page)
    await expect(theirs.get_by_role("heading", name="My account")).to_be_visible()

    await page.get_by_role("button", name="Close review…").click()
    await expect(dialog(page)).to_contain_text("1 person is deactivated now")
    await expect(dialog(page)).to_contain_text("1 person stays as they are, undecided.")
    await dialog(page).get_by_role("button", name="Close review", exact=True).click()
    await expect_signed_out(theirs, DEACTIVATED)
    for seen in (page, other):
        await expect(seen.get_by_role("button", name="Export, signed")).to_be_visible()
    await expect(tabs.get_by_role("link", name="Review", exact=True)).to_be_visible()
    decisions = page.get_by_role("table", name="Decisions")
    row = decisions.get_by_role("row").filter(has_text="Ada Lovelace")
    await expect(row).to_contain_text(re.compile("Deactivated.*Grace Hopper"))
    await expect(row.locator("bdi")).to_have_text(ada.email)
    await expect(page.get_by_text("Recomputed")).to_be_visible()
    assert (await books.user_of(joan.id)).active
    await look(page, "review-record")
    await look_on_paper(page)
    await page.emulate_media(media="print", color_scheme="light")
    await page.pdf(path=RESULTS / "pages" / "review-record.pdf", format="A4")
    await page.emulate_media(media="screen")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export, signed").click()
    assert "Autumn review" in (await (await download.value).path()).read_text()


async def test_a_reason_leads_to_the_people_it_counts(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    await factories.create_user(tenant, first_name="Never", last_name="Here", invited=True)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/review")
    await page.get_by_role("link", name="Show 1: Never signed in").click()
    await expect(Grid(page).names).to_have_text(["Never Here"])


async def test_several_are_decided_about_together(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, ada: User
) -> None:
    await factories.create_user(tenant, first_name="Joan", last_name="Clarke")
    form = ReviewForm(name="Autumn review", reasons=(Reason.NO_FACTOR,), days=Days.NINETY)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/review")
    await expect(page.get_by_role("button", name="+ Begin a Review")).to_be_visible()
    await reviews.begin(admin, form)
    await page.get_by_role("link", name="Go on with the review").click()
    for name in ("Ada Lovelace", "Joan Clarke"):
        await page.get_by_role("checkbox", name=f"Select {name}").check()
    acts = page.get_by_role("toolbar", name="Acts on the 2 selected people")
    await acts.get_by_role("button", name="Keep").click()
    for name in ("Ada Lovelace", "Joan Clarke"):
        await expect(choice(page, name, "Keep")).to_have_attribute("aria-pressed", "true")


async def test_a_search_that_finds_nobody_offers_the_way_back_to_all(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, ada: User
) -> None:
    form = ReviewForm(name="Autumn review", reasons=(Reason.NO_FACTOR,), days=Days.NINETY)
    review_id = await reviews.begin(admin, form)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/review/{review_id}")
    await expect(choice(page, "Ada Lovelace", "Keep")).to_be_visible()
    await page.get_by_role("searchbox", name="Search people").fill("Nobody of this name")
    await expect(page.get_by_role("heading", name="Nobody matches")).to_be_visible()
    await page.get_by_role("button", name="Clear filters").click()
    await expect(choice(page, "Ada Lovelace", "Keep")).to_be_visible()
    await expect(page.get_by_role("searchbox", name="Search people")).to_have_value("")
