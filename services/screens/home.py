"""What Home shows, read in one transaction: the work of the reader, and for people who look after
the organisation its figures, its screens and the work that nobody active has."""

from dataclasses import dataclass

from services.access.actor import Principal
from services.access.permissions import Permission, may
from services.audit.acting import viewing
from services.screens.figures import Figures, find_figures
from services.screens.reading import Dashboard, find_dashboard
from services.workspace.orphans import MOST, Orphaned, find_left_work
from services.workspace.overview import Overview, find_overview


@dataclass(frozen=True)
class Managed:
    """What Home shows to people who look after the organisation."""

    figures: Figures
    dashboard: Dashboard
    left: Orphaned


@dataclass(frozen=True)
class Home:
    """What Home shows; `managed` is none for people who only work."""

    overview: Overview
    managed: Managed | None


async def get_home(principal: Principal, most_left: int = MOST) -> Home:
    """What Home shows to the reader, in the tenant in which they work; of the people who left work,
    at most this many."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        if view.user is not None and not may(view.user.role, Permission.VIEW_USERS):
            return Home(await find_overview(view), None)
        tenant = await view.get_tenant()  # first: what is late is told in its time zone
        overview = await find_overview(view)
        figures = await find_figures(view, tenant)
        dashboard = await find_dashboard(view, tenant)
        return Home(overview, Managed(figures, dashboard, await find_left_work(view, most_left)))
