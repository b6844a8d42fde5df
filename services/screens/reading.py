"""What the views show, read once for all screens that show the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from models import Screen, Tenant
from services.access.actor import Principal
from services.access.outsiders import ScreenActor
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core.db import Transaction, reading
from services.core.errors import NotFoundError
from services.screens.people import People, read_people
from services.screens.pocs import Pocs, read_pocs
from services.screens.roll_call import RollCall, read_roll_call
from services.screens.screens import zone_of
from services.screens.showing import Names, Options, ScreenView, Showing
from services.screens.troubles import Troubles, read_troubles

Shown = RollCall | People | Pocs | Troubles


@dataclass(frozen=True)
class Dashboard:
    """All views, in full, for an admin at their own desk."""

    organisation: str
    zone: str
    views: dict[ScreenView, Shown]


async def get_dashboard(principal: Principal) -> Dashboard:
    """What the admins of a tenant see of it; raises `NotFoundError` above the tenants."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        tenant = await view.get_tenant()
        showing = Showing(Names.FULL)
        views = {shown: await _read(view.tx, tenant.id, shown, showing) for shown in ScreenView}
        return Dashboard(tenant.name, zone_of(tenant), views)


async def look(screen: ScreenActor) -> dict[ScreenView, Shown]:
    """What a screen shows, and nothing more: its own views, with names as far as it may show
    them."""
    async with viewing(screen, Permission.VIEW_AS_SCREEN) as view:
        row = await view.get(Screen, screen.screen_id)
        options = Options.read(row.options)
        showing = Showing(options.names)
        return {
            shown: await _read(view.tx, row.tenant_id, shown, showing) for shown in options.views
        }


async def find_views(
    tenant_id: UUID, views: Sequence[ScreenView], names: Names
) -> dict[ScreenView, Shown]:
    """What these views show of a tenant. Needs no actor: the feed asks once for all its screens,
    whose sessions it compares by itself."""
    async with reading() as tx:
        if await tx.get(Tenant, tenant_id) is None:
            raise NotFoundError
        return {view: await _read(tx, tenant_id, view, Showing(names)) for view in views}


async def _read(tx: Transaction, tenant_id: UUID, view: ScreenView, showing: Showing) -> Shown:
    if view is ScreenView.ROLL_CALL:
        return await read_roll_call(tx, tenant_id, showing)
    if view is ScreenView.PEOPLE:
        return await read_people(tx, tenant_id, showing)
    if view is ScreenView.POCS:
        return await read_pocs(tx, tenant_id, showing)
    return await read_troubles(tx, tenant_id)
