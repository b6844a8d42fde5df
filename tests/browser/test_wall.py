"""Screens on walls: paired in one browser and hung in another, told to the second, and never stale
in silence."""

import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, WebSocket, expect

from models import Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.settings import Settings
from services.database import runtime
from services.database.startup import started
from services.screens import screens
from services.screens.showing import ScreenView
from tests.browser.browsers import Browsers, fill
from tests.browser.grid import dialog
from tests.browser.looks import SETTLED, look
from tests.browser.server import Server, serving
from tests.browser.waiting import eventually
from tests.browser.walls import hang
from tests.factories import create_admin, create_tenant, sign_in
from tests.services.screen_calls import set_up

CODE = re.compile(r"^[2-9A-HJ-NP-TV-Z]{4}-[2-9A-HJ-NP-TV-Z]{4}$")


async def _violations(page: Page) -> str:
    """What axe finds, which holds a screen's text to 7:1."""
    await page.evaluate(SETTLED)  # what fades in has too little contrast until it has
    rules = {"color-contrast-enhanced": {"enabled": True}}
    found = await Axe().run(page, options={"resultTypes": ["violations"], "rules": rules})
    return str(found.generate_report()) if found.violations_count else ""


async def _wall(browsers: Browsers, frames: list[str]) -> Page:
    """A screen that isn't paired, and all that its socket is told."""
    context = await browsers.new(viewport={"width": 1920, "height": 1080})
    page = await context.new_page()

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda text: frames.append(str(text)))

    page.on("websocket", listen)
    await page.goto("/wall")
    await expect(page.locator("#code")).to_have_text(CODE)
    return page


async def _pair(browsers: Browsers, admin: User, tenant: Tenant, wall: Page) -> Page:
    """The page of the tenant's screens, with the screen on it."""
    page = await browsers.as_user(admin, f"/t/{tenant.slug}/settings/screens")
    await expect(page.get_by_text("No screens yet.")).to_be_visible()
    await page.get_by_role("button", name="+ Pair a Screen").click()
    code = await wall.locator("#code").inner_text()
    await fill(dialog(page), code=code, name="Oslo, reception")
    await dialog(page).get_by_role("button", name="Pair", exact=True).click()
    await expect(page.get_by_text("Oslo, reception", exact=True)).to_be_visible()
    return page


async def test_a_screen_is_paired_told_what_happens_and_revoked(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    frames: list[str] = []
    wall = await _wall(browsers, frames)
    await expect(wall.get_by_role("heading", name="Pair this screen")).to_be_visible()
    square = wall.get_by_role("img", name=f"QR code of {browsers.url}/pair", exact=True)
    await expect(square).to_be_visible()
    settings = await _pair(browsers, grace, tenant, wall)
    await expect(wall.get_by_role("main", name="Roll call")).to_be_visible()
    await expect(settings.get_by_text("1 live · 0 offline")).to_be_visible()
    await browsers.as_user(ada, f"/t/{tenant.slug}/home")
    await expect(wall.locator(".name.new", has_text="AL")).to_be_visible()
    await eventually(lambda: any('"AL"' in frame for frame in frames))
    told = "".join(frames)
    assert not any(part in told for part in ("Lovelace", "Hopper", "@", str(ada.id)))
    await settings.get_by_role("button", name="Revoke Oslo, reception").click()
    await dialog(settings).get_by_role("button", name="Revoke").click()
    await expect(wall.get_by_text("This screen was revoked.")).to_be_visible()
    await expect(wall.locator("#code")).to_have_text(CODE)
    await expect(settings.get_by_text("No screens yet.")).to_be_visible()


async def test_a_copied_cookie_is_seen_on_settings_and_revoked_with_its_screen(
    browsers: Browsers, tenant: Tenant, grace: User
) -> None:
    wall = await _wall(browsers, [])
    settings = await _pair(browsers, grace, tenant, wall)
    await expect(wall.get_by_role("main", name="Roll call")).to_be_visible()
    copy = await browsers.new()
    cookies: Any = await wall.context.cookies()
    await copy.add_cookies(cookies)
    second = await copy.new_page()
    await second.goto("/wall")
    await expect(second.get_by_role("main", name="Roll call")).to_be_visible()
    await expect(settings.get_by_text("Open in two places")).to_be_visible()
    await second.close()
    await expect(settings.get_by_text("Live", exact=True)).to_be_visible()
    third = await copy.new_page()
    await third.goto("/wall")
    await expect(third.get_by_role("main", name="Roll call")).to_be_visible()
    await settings.get_by_role("button", name="Revoke Oslo, reception").click()
    await dialog(settings).get_by_role("button", name="Revoke").click()
    for page in (wall, third):
        await expect(page.get_by_text("This screen was revoked.")).to_be_visible()


OFFLINE = re.compile(r"Offline since \d\d:\d\d")
# Every banner that came, in words.
REMEMBER = """() => {
  window.seen = [];
  const banner = document.getElementById("offline");
  new MutationObserver(() => banner.textContent && seen.push(banner.textContent))
    .observe(banner, { childList: true });
}"""
# A version of Rollcall with another script.
UPGRADED = """
from ui.wall import assets, frames
assets.BUILD = frames.BUILD = "new"
"""
# A device whose clock is wrong by hours, and jumps where `ahead` is changed.
WRONG_CLOCK = """
window.ahead = 5 * 3600 * 1000;
const RightDate = Date;
window.Date = class extends RightDate {
  constructor(...given) {
    given.length ? super(...given) : super(RightDate.now() + window.ahead);
  }
  static now() {
    return RightDate.now() + window.ahead;
  }
};
"""


async def test_what_is_chosen_for_a_screen_is_shown_at_once_and_accessible(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    frames: list[str] = []
    wall = await _wall(browsers, frames)
    assert await _violations(wall) == ""
    await look(await browsers.stranger("/pair"), "pair")
    await look(await _pair(browsers, grace, tenant, wall), "settings-screens")
    (row,) = await screens.list_screens(admin)
    for view in ScreenView:
        shown = set_up(name="Oslo", views=(view.value,), names="full", theme="light")
        await screens.change_screen(admin, row.id, shown)
        await expect(wall.get_by_role("main", name=view.label)).to_be_visible()
        assert await _violations(wall) == ""


@asynccontextmanager
async def _admin_of(server: Server) -> AsyncIterator[Actor]:
    """An admin beside a server of the test's own, which has no users yet."""
    settings = Settings(_env_file=None, data_dir=server.data_dir, public_url=server.url)
    async with started(settings):
        yield await sign_in(await create_admin(await create_tenant()))
    runtime.use(None)


async def test_a_screen_marks_a_flutter_says_since_when_it_is_offline_and_takes_an_upgrade(
    browsers: Browsers, tmp_path: Path
) -> None:
    browsers.allow("ERR_CONNECTION_REFUSED")
    browsers.allow("WebSocket connection to")
    root = "html.screen"
    async with serving(tmp_path / "data") as server:
        port = int(server.url.rpartition(":")[2])
        async with _admin_of(server) as admin:
            wall = await hang(browsers, admin, url=server.url, views=("people",))
        unpaired = await (await browsers.new()).new_page()
        await unpaired.goto(f"{server.url}/wall")
        await expect(unpaired.locator("#code")).to_have_text(CODE)
        people = wall.get_by_role("main", name="People")
        # (How long each lasts is told in test_wall_times.py, where the clock is the test's.)
        server.process.send_signal(signal.SIGSTOP)
        await expect(wall.locator(f"{root}.waits")).to_be_attached()
        server.process.send_signal(signal.SIGCONT)
        await expect(wall.locator(f"{root}:not(.waits)")).to_be_attached()
        await server.stop(signal.SIGKILL)
        await expect(wall.get_by_role("alert")).to_contain_text(OFFLINE)
        await expect(people).to_be_visible()
        assert await _violations(wall) == ""
        await expect(unpaired.get_by_role("alert")).to_contain_text(OFFLINE)
    pages: list[str] = []
    wall.on("framenavigated", lambda frame: pages.append(frame.url))
    async with serving(tmp_path / "data", port=port, before=UPGRADED):
        for page in (wall, unpaired):
            await expect(page.locator("html[data-build=new]")).to_be_attached()
            await expect(page.locator("#offline")).to_be_hidden()
        await expect(people).to_be_visible()
        await expect(wall.get_by_role("img", name="Live", exact=True)).to_be_visible()
        await expect(unpaired.locator("#code")).to_have_text(CODE)
        assert pages == [f"{server.url}/wall"]


# What a person could choose or type into, and keys that do something on the pages of people.
CHOOSABLE = "a, area, button, input, select, textarea, summary, form, iframe, [tabindex], [onclick]"
KEYS = ("Tab", "Enter", "/", "?", "Control+k", "g", "u", "h", "Escape")


async def test_a_screen_is_reloaded_from_settings_and_nothing_on_it_leads_elsewhere(
    browsers: Browsers, tenant: Tenant, grace: User, admin: Actor
) -> None:
    wall = await hang(browsers, admin, views=("roll_call", "trouble"))
    settings = await browsers.as_user(grace, f"/t/{tenant.slug}/settings/screens")
    await expect(settings.get_by_text("1 live · 0 offline")).to_be_visible()
    await wall.evaluate("document.documentElement.dataset.before = ''")
    await settings.get_by_role("button", name="Reload Oslo").click()
    await expect(settings.get_by_text("Oslo loads its page again.")).to_be_visible()
    await expect(wall.locator("html:not([data-before])")).to_be_attached()
    await expect(wall.get_by_role("img", name="Live", exact=True)).to_be_visible()
    for shown in ("#wall", "#pairing"):
        assert await wall.locator(f"{shown} :is({CHOOSABLE})").count() == 0
    assert await wall.locator(CHOOSABLE).count() == 0
    urls = [wall.url]
    wall.on("framenavigated", lambda frame: urls.append(frame.url))
    for key in KEYS:
        await wall.keyboard.press(key)
    await wall.mouse.click(960, 540)
    assert await wall.evaluate("document.activeElement === document.body")
    assert urls == [f"{browsers.url}/wall"]
    assert len(wall.context.pages) == 1


async def test_a_screen_shows_the_server_s_time_and_that_it_was_stale_after_a_sleep(
    browsers: Browsers, admin: Actor
) -> None:
    wall = await hang(browsers, admin, views=("people",), options={"timezone_id": "UTC"})
    await wall.add_init_script(WRONG_CLOCK)
    await wall.reload()
    now = clock.now()
    times = [f"{now + timedelta(minutes=n):%H:%M}" for n in range(3)]
    await expect(wall.locator("header .time")).to_have_text(re.compile("|".join(times)))
    await wall.evaluate(REMEMBER)
    await wall.evaluate("ahead += 8 * 3600 * 1000")  # nothing ran meanwhile
    await wall.wait_for_function("() => seen.length")
    assert OFFLINE.search((await wall.evaluate("seen"))[0])
    await expect(wall.locator("#offline")).to_be_hidden()
    await expect(wall.get_by_role("img", name="Live", exact=True)).to_be_visible()
