"""The pictures of README and docs. `make pictures` makes them again, of the demo; the test fails
where a page no longer has the labels that its picture shows."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from math import exp
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from sqlmodel import select

from models import HereCount, Poc, PocStatus, Role, Tenant, User
from services.core import clock
from services.core.settings import Settings
from services.database import runtime
from services.database.startup import started
from services.database.transaction import insert_if_missing, reading, transaction
from services.operations.demo import create_demo
from services.screens.pairing import pair_screen
from tests.browser.admin_pages import ABOVE, INSIDE, admin_pages, set_scene
from tests.browser.browsers import ROOT, Browsers
from tests.browser.server import cookie_name, serving
from tests.browser.test_wall import CODE
from tests.factories import open_session, sign_in
from tests.replicas.people import Tab, Visitor
from tests.services.screen_calls import new_screen

DOCS = ROOT / "docs"
LABELS = Path(__file__).with_name("pictures.json")
STALE = "This page has changed since its picture was made: run `make pictures`, and look at it."
HERE = 36  # people of the demo who have Rollcall open
LATER = 10  # people who come while it is looked at
# In what order they come (positive), and some of the first ones go.
MOVES = (3, -1, 4, -1, 2, -1, 1)
AFTERNOON = 14
# They come at once; on the picture they do so in the course of half an hour.
SPREAD = """
from dataclasses import replace
from datetime import timedelta
from services.screens import moves
latest = moves.latest
def spread(tenant_id):
    return [
        replace(move, at=move.at - timedelta(minutes=0.2 * i if i < 2 else 2.2 * i + i % 3 * 0.6))
        for i, move in enumerate(latest(tenant_id))
    ]
moves.latest = spread
"""
COMMON = "\u0530"  # Latin, Greek and Cyrillic letters are below
FITTING = range(7, 24)  # letters of a name
COLOURS = 224
WIDE = {"width": 1440, "height": 900}
WALL = {"width": 1280, "height": 720}
# Labels that are the same whatever the demo's people and days are. The number of undecided people
# comes a moment after the page, so it is left out.
SHOWN = """
() => [...document.querySelectorAll(
  "nav a, nav span, .page-head .btn, .page-head summary, .toolbar label, .toolbar summary, th, " +
  ".tabs > *, dt, #wall h1, #wall h2, #wall .here-now")]
  .filter((of) => of.checkVisibility() && !of.closest(".tab-due"))
  .map((of) => of.innerText.replace(of.querySelector(".tab-due")?.innerText ?? "", ""))
  .map((text) => text.replace(/\\d+/g, "").trim().replace(/\\s+/g, " "))
  .filter(Boolean)
"""


AS_KEPT = f"(kept) => JSON.stringify(kept) === JSON.stringify(({SHOWN.strip()})())"
SETTLES = 30_000  # ms until a page that shows something else has changed; a machine may be busy


@dataclass(frozen=True)
class Demo:
    """The demo, served: its organisation, an admin, a POC with its owner, and who comes later."""

    browsers: Browsers
    tenant: Tenant
    admin: User
    owner: User
    poc: Poc
    later: Sequence[User]
    tabs: list[Tab]


@asynccontextmanager
async def _demo(chromium: Browser, data_dir: Path) -> AsyncIterator[Demo]:
    async with serving(data_dir, before=SPREAD) as server:
        settings = Settings(_env_file=None, data_dir=data_dir, public_url=server.url)
        async with started(settings):
            await create_demo()
            async with reading() as tx:
                tenant = (await tx.exec(select(Tenant))).one()
                active = (await tx.exec(select(User).where(User.active))).all()
                pocs = (await tx.exec(select(Poc).where(Poc.status == PocStatus.ACTIVE))).all()
            admin = next(user for user in active if user.role is Role.TENANT_ADMIN)
            by_id = {user.id: user for user in active}
            told = [poc for poc in pocs if _is_plain(by_id.get(poc.owner_id))]
            poc = min(told, key=lambda poc: poc.title_key)
            settled = [user for user in active if user.tenant_id and not user.invited]
            named = sorted(filter(_is_plain, settled), key=lambda user: user.name_key)
            here, later = named[: 2 * HERE : 2], named[1 : 2 * LATER : 2]
            tabs = [await _come(user, tenant, server.url) for user in here]
            browsers = Browsers(chromium, server.url)
            yield Demo(browsers, tenant, admin, by_id[poc.owner_id], poc, later, tabs)
            complaints = await browsers.close()
            await asyncio.gather(*(tab.sio.disconnect() for tab in tabs))
        assert not complaints
        runtime.use(None)


def _is_plain(user: User | None) -> bool:
    """Whether the fonts of every machine have the name's letters, and it fits."""
    return user is not None and max(user.full_name) < COMMON and len(user.full_name) in FITTING


async def _come(user: User, tenant: Tenant, url: str) -> Tab:
    """Somebody opens Rollcall, without a browser."""
    visitor = Visitor(url)
    _, token = await open_session(user)
    visitor.cookies[cookie_name(url)] = token
    return await visitor.open(f"/t/{tenant.slug}/roles")


async def _a_day_so_far(tenant: Tenant, ahead: timedelta) -> None:
    """How many were here today and a week ago, which the wall draws: a peak at ten, lunch, and an
    afternoon, where the clock is so far ahead of UTC."""
    now = clock.now()
    local = now + ahead
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) - ahead
    hours = [hour / 4 for hour in range(24, 4 * 18)]
    shape = {hour: exp(-((hour - 10) ** 2) / 3) + exp(-((hour - 14.6) ** 2) / 5) for hour in hours}
    async with transaction() as tx:
        for days, most in ((0, HERE + LATER), (7, HERE)):
            for hour, tall in shape.items():
                at = midnight + timedelta(hours=hour, days=-days)
                if at < now:
                    here = HereCount(tenant_id=tenant.id, at=at, here=round(tall * most))
                    await insert_if_missing(tx, here)


async def _users(demo: Demo) -> Page:
    path = f"/t/{demo.tenant.slug}/users"
    page = await demo.browsers.as_user(demo.admin, path, viewport=WIDE, color_scheme="light")
    await expect(page.get_by_role("row").filter(has_text="Here now").first).to_be_visible()
    return page


async def _poc(demo: Demo) -> Page:
    path = f"/t/{demo.tenant.slug}/pocs/{demo.poc.id}"
    page = await demo.browsers.as_user(demo.owner, path, viewport=WIDE, color_scheme="dark")
    await expect(page.get_by_role("button", name="+ Add Task").first).to_be_visible()
    return page


async def _wall(demo: Demo) -> Page:
    # Wherever it is afternoon now: the demo's organisation has chosen no time zone.
    ahead = AFTERNOON - clock.now().hour
    await _a_day_so_far(demo.tenant, timedelta(hours=ahead))
    there = await demo.browsers.new(viewport=WALL, timezone_id=f"Etc/GMT{-ahead:+d}")
    page = await demo.browsers.tab(there, "/wall")
    await expect(page.locator("#code")).to_have_text(CODE)
    form = new_screen(await page.locator("#code").inner_text(), views=("roll_call",), names="full")
    await pair_screen(await sign_in(demo.admin), form)
    await expect(page.get_by_role("main", name="Roll call")).to_be_visible()
    later, moved = iter(demo.later), 0
    for count in MOVES:
        if count < 0:
            await demo.tabs.pop(3 * moved).sio.disconnect()
        for user in islice(later, max(0, count)):
            async with transaction() as tx:  # who signed in before a start returns without an event
                (await tx.get_one(User, user.id)).last_sign_in_at = clock.now()
            demo.tabs.append(await _come(user, demo.tenant, demo.browsers.url))
        moved += abs(count)
        await expect(page.locator(".move").nth(moved - 1)).to_be_visible()
    return page


async def _pages(demo: Demo) -> AsyncIterator[tuple[str, Page]]:
    """Each page that has a picture, as it is open now."""
    for name, made in {"users": _users, "poc": _poc, "wall": _wall}.items():
        yield name, await made(demo)
    scene = await set_scene(demo.tenant, demo.admin, demo.owner, demo.later[-1])
    async for name, page in admin_pages(demo.browsers, scene):
        yield f"pages/{name}", page


@pytest.mark.slow
async def test_the_pictures_of_the_docs_show_what_the_pages_have(
    chromium: Browser, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    kept: dict[str, list[str]] = json.loads(LABELS.read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {}
    makes = pytestconfig.getoption("pictures")
    async with _demo(chromium, tmp_path / "data") as demo:
        async for name, page in _pages(demo):
            if not makes:  # what is read a moment after the page shows by and by
                with suppress(PlaywrightTimeoutError):
                    # Not with each frame: a look at all labels lays the page out.
                    await page.wait_for_function(
                        AS_KEPT, arg=kept.get(name), timeout=SETTLES, polling=200
                    )
            found[name] = await page.evaluate(SHOWN)
            if makes:
                _keep(name, await page.screenshot(animations="disabled"))
    if makes:
        LABELS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    differ = {name: [kept.get(name), found.get(name)] for name in {*kept, *found}}
    differ = {name: both for name, both in differ.items() if both[0] != both[1]}
    assert makes or not differ, f"{STALE} {differ}"


def test_the_guide_for_admins_shows_each_page() -> None:
    guide = (DOCS / "admins.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\]\(([a-z/-]+\.png)\)", guide))
    assert shown == {"users.png", "wall.png"} | {f"pages/{name}.png" for name in INSIDE | ABOVE}


def _keep(name: str, png: bytes) -> None:
    """Keep a picture small: a page has few colours."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS)
    picture.save(DOCS / f"{name}.png", optimize=True)
