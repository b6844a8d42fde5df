"""Settings: an organisation as its own admins set it up, in sections."""

from typing import Annotated

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission, may
from services.core.errors import NotAllowedError, NotFoundError
from services.sessions import sessions
from services.sessions.sessions import Visit
from ui import notices
from ui.components.refresher import Refresher
from ui.components.section_links import SectionLinks
from ui.components.shell import Link
from ui.frame import enter, frame, text
from ui.identity import require
from ui.page import add_page
from ui.pages.settings.sections import SECTIONS, Section
from ui.paths import home_path

MayManage = Annotated[Visit, Depends(require(Permission.MANAGE_ORGANISATION))]


def register() -> None:
    """Route the pages."""
    add_page("/t/{slug}/settings")(settings_page)
    add_page("/t/{slug}/settings/{section}")(section_page)


async def settings_page(visit: MayManage) -> None:
    """Build the first section's page."""
    await _build(visit, SECTIONS[0])


async def section_page(visit: MayManage, section: str) -> None:
    """Build the page of another section."""
    found = next((one for one in SECTIONS if one.key == section and one.key), None)
    if found is None:
        raise NotFoundError("There are no such settings.")
    await _build(visit, found)


async def _build(visit: Visit, section: Section) -> None:
    if not may(visit.role, section.permission):
        raise NotAllowedError
    enter(
        visit,
        notices.settings_room(visit.actor.tenant_id),
        notices.people_room(visit.actor.tenant_id),
    )
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, f"{section.name} · Settings", current="settings") as toast:
        with ui.element("div").classes("page-head"):
            text("h1", "Settings")
        with ui.element("div").classes("settings"):
            SectionLinks("Settings", _links(visit, section))
            view = section.view(visit, toast)
            with ui.element("div").classes("settings-section"):
                await view.build()
        Refresher("rollcall_settings", view.refresh, toast)


def _links(visit: Visit, current: Section) -> list[Link]:
    base = f"{home_path(visit.tenant_slug)}/settings"
    return [
        {
            "name": section.name,
            "href": f"{base}/{section.key}" if section.key else base,
            "current": section is current,
        }
        for section in SECTIONS
        if may(visit.role, section.permission)
    ]
