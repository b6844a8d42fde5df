"""Screens on Settings: what each shows, where it is open, and that it may do nothing else."""

from datetime import timedelta

import pytest

from models import Tenant
from services.access.actor import Actor
from services.core import clock
from services.core.errors import NotAllowedError, NotFoundError
from services.core.settings import Settings
from services.database.runtime import Runtime
from services.database.startup import started
from services.screens import reading, screens, tabs
from services.screens.people import People
from services.screens.showing import Names, Options, ScreenView
from services.sessions import ended_sessions
from tests import books
from tests.factories import CALLER, create_admin, create_tenant, create_user, sign_in
from tests.services.calls import CALLS
from tests.services.database.test_looking import _all_rows
from tests.services.screen_calls import add_screen, set_up
from tests.services.screens.pairing_of import paired
from ui.wall import frames


@pytest.mark.walk
async def test_no_call_answers_a_screen(rollcall: Runtime, tenant: Tenant, admin: Actor) -> None:
    screen, _ = await paired(admin)
    target = await create_user(tenant, invited=True)
    # What a call is tried on is made as if by a user.
    object.__setattr__(screen, "user_id", admin.user_id)
    actions = await books.actions_of(tenant)
    answered = []
    for call in CALLS:
        try:
            await call.run(screen, target.id)  # type: ignore[arg-type]  # no user's
        except (NotAllowedError, NotFoundError):
            continue
        answered.append(call.name)
    assert answered == []
    assert await books.actions_of(tenant) == actions


async def test_a_screen_looks_at_its_own_views_and_changes_nothing(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    screen, _ = await paired(admin, views=("people",))
    before = await _all_rows()
    assert set(await reading.look(screen)) == {ScreenView.PEOPLE}
    assert await _all_rows() == before


async def test_another_tenants_screen_can_t_be_changed(
    rollcall: Runtime, other_tenant: Tenant, admin: Actor
) -> None:
    elsewhere = await add_screen(other_tenant.id)
    with pytest.raises(NotFoundError):
        await screens.change_screen(admin, elsewhere, set_up())
    with pytest.raises(NotFoundError):
        await screens.reload_screen(admin, elsewhere)
    with pytest.raises(NotFoundError):
        await screens.revoke_screen(admin, elsewhere)


async def test_a_screen_that_is_open_in_two_places_is_seen(rollcall: Runtime, admin: Actor) -> None:
    screen, _ = await paired(admin)
    assert [row.tabs for row in await screens.list_screens(admin)] == [()]
    await tabs.note_open(screen, "0" * 16, "1920×1080")
    await tabs.note_open(screen, "1" * 16, "1366×768")
    (row,) = await screens.list_screens(admin)
    assert [tab.size for tab in row.tabs] == ["1920×1080", "1366×768"]
    await tabs.note_gone(screen, "1" * 16)
    clock.shift(timedelta(minutes=2))
    await tabs.note_all([(screen.screen_id, "0" * 16)], [screen.session_id])
    clock.shift(timedelta(minutes=4))
    (row,) = await screens.list_screens(admin)
    assert [tab.size for tab in row.tabs] == ["1920×1080"]
    clock.shift(timedelta(minutes=7))  # its process is gone, and said nothing
    assert [row.tabs for row in await screens.list_screens(admin)] == [()]


async def test_a_screen_stays_paired_for_as_long_as_it_hangs(
    rollcall: Runtime, admin: Actor
) -> None:
    screen, token = await paired(admin)
    for number in range(1, 5):
        clock.shift(timedelta(days=366 * number))  # off for a year
        assert (await screens.recognise(token, CALLER)).screen_id == screen.screen_id
        await tabs.note_all([(screen.screen_id, "0" * 16)], [screen.session_id])
        assert (await screens.recognise(token, CALLER)).screen_id == screen.screen_id
    assert await ended_sessions.find([screen.session_id]) == {}


async def test_a_screen_is_paired_still_after_a_restart(settings: Settings) -> None:
    async with started(settings):
        admin = await sign_in(await create_admin(await create_tenant()))
        screen, token = await paired(admin, views=("pocs",), names="counts")
    async with started(settings):
        assert (await screens.recognise(token, CALLER)).screen_id == screen.screen_id
        kept = (await screens.find_settings([screen.screen_id]))[screen.screen_id]
        assert kept.options.words == "POCs · counts alone · dark"


async def test_what_a_screen_shows_is_changed_and_kept(rollcall: Runtime, admin: Actor) -> None:
    screen, _ = await paired(admin)
    form = set_up(name="Oslo, hall", views=("trouble", "pocs"), names="counts", theme="light")
    await screens.change_screen(admin, screen.screen_id, form)
    settings = (await screens.find_settings([screen.screen_id]))[screen.screen_id]
    assert settings.name == "Oslo, hall"
    assert settings.options.words == "POCs, Trouble · counts alone · light"


@pytest.mark.parametrize("kept", ["{}", '{"views": ["new"], "names": "nicknames"}'])
def test_what_another_version_kept_shows_no_more_than_initials(kept: str) -> None:
    options = Options.read(kept)
    assert options.views == (ScreenView.ROLL_CALL,)
    assert options.names is Names.INITIALS


async def test_only_who_manages_users_reads_the_dashboard(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    assert set((await reading.get_dashboard(admin)).views) == set(ScreenView)
    with pytest.raises(NotAllowedError):
        await reading.get_dashboard(await sign_in(await create_user(tenant)))


async def test_a_platform_admin_sees_all_organisations_together_and_no_name(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    other = await create_tenant("elsewhere")
    await create_user(tenant, first_name="Ada", last_name="Lovelace")
    await create_user(other, first_name="Grace", last_name="Hopper")
    above = await sign_in(await create_user(None))
    shown = await reading.get_platform_dashboard(above)
    people = shown.views[ScreenView.PEOPLE]
    own = (await reading.get_dashboard(admin)).views[ScreenView.PEOPLE]
    assert isinstance(people, People)
    assert isinstance(own, People)
    assert people.active == own.active + 1
    told = "".join(frames.views_frame(shown.views).values())
    assert not any(name in told for name in ("Lovelace", "Hopper", "Ada", "Grace"))
    with pytest.raises(NotAllowedError):
        await reading.get_platform_dashboard(admin)
