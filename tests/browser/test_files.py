"""Files on a POC's Resources tab: chosen, dropped, pasted, cancelled and saved."""

import asyncio
from pathlib import Path

from playwright.async_api import Page, Route, expect

from models import Tenant, User
from services.core.settings import MB
from tests.browser.browsers import Browsers
from tests.browser.grid import dialog, toast
from tests.services.workspace.rows import create_rows

# What a browser makes of files that are dropped or pasted.
BRING = """
([kind, name]) => {
  const data = new DataTransfer();
  data.items.add(new File(["Said"], name));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.querySelector("main").dispatchEvent(event);
}
"""


async def _choose(page: Page, path: Path, size: int) -> None:
    await asyncio.to_thread(path.write_bytes, b"x" * size)
    await page.locator(".file-drop input[type=file]").set_input_files(path)


async def test_files_are_chosen_dropped_and_pasted_and_show_on_every_other_open_page(
    browsers: Browsers, tenant: Tenant, ada: User, tmp_path: Path
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    url = f"/t/{tenant.slug}/pocs/{rows.poc}/resources"
    page, other = await browsers.as_user(ada, url), await browsers.as_user(ada, url)
    await _choose(page, tmp_path / "plan.bin", 300_000)
    for kind, name in (("drop", "dropped.txt"), ("paste", "pasted.txt")):
        await page.evaluate(BRING, [kind, name])
    for name in ("plan.bin", "dropped.txt", "pasted.txt"):
        await expect(other.get_by_role("link", name=name)).to_be_visible()
    await expect(page.locator(".file-uploads")).to_have_count(0)
    await expect(other.get_by_text("0.3 of 200 MB used.")).to_be_visible()
    row = other.locator(".home-rows > li", has_text="plan.bin")
    await expect(row.get_by_text("Text · 0.3 MB")).to_be_visible()
    await expect(row.get_by_text("Internal")).to_be_visible()
    async with other.expect_download() as saving:
        await row.get_by_role("link", name="plan.bin").click()
    saved = await saving.value
    assert saved.suggested_filename == "plan.bin"
    assert (await saved.path()).stat().st_size == 300_000
    await row.get_by_role("button", name="Edit plan.bin").click()
    await dialog(other).get_by_label("Shared with the customer").check()
    await dialog(other).get_by_label("Belongs To").select_option("Task: Trial")
    await dialog(other).get_by_role("button", name="Save").click()
    shown = page.locator(".home-rows > li", has_text="plan.bin")
    await expect(shown.get_by_text("Shared with")).to_be_visible()
    await expect(shown.get_by_text("Trial", exact=True)).to_be_visible()

    await row.get_by_role("button", name="Archive plan.bin").click()
    await expect(row).to_have_count(0)
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Delete archived files").click()
    await dialog(page).get_by_role("checkbox", name="plan.bin").check()
    await dialog(page).get_by_role("button", name="Delete for good").click()
    await expect(toast(page, "1 file deleted: 0.3 MB are free.")).to_be_visible()
    await expect(other.get_by_text("0.3 of 200 MB used.")).to_have_count(0)


async def test_an_upload_shows_how_far_it_is_and_a_cancelled_one_is_nowhere(
    browsers: Browsers, tenant: Tenant, ada: User, tmp_path: Path
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    page = await browsers.as_user(ada, f"/t/{tenant.slug}/pocs/{rows.poc}/resources")
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.abort()

    await page.route("**/files", hold)
    await _choose(page, tmp_path / "large.bin", 20 * MB + 1)
    too_large = "This has a little more than 20 MB. A file may have 20 MB at most."
    await expect(page.get_by_text(too_large)).to_be_visible()
    await page.get_by_role("button", name="Dismiss large.bin").click()
    await _choose(page, tmp_path / "slow.bin", MB)
    await expect(page.get_by_role("progressbar", name="Uploading slow.bin")).to_be_visible()
    await page.get_by_role("button", name="Cancel slow.bin").click()
    await expect(page.get_by_text("slow.bin is cancelled.")).to_have_count(1)
    await expect(page.locator(".file-uploads")).to_have_count(0)
    await expect(page.locator(".home-rows > li", has_text="slow.bin")).to_have_count(0)
    held.set()
    await page.unroute_all(behavior="ignoreErrors")
    await _choose(page, tmp_path / "slow.bin", MB)
    await expect(page.get_by_role("link", name="slow.bin")).to_be_visible()
