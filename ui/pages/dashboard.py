"""The Platform Admins' dashboard: figures of all organisations together, each a link."""

from typing import Annotated

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission
from services.screens import figures
from services.screens.figures import PlatformFigures
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.tenants.list import TENANTS
from ui import notices
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.pages.workspace.home_figures import figure_rows
from ui.pages.workspace.parts import link
from ui.tables.feed import list_room

MayView = Annotated[Visit, Depends(require(Permission.VIEW_SYSTEM))]


def register() -> None:
    """Route the page."""
    ui.page("/platform/dashboard")(dashboard_page)


async def dashboard_page(visit: MayView) -> None:
    """Build the page."""
    enter(visit, list_room(TENANTS.noun, None), notices.users_room(None))
    shown = await figures.get_platform_figures(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Dashboard", current="dashboard") as toast:
        with ui.element("div").classes("page-head"):
            text("h1", "Dashboard")
            link("Show on a screen", "/platform/tenants", "btn").props["title"] = (
                "A screen is an organisation’s: enter it, and pair one in its Settings."
            )
        part = Part(section(), _fill)
        part.show(shown)

        async def refresh() -> None:
            part.show(await figures.get_platform_figures(visit.actor))

        for event in (f"rollcall_{TENANTS.noun}", "rollcall_tallies"):
            Refresher(event, refresh, toast)


def _fill(shown: PlatformFigures) -> None:
    figure_rows(
        "/platform",
        [
            (
                "Organisations",
                [
                    (shown.organisations, "open", "tenants", ""),
                    (shown.closed, "closed", "tenants", ""),
                    (shown.screens, "screens", "tenants", ""),
                ],
            ),
            (
                "People",
                [
                    (shown.here, "here now", "tenants", ""),
                    (shown.active, "active", "tenants", ""),
                    (shown.users, "in all", "tenants", ""),
                ],
            ),
            (
                "Mail",
                [
                    (shown.mails_waiting, "waiting", "system", ""),
                    (shown.mails_failed, "failed", "system", "danger"),
                ],
            ),
        ],
    )
