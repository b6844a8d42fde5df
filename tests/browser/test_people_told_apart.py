"""People of one name are told apart wherever they are let in or shut out without a question about
each: by their emails, and by the mark of a name that mixes letters."""

from datetime import timedelta

import pytest_asyncio
from playwright.async_api import Locator, expect

from models import BulkKind, Tenant, User
from services.access.actor import Actor
from services.bulk import runs
from services.core import clock
from services.reviews import reviews
from services.reviews.forms import Days, ReviewForm
from services.reviews.reasons import Reason
from services.users import accounts
from tests import factories
from tests.browser.browsers import Browsers
from tests.browser.looks import look
from tests.services.bulk.acting_in_bulk import those

CYRILLIC_A = "\N{CYRILLIC CAPITAL LETTER A}"
MIXES = "This name mixes Cyrillic and Latin letters, which can look alike. Compare the email."


@pytest_asyncio.fixture(loop_scope="session")
async def alices(tenant: Tenant) -> tuple[User, User]:
    """Two people of one look; the second one's name mixes letters."""
    return await _create_alices(tenant)


async def _create_alices(tenant: Tenant, *, invited: bool = False) -> tuple[User, User]:
    last, at = "Kovacs", f"maschinenbau.{tenant.slug}.example"
    one = await factories.create_user(
        tenant, first_name="Alice", last_name=last, email=f"alice.kovacs@{at}", invited=invited
    )
    other = await factories.create_user(
        tenant,
        first_name=f"{CYRILLIC_A}lice",
        last_name=last,
        email=f"alice.kovacs.external@{at}",
        invited=invited,
    )
    return one, other


async def test_a_review_tells_them_apart_before_they_are_decided_about(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, alices: tuple[User, User]
) -> None:
    form = ReviewForm(name="Autumn review", reasons=(Reason.NO_FACTOR,), days=Days.NINETY)
    review_id = await reviews.begin(admin, form)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/review/{review_id}")
    await _expect_told_apart(page.locator("tbody").get_by_role("row"), alices)
    await _expect_controls_told_apart(page.locator("tbody").get_by_role("row"), alices)
    await look(page, "review-alike")


async def test_the_search_in_a_review_finds_them_by_email(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, alices: tuple[User, User]
) -> None:
    form = ReviewForm(name="Autumn review", reasons=(Reason.NO_FACTOR,), days=Days.NINETY)
    review_id = await reviews.begin(admin, form)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/review/{review_id}")
    await page.get_by_role("searchbox", name="Search people").fill("kovacs.external")
    await expect(page.locator("tbody bdi")).to_have_text([alices[1].email])


async def test_an_email_in_a_record_breaks_behind_its_at_on_a_narrow_screen(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, alices: tuple[User, User]
) -> None:
    form = ReviewForm(name="Autumn review", reasons=(Reason.NO_FACTOR,), days=Days.NINETY)
    review_id = await reviews.begin(admin, form)
    await reviews.close(admin, review_id)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/review/{review_id}")
    await page.set_viewport_size({"width": 320, "height": 640})
    mailbox, _, host = alices[1].email.partition("@")
    email = page.get_by_role("table", name="Decisions").get_by_text(alices[1].email, exact=True)
    first = await email.get_by_text(f"{mailbox}@", exact=True).bounding_box()
    second = await email.get_by_text(host, exact=True).bounding_box()
    assert first is not None
    assert second is not None
    assert second["y"] > first["y"]
    assert second["x"] == first["x"]


async def test_a_bulk_act_tells_them_apart_before_it_and_afterwards(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, alices: tuple[User, User]
) -> None:
    bulk_id = await runs.draft(admin, BulkKind.DEACTIVATE, those(alices), None)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/bulk/{bulk_id}")
    await page.get_by_role("button", name="Show 2").click()
    await _expect_told_apart(page.locator(".bulk-people").get_by_role("listitem"), alices)
    await look(page, "bulk-alike")
    await page.get_by_role("button", name="Deactivate 2 users").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("2 users deactivated")
    table = page.get_by_role("table", name="Results")
    await _expect_told_apart(table.locator("tbody").get_by_role("row"), alices)
    await look(page, "bulk-alike-done")


async def test_links_to_hand_over_are_told_apart(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    alices = await _create_alices(tenant, invited=True)
    bulk_id = await runs.draft(admin, BulkKind.COPY_LINKS, those(alices), None)
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/users/bulk/{bulk_id}")
    await page.get_by_role("button", name="Copy 2 links").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("2 links copied")
    table = page.get_by_role("table", name="Results")
    await _expect_controls_told_apart(table.locator("tbody").get_by_role("row"), alices)


async def test_what_ends_soon_tells_them_apart(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor, alices: tuple[User, User]
) -> None:
    for user in alices:
        await accounts.set_end_date(admin, user.id, clock.now().date() + timedelta(days=20))
    page = await browsers.as_user(grace, f"/t/{tenant.slug}/ends-soon")
    await _expect_told_apart(page.locator(".ends-group").get_by_role("listitem"), alices)
    await _expect_controls_told_apart(page.locator(".ends-group").get_by_role("listitem"), alices)
    await look(page, "ends-soon-alike")


async def _expect_told_apart(rows: Locator, alices: tuple[User, User]) -> None:
    one, other = alices
    plain = rows.filter(has=rows.page.get_by_text(one.email, exact=True))
    mixed = rows.filter(has=rows.page.get_by_text(other.email, exact=True))
    await expect(plain.locator("bdi")).to_have_text([one.email])
    await expect(mixed.locator("bdi")).to_have_text([other.email])
    await expect(mixed.get_by_text("Mixed letters")).to_have_attribute("title", MIXES)
    await expect(plain.get_by_text("Mixed letters")).to_have_count(0)


async def _expect_controls_told_apart(rows: Locator, alices: tuple[User, User]) -> None:
    """Their names are the same; a screen reader says the description, too."""
    for user in alices:
        row = rows.filter(has=rows.page.get_by_text(user.email, exact=True))
        controls = row.locator("button, input")
        await expect(controls).not_to_have_count(0)
        for control in await controls.all():
            await expect(control).to_have_accessible_description(user.email)
