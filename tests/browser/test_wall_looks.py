"""How screens look: whatever they show, in every size and theme, and offline."""

import re
from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from services.screens.pocs import Pocs, PocShown
from services.screens.roll_call import PersonHere, RoleHere, RollCall
from services.screens.showing import Dwell, Names, ScreenView
from tests.browser.browsers import Browsers
from tests.browser.wall_measure import problems_of
from tests.browser.wall_scenes import NOW, TODAY, Scene, a_day, nothing, too_much
from tests.browser.wall_told import Told, told
from tests.sizes import size

# Counts which names are measured from now on.
COUNT_NAMES = """
() => {
  const { getBoundingClientRect } = Element.prototype;
  window.measured = [];
  Element.prototype.getBoundingClientRect = function () {
    if (this.matches(".name > *")) measured.push(this.textContent);
    return getBoundingClientRect.call(this);
  };
}
"""
SIZES = {
    "1080p": (1920, 1080),
    "4K": (3840, 2160),
    "laptop": (1366, 768),
    "upright": (1080, 1920),
    "tablet": (1024, 768),
    "upright tablet": (768, 1024),
    "phone": (390, 844),
}


def few(now: int = NOW) -> Scene:
    """Seven people, of whom some have just come, and POCs whose titles don't name the customer."""
    scene = a_day(now)
    roll_call, pocs = scene.views[ScreenView.ROLL_CALL], scene.views[ScreenView.POCS]
    assert isinstance(roll_call, RollCall)
    assert isinstance(pocs, Pocs)
    people = [PersonHere(name, came=now - 5) for name in ("Aaliyah Haddad", "Alejandro Lindqvist")]
    roles = [
        RoleHere("Sales Engineer", 4, [*people, PersonHere("Aisha Novák"), PersonHere("Li Wei")]),
        RoleHere("Administrator", 2, [people[1], PersonHere("Aisha Morales")]),
        RoleHere("Tenant Admin", 1, [PersonHere("Ada Lovelace", came=now - 5)]),
    ]
    titles = ("Migration of eleven years of tickets", "Offline scanning on 400 handhelds")
    ending = [
        PocShown(title, "Bretagne Assurances Mutuelles", "Þórunn Ævarsdóttir", 77, TODAY)
        for title in titles * 4
    ]
    scene.views[ScreenView.ROLL_CALL] = replace(roll_call, here=7, roles=roles)
    scene.views[ScreenView.POCS] = replace(pocs, next_to_end=ending, due_today=0)
    return scene


# A screen's text and room grow with it, so that 4K is 1080p in finer grain, which takes four times
# as long to draw: all that could differ there is what is measured in pixels.
ALL = tuple(SIZES)
MOST = size(tuple(name for name in SIZES if name != "4K"), ALL)
SOME = ("1080p", "upright", "tablet")
SCENES = {
    "a day": (a_day, Names.FULL, MOST),
    "too much": (too_much, Names.FULL, ALL),
    "nothing": (nothing, Names.FULL, SOME),
    "few": (few, Names.FULL, SOME),
    "counts alone": (a_day, Names.COUNTS, size(SOME, ALL)),
}
# What nobody says: "0 of them today".
NOUGHTS = re.compile(r"\b(?:of|on) 0\b.*|\b0 (?:of them|expire).*")
LISTS = {
    ScreenView.PEOPLE: [".panel:nth-child(1) .rows", ".panel:nth-child(2) .rows"],
    ScreenView.POCS: [".pocs-rows", ".owners", ".week"],
    ScreenView.TROUBLE: [".order"],
}


async def _shown(screen: Told, page: Page) -> None:
    """Wait until what was told last is drawn: the minute is its."""
    minute = screen.now // 60 % 1440
    time = f"{minute // 60:02}:{minute % 60:02}"
    await expect(page.locator("#wall .time")).to_have_text(time)


@pytest.mark.stress
async def test_nothing_is_cut_off_small_or_faint(browsers: Browsers) -> None:
    # As measured, a screen that may move takes a third less processor time here.
    context = await browsers.new(reduced_motion="no-preference")
    problems, now = [], NOW
    for screen_size, (across, down) in SIZES.items():
        page = await context.new_page()
        await page.set_viewport_size({"width": across, "height": down})
        screen = await told(page, a_day())
        for name, (make, names, sizes) in SCENES.items():
            for view in ScreenView if screen_size in sizes else ():
                now += 60
                scene = make(now)
                # The one alone, so that it is shown; then among all, so that the head is full.
                for views in ((view,), tuple(ScreenView)):
                    screen.show(scene, views=views, names=names, dwell=Dwell.MINUTE)
                await _shown(screen, page)
                found = await problems_of(page, may_cut=make is too_much)
                found += NOUGHTS.findall(await page.locator("#wall").inner_text())
                problems += [f"{screen_size}, {name}, {view}: {problem}" for problem in found]
        await page.close()
    assert not problems, "\n".join(problems)


async def test_lists_show_as_many_rows_as_there_is_room_for(browsers: Browsers) -> None:
    page = await (await browsers.new()).new_page()
    screen, now, shown = await told(page, a_day()), NOW, {}
    for screen_size in ("1080p", "upright"):
        across, down = SIZES[screen_size]
        await page.set_viewport_size({"width": across, "height": down})
        for view, lists in LISTS.items():
            now += 60
            screen.show(a_day(now), views=(view,))
            await _shown(screen, page)
            rows = [await page.locator(f"#wall {of} > li").count() for of in lists]
            shown[screen_size, view.value] = rows
    assert shown == {
        ("1080p", "people"): [5, 5],
        ("1080p", "pocs"): [8, 5, 3],
        ("1080p", "trouble"): [10],
        ("upright", "people"): [5, 5],
        ("upright", "pocs"): [6, 3, 3],
        ("upright", "trouble"): [10],
    }


async def test_a_name_is_measured_again_only_in_other_columns(browsers: Browsers) -> None:
    page = await (await browsers.new(viewport={"width": 1920, "height": 1080})).new_page()
    screen = await told(page, too_much(), views=(ScreenView.ROLL_CALL,))
    await page.evaluate(COUNT_NAMES)
    screen.show(too_much(NOW + 60), views=(ScreenView.ROLL_CALL,))
    await _shown(screen, page)
    assert await page.evaluate("measured") == []
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.wait_for_function("() => measured.length")
