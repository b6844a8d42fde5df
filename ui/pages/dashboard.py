"""Dashboards: what a screen on a wall would show, live, above figures that are links. A Tenant
Admin's is of their organisation; a Platform Admin's is of all of them together, without names."""

from typing import Annotated

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission
from services.core.days import today_in
from services.screens import figures, reading
from services.screens.figures import Figures, PlatformFigures
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.tenants.list import TENANTS
from ui import notices, work_feed
from ui.components.part import Part
from ui.components.refresher import MINUTE, Refresher
from ui.components.stage_box import StageBox
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.page import add_page
from ui.pages.workspace.home_figures import figure_rows, rows_of
from ui.pages.workspace.parts import link
from ui.paths import home_path
from ui.tables.feed import list_room

MayView = Annotated[Visit, Depends(require(Permission.VIEW_USERS))]
MayViewAll = Annotated[Visit, Depends(require(Permission.VIEW_SYSTEM))]


def register() -> None:
    """Route the pages."""
    add_page("/t/{slug}/dashboard")(dashboard_page)
    add_page("/platform/dashboard")(platform_dashboard_page)


async def dashboard_page(visit: MayView) -> None:
    """Build the page of one organisation."""
    tenant_id, base = visit.actor.tenant_id, home_path(visit.tenant_slug)
    enter(visit, work_feed.work_room(tenant_id), notices.users_room(tenant_id))
    shown = await reading.get_dashboard(visit.actor)
    counted = await figures.get_figures(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)

    def show_figures(now: Figures) -> None:
        figure_rows(base, rows_of(now, today_in(visit.time_zone)))

    with frame(visit, "Dashboard", current="home") as toast:
        _head(f"{base}/settings/screens")
        with section("card dash-stage"):
            box = StageBox(shown)
        part = Part(section(), show_figures)
        part.show(counted)

        async def refresh() -> None:
            box.show(await reading.get_dashboard(visit.actor))
            part.show(await figures.get_figures(visit.actor))

        Refresher("rollcall_work", refresh, toast, every=MINUTE)
        for event in ("rollcall_tallies", "rollcall_user"):
            Refresher(event, refresh, toast)


async def platform_dashboard_page(visit: MayViewAll) -> None:
    """Build the page of all organisations."""
    enter(visit, list_room(TENANTS.noun, None), notices.users_room(None))
    shown = await reading.get_platform_dashboard(visit.actor)
    counted = await figures.get_platform_figures(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Dashboard", current="dashboard") as toast:
        _head("/pair", "A screen belongs to one organisation: say which, and pair it there.")
        with section("card dash-stage"):
            box = StageBox(shown)
        part = Part(section(), _fill)
        part.show(counted)

        async def refresh() -> None:
            box.show(await reading.get_platform_dashboard(visit.actor))
            part.show(await figures.get_platform_figures(visit.actor))

        Refresher("rollcall_tallies", refresh, toast, every=MINUTE)
        Refresher(f"rollcall_{TENANTS.noun}", refresh, toast)


def _head(leads_to: str, why: str = "") -> None:
    with ui.element("div").classes("page-head"):
        text("h1", "Dashboard")
        shown = link("Show on a screen", leads_to, "btn")
        if why:
            shown.props["title"] = why


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
