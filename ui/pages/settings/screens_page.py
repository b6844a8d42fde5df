"""The page of the organisation's screens."""

from typing import Annotated

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission
from services.sessions import sessions
from services.sessions.sessions import Visit
from ui import notices
from ui.components.refresher import Refresher
from ui.frame import enter, frame, text
from ui.identity import require
from ui.pages.settings.screens import ScreensSection

MayManage = Annotated[Visit, Depends(require(Permission.MANAGE_SCREENS))]


def register() -> None:
    """Route the page."""
    ui.page("/t/{slug}/settings/screens")(screens_page)


async def screens_page(visit: MayManage) -> None:
    """Build the page."""
    enter(visit, notices.settings_room(visit.actor.tenant_id))
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Screens · Settings", current="settings") as toast:
        with ui.element("div").classes("page-head"):
            text("h1", "Settings")
        shown = ScreensSection(visit, toast)
        await shown.build()
        Refresher("rollcall_settings", shown.refresh, toast)
