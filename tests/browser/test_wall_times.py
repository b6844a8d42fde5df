"""What a screen does as time passes. The test moves the page's clock: no other time passes
there."""

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page, Request, WebSocket, WebSocketRoute, expect

from services.access.actor import Actor
from services.screens.pocs import Pocs, PocShown
from services.screens.roll_call import PersonHere, RoleHere, RollCall
from services.screens.showing import Names, ScreenView
from tests.browser.browsers import Browsers
from tests.browser.waiting import eventually
from tests.browser.wall_measure import problems_of
from tests.browser.wall_scenes import ENGINEERS, TODAY, Scene, a_day, too_much
from tests.browser.wall_told import Told, told
from tests.browser.walls import hang
from tests.relay import Relay

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DWELL = 20 * SECOND
BEGINNING = 1_700_000_000  # a device's clock that is wrong by years
ROOT = "html.screen"
DRIFT = """() => ["--dx", "--dy"].map(
  (name) => parseFloat(document.body.style.getPropertyValue(name)) || 0)"""


async def _stop_the_clock(page: Page) -> None:
    """Have the page's clock stand still. It runs from its beginning until it is told to, and can't
    be put back: so it stops much later."""
    await page.clock.install(time=BEGINNING)
    await page.clock.pause_at(BEGINNING + 3600)


async def _screen(browsers: Browsers, scene: Scene, **options: Any) -> tuple[Page, Told]:
    """A screen whose clock stands still."""
    context = await browsers.new(viewport={"width": 1920, "height": 1080}, **options)
    page = await context.new_page()
    await _stop_the_clock(page)
    return page, await told(page, scene)


async def test_a_mark_comes_after_five_seconds_and_since_when_it_is_offline_after_ten(
    browsers: Browsers,
) -> None:
    page, screen = await _screen(browsers, a_day())
    screen.beat(60)
    await expect(page.locator("#wall .time")).to_have_text("14:38")
    screen.is_silent = True
    await page.clock.run_for(5 * SECOND - 1)
    await expect(page.locator(f"{ROOT}:not(.waits, .lost)")).to_be_attached()
    await page.clock.run_for(1)
    await expect(page.locator(f"{ROOT}.waits:not(.lost)")).to_be_attached()
    await expect(page.get_by_role("img", name="Waiting for the server")).to_be_visible()
    await page.clock.run_for(5 * SECOND - 1)
    await expect(page.locator(f"{ROOT}.waits:not(.lost)")).to_be_attached()
    await page.clock.run_for(1)
    words = "Offline since 14:38 What you see is from 14:38. Trying again by itself."
    await expect(page.get_by_role("alert")).to_have_text(
        re.compile(r"\s*".join(map(re.escape, words.split())))
    )
    await expect(page.locator("#wall .time")).to_be_hidden()
    assert await problems_of(page) == []
    await page.clock.fast_forward(3600 * SECOND)
    await expect(page.locator(".offline.below")).to_be_visible()
    assert await problems_of(page) == []
    screen.is_silent = False
    await page.clock.resume()
    await expect(page.locator("#offline")).to_be_hidden()
    await expect(page.get_by_role("img", name="Live", exact=True)).to_be_visible()


async def test_a_display_that_slept_says_so_at_once_and_never_shows_its_own_time(
    browsers: Browsers,
) -> None:
    page, screen = await _screen(browsers, a_day())
    screen.is_silent = True
    await page.clock.fast_forward(8 * 3600 * SECOND)  # nothing ran meanwhile
    await expect(page.get_by_role("alert")).to_contain_text("Offline since 14:37")
    screen.is_silent = False
    screen.now += 8 * 3600
    await page.clock.resume()
    await expect(page.locator("#offline")).to_be_hidden()
    await expect(page.locator("#wall .time")).to_have_text("22:37")


async def test_a_screen_that_is_lost_before_its_first_beat_says_since_when(
    browsers: Browsers,
) -> None:
    page = await (await browsers.new()).new_page()
    await _stop_the_clock(page)
    screen = Told(page, is_silent=True)
    screen.show(a_day())
    await page.route_web_socket("**/wall/socket*", screen.answer)
    await page.goto("/wall")
    await eventually(lambda: bool(screen.sockets))
    screen.greet()
    await expect(page.locator("#wall header")).to_be_attached()
    await page.clock.run_for(10 * SECOND)
    await expect(page.get_by_role("alert")).to_contain_text("Offline since 14:37")


async def test_a_network_that_is_lost_while_the_server_lives_is_told_and_comes_back(
    browsers: Browsers, admin: Actor
) -> None:
    browsers.allow("WebSocket connection to")  # it gives up those that nobody answers
    async with Relay().before(int(browsers.url.rpartition(":")[2])) as network:
        there = {"base_url": f"http://127.0.0.1:{network.port}"}
        page = await hang(browsers, admin, views=("people",), options=there)
        await _stop_the_clock(page)
        await page.reload()
        live = page.get_by_role("img", name="Live", exact=True)
        await expect(live).to_be_visible()
        sockets: list[WebSocket] = []

        def note(socket: WebSocket) -> None:
            sockets.append(socket)

        page.on("websocket", note)
        lost = page.locator(f"{ROOT}.lost")
        network.talks.clear()  # a beat that is on its way arrives still
        for _ in range(60):
            await page.clock.run_for(SECOND)
            if await lost.count():
                break
        await expect(page.get_by_role("alert")).to_contain_text(re.compile(r"since \d\d:\d\d"))
        await expect(page.get_by_role("main", name="People")).to_be_visible()
        await eventually(lambda: sockets)  # told once its request leaves the browser
        tried = len(sockets)
        network.talks.set()
        # Time passes until it tries again; then it waits for the answer for as long as it takes.
        for _ in range(60):
            if len(sockets) > tried or not await lost.count():
                break
            await page.clock.run_for(SECOND)
        await expect(page.locator("#offline")).to_be_hidden()
        await expect(live).to_be_visible()


# How many requests nobody has answered yet.
WAITING = """
window.most = 0;
let waiting = 0;
const ask = window.fetch;
window.fetch = (...given) => {
  window.most = Math.max(window.most, (waiting += 1));
  return ask(...given).finally(() => (waiting -= 1));
};
"""


async def test_a_screen_that_nobody_gives_a_code_asks_once_at_a_time(browsers: Browsers) -> None:
    page = await (await browsers.new()).new_page()
    await _stop_the_clock(page)
    await page.add_init_script(WAITING)

    def ask_for_a_code(socket: WebSocketRoute) -> None:
        if "code=shown" not in socket.url:
            socket.send('{"k": "pair"}')

    await page.route_web_socket("**/wall/socket*", ask_for_a_code)
    await page.goto("/wall")
    await expect(page.locator("#countdown")).to_have_text("A new code in 10:00")
    await page.route("**/wall/code", lambda _: None)  # no answer comes
    await page.clock.run_for(630 * SECOND)
    await expect(page.locator("#countdown")).to_have_text("A new code in 0:00")
    assert await page.evaluate("most") == 1


async def test_a_screen_asks_for_its_page_once_a_day_which_renews_its_cookie(
    browsers: Browsers,
) -> None:
    page, _screen_told = await _screen(browsers, a_day())
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - it takes no built-in
    await page.clock.fast_forward(24 * HOUR - MINUTE)
    await expect(page.locator(ROOT)).to_be_attached()
    assert [urlsplit(request.url).path for request in asked] == []
    async with page.expect_request("**/wall") as renewal:
        await page.clock.fast_forward(2 * MINUTE)
    answer = await (await renewal.value).response()
    assert answer is not None
    assert answer.ok


async def test_names_turn_page_by_page_then_view_by_view_but_for_a_new_trouble(
    browsers: Browsers,
) -> None:
    people = [PersonHere(f"{name} {n}") for n in range(3) for name in ENGINEERS]
    scene = a_day()
    shown = scene.views[ScreenView.ROLL_CALL]
    assert isinstance(shown, RollCall)
    crowd = replace(shown, roles=[RoleHere("Sales Engineer", len(people), people)])
    scene.views[ScreenView.ROLL_CALL] = crowd
    page, screen = await _screen(browsers, scene, reduced_motion="no-preference")
    turned = page.locator(".page-of")
    (pages,) = re.findall(r"^Page 1 of (\d+)$", await turned.inner_text())
    seen: list[str] = []
    for number in range(1, int(pages) + 1):
        await expect(turned).to_have_text(f"Page {number} of {pages}")
        seen += await page.locator(".names .name").all_inner_texts()
        await page.clock.fast_forward(DWELL)  # it takes this for a sleep, and is greeted again
    await expect(page.get_by_role("main", name="People")).to_be_visible()
    # A begun day counts in both: only one of those who wait expires within 3 days.
    await expect(page.get_by_text("1 expires within 3 days")).to_be_visible()
    await expect(page.get_by_text("2 days left")).to_have_count(1)
    await expect(page.get_by_text("4 days left")).to_have_count(2)
    fades = "of => getComputedStyle(of).animationName"
    assert await page.locator(".shown").evaluate(fades) == "comes"
    assert sorted(seen) == sorted(person.name for person in people)
    screen.show_view(ScreenView.TROUBLE, too_much().views[ScreenView.TROUBLE])
    await expect(page.get_by_role("main", name="Trouble")).to_be_visible()  # it jumps there, once
    await page.clock.fast_forward(DWELL)
    await expect(page.locator("#wall .in-trouble")).to_have_text("5 in trouble")


async def test_pocs_that_do_not_fit_turn_page_by_page_and_each_page_is_full(
    browsers: Browsers,
) -> None:
    scene = a_day()
    shown = scene.views[ScreenView.POCS]
    assert isinstance(shown, Pocs)
    titles = [f"Offline scanning on 400 handhelds across {n} depots" for n in range(8)]
    ending = [PocShown(title, "Bretagne Assurances Mutuelles", "ÞÆ", 77, TODAY) for title in titles]
    scene.views[ScreenView.POCS] = replace(shown, next_to_end=ending)
    page, screen = await _screen(browsers, scene)
    screen.show(scene, views=(ScreenView.POCS,), names=Names.INITIALS)
    turned = page.locator("#wall .which")
    rows = page.locator("#wall .pocs-rows b")
    await expect(turned).to_have_text("1 of 2")
    first = await rows.all_inner_texts()
    assert first == titles[: len(first)]
    await page.clock.fast_forward(DWELL)
    await expect(turned).to_have_text("2 of 2")
    assert await rows.all_inner_texts() == titles[-len(first) :]
    assert await problems_of(page) == []
    await page.clock.fast_forward(DWELL)
    await expect(turned).to_have_text("1 of 2")


async def test_who_wants_less_motion_has_no_fades_and_everything_drifts_in_steps(
    browsers: Browsers,
) -> None:
    page, _ = await _screen(browsers, a_day(), reduced_motion="reduce")
    await page.clock.fast_forward(DWELL)
    await expect(page.get_by_role("main", name="People")).to_be_visible()
    assert await page.evaluate("document.getAnimations().length") == 0
    stage = page.locator("#wall")
    assert await stage.evaluate("of => getComputedStyle(of).transitionDuration") == "0s"
    places = [await page.evaluate(DRIFT)]
    for _ in range(6):
        await page.clock.run_for(10 * SECOND)
        places.append(await page.evaluate(DRIFT))
    assert await stage.evaluate("of => getComputedStyle(of).translate") not in ("none", "0px")
    # A few pixels a minute, and never many at once.
    steps = [max(abs(a - b) for a, b in zip(*two, strict=True)) for two in pairwise(places)]
    assert max(steps) <= 3
    assert 1 <= sum(steps) <= 8
