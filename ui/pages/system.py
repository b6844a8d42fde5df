"""The System page: whether all is well, what to do if it isn't, and live figures."""

from typing import Annotated

from fastapi import Depends

from services.access.permissions import Permission
from services.sessions import sessions
from services.sessions.sessions import Visit
from ui import figures
from ui.actions import told
from ui.components.system import System
from ui.components.toast import Toast
from ui.frame import enter, frame
from ui.identity import require
from ui.page import add_page

MayView = Annotated[Visit, Depends(require(Permission.VIEW_SYSTEM))]


def register() -> None:
    """Route the page."""
    add_page("/platform/system")(system_page)


async def system_page(visit: MayView) -> None:
    """Build the page."""
    enter(visit, figures.SYSTEM_ROOM)
    await sessions.touch(visit.actor, visit.seen_at)
    figures.current().watch()
    with frame(visit, "System", current="system") as toast:
        _SystemScreen(visit, toast).build()


class _SystemScreen:
    """The handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.is_examining = False

    def build(self) -> None:
        """Lay the page out."""
        self.system = System(
            figures.current().values(), on_examine=self._examine, on_missed=self._show
        )

    async def _examine(self, name: str) -> None:
        """Make all checks, or one; asking again meanwhile changes nothing."""
        if self.is_examining:
            return
        self.is_examining = True
        try:
            await told(self.toast)(self._made)(name)
        finally:
            self.is_examining = False
            self.system.examined()

    async def _made(self, name: str) -> None:
        await figures.current().examine(self.actor, [name] if name else [])

    async def _show(self) -> None:
        figures.current().watch()
        self.system.show(figures.current().values())
