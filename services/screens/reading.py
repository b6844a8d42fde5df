"""What the views show, read once for all screens that show the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from models import Screen, Tenant
from services.access.actor import Principal
from services.access.outsiders import ScreenActor
from services.access.permissions import Permission
from services.audit.acting import View, viewing
from services.core.errors import NotFoundError
from services.database.transaction import Transaction, reading
from services.screens.people import People, read_people
from services.screens.pocs import Pocs, read_pocs
from services.screens.roll_call import RollCall, read_roll_call
from services.screens.scope import EVERYBODY, Scope
from services.screens.screens import chosen_zone
from services.screens.showing import Names, Options, ScreenView, Showing
from services.screens.troubles import Troubles, read_troubles

Shown = RollCall | People | Pocs | Troubles


@dataclass(frozen=True)
class Dashboard:
    """All views for an admin at their own desk, with names as far as they are shown to admins."""

    organisation: str
    zone: str
    names: Names
    views: dict[ScreenView, Shown]


async def get_dashboard(principal: Principal) -> Dashboard:
    """What the admins of a tenant see of it; raises `NotFoundError` above the tenants."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        return await find_dashboard(view, await view.get_tenant())


async def find_dashboard(view: View, tenant: Tenant) -> Dashboard:
    """The same, for a call that knows who asks."""
    views = await _read_all(view.tx, Scope.of(tenant), ScreenView, Names.FULL)
    return Dashboard(tenant.name, chosen_zone(tenant), Names.FULL, views)


async def get_platform_dashboard(principal: Principal) -> Dashboard:
    """What Platform Admins see of all organisations together: counts, and nobody's name."""
    async with viewing(principal, Permission.VIEW_SYSTEM) as view:
        views = await _read_all(view.tx, EVERYBODY, ScreenView, Names.COUNTS)
        return Dashboard("All organisations", "", Names.COUNTS, views)


async def look(screen: ScreenActor) -> dict[ScreenView, Shown]:
    """What a screen shows, and nothing more: its own views, with names as far as it may show
    them."""
    async with viewing(screen, Permission.VIEW_AS_SCREEN) as view:
        row = await view.get(Screen, screen.screen_id)
        options = Options.read(row.options)
        scope = Scope.of(await view.tx.get_one(Tenant, row.tenant_id))
        return await _read_all(view.tx, scope, options.views, options.names)


async def find_views(
    tenant_id: UUID, views: Sequence[ScreenView], names: Names
) -> dict[ScreenView, Shown]:
    """What these views show of a tenant. Needs no actor: the feed asks once for all its screens,
    and compares their sessions by itself."""
    async with reading() as tx:
        tenant = await tx.get(Tenant, tenant_id)
        if tenant is None:
            raise NotFoundError
        return await _read_all(tx, Scope.of(tenant), views, names)


async def _read_all(
    tx: Transaction, scope: Scope, views: Iterable[ScreenView], names: Names
) -> dict[ScreenView, Shown]:
    return {view: await _read(tx, scope, view, Showing(names)) for view in views}


async def _read(tx: Transaction, scope: Scope, view: ScreenView, showing: Showing) -> Shown:
    if view is ScreenView.ROLL_CALL:
        return await read_roll_call(tx, scope, showing)
    if view is ScreenView.PEOPLE:
        return await read_people(tx, scope, showing)
    if view is ScreenView.POCS:
        return await read_pocs(tx, scope, showing)
    return await read_troubles(tx, scope)
