"""The service calls about shared screens."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID, uuid4

from models import Role, Screen
from services.access.actor import Actor
from services.core import clock
from services.core.errors import InvalidInputError
from services.database.transaction import transaction
from services.screens import figures, home, pairing, reading, screens
from services.screens.forms import NewScreen, ScreenSetUp
from services.screens.showing import Names, Options, ScreenView
from tests.services.call import EVERYONE, MANAGERS, Call

SHOWN = {"views": ("roll_call", "people"), "names": "initials", "dwell": "20", "theme": "dark"}


def new_screen(code: str, **others: object) -> NewScreen:
    """The form of a screen that is to be paired."""
    return NewScreen(**{"code": code, "name": "Oslo", **SHOWN, **others})


def set_up(**others: object) -> ScreenSetUp:
    """The form of a screen that is there."""
    return ScreenSetUp(**{"name": uuid4().hex, **SHOWN, **others})


async def add_screen(tenant_id: UUID | None, name: str = "Hall") -> UUID:
    """A screen put straight into the database; above the tenants an id of nothing."""
    options = Options((ScreenView.ROLL_CALL,), Names.FULL)
    if tenant_id is None:
        return uuid4()
    screen = Screen(tenant_id=tenant_id, name=name, options=options.kept(), created_at=clock.now())
    async with transaction() as tx:
        tx.add(screen)
    return screen.id


async def _pair(actor: Actor, _target: UUID) -> object:
    with suppress(InvalidInputError):  # which is told only to people who may pair
        await pairing.pair_screen(actor, new_screen("ABCD-EFGH"))
    return None


def _on_screen(name: str, run: Callable[[Actor, UUID], Awaitable[object]]) -> Call:
    async def made(actor: Actor, _target: UUID) -> object:
        return await run(actor, await add_screen(actor.tenant_id))

    return Call(f"screens.screens.{name}", MANAGERS, made, takes_id=False)


ON_SCREENS = [
    _on_screen("change_screen", lambda a, s: screens.change_screen(a, s, set_up())),
    _on_screen("reload_screen", screens.reload_screen),
    _on_screen("revoke_screen", screens.revoke_screen),
]
SCREEN_CALLS = [
    Call(
        "screens.screens.list_screens",
        MANAGERS,
        lambda a, _: screens.list_screens(a),
        takes_id=False,
    ),
    Call(
        "screens.reading.get_dashboard",
        MANAGERS,
        lambda a, _: reading.get_dashboard(a),
        takes_id=False,
    ),
    Call(
        "screens.reading.get_platform_dashboard",
        {Role.PLATFORM_ADMIN},
        lambda a, _: reading.get_platform_dashboard(a),
        takes_id=False,
    ),
    Call("screens.home.get_home", EVERYONE, lambda a, _: home.get_home(a), takes_id=False),
    Call(
        "screens.figures.get_figures",
        MANAGERS,
        lambda a, _: figures.get_figures(a),
        takes_id=False,
    ),
    Call(
        "screens.figures.get_platform_figures",
        {Role.PLATFORM_ADMIN},
        lambda a, _: figures.get_platform_figures(a),
        takes_id=False,
    ),
    Call("screens.pairing.pair_screen", MANAGERS, _pair, takes_id=False),
    *ON_SCREENS,
]
