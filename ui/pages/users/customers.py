"""Which outsiders see what: the customers' people of an organisation."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response

from services.access.permissions import Permission
from services.core.errors import NotFoundError
from services.lists.query import from_url
from services.sessions.sessions import Visit
from services.workspace.customers import listing, people
from services.workspace.customers.list import OUTSIDERS, OutsiderRow
from ui import notices
from ui.actions import told
from ui.components.customers_table import CustomersTable
from ui.components.tabs import users_tabs
from ui.components.toast import Toast
from ui.frame import enter, frame, text
from ui.identity import require
from ui.page import add_file, add_page
from ui.pages.bulk_offers import BulkActs, bulk_item
from ui.pages.workspace.customer_switch import CustomerSwitch
from ui.paths import home_path
from ui.tables.feed import list_room
from ui.tables.live_table import Opening, export_response, opened
from ui.words import CUSTOMER_MAILS

MayView = Annotated[Visit, Depends(require(Permission.VIEW_USERS))]
ABOUT = (
    "Who from outside sees what. Nobody here is a user: links that are mailed to them show them "
    "their POC alone. The switch closes their open pages at once."
)


def register() -> None:
    """Route the page and its export."""
    add_page("/t/{slug}/customers")(customers_page)
    add_file("/t/{slug}/customers.csv")(export)


async def customers_page(visit: MayView) -> None:
    """Build the page."""
    tenant_id = visit.actor.tenant_id
    enter(visit, list_room(OUTSIDERS.noun, tenant_id), notices.reviews_room(tenant_id))
    opening = await opened(visit, OUTSIDERS, listing.open_outsiders, listing.list_outsiders)
    with frame(visit, "Customers", current="users", tabs=users_tabs(visit, "customers")) as toast:
        _CustomersScreen(visit, toast).build(opening)


class _CustomersScreen:
    """The handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.switch = CustomerSwitch(toast, self._set_active)
        self.toast = toast

    def build(self, opening: Opening) -> None:
        """Lay the page out."""
        base = home_path(self.visit.tenant_slug)
        table = CustomersTable(
            self.visit,
            opening,
            title="Customers",
            head=bulk_item(self.visit, OUTSIDERS),
            export_url=f"{base}/customers.csv",
            empty_hint="Sales Engineers invite a customer’s people in a POC, under People.",
        )
        table.set_up(pocs_url=f"{base}/pocs", mail_words=CUSTOMER_MAILS)
        text("p", ABOUT, "muted small")
        table.on_row_act("deactivate", told(self.toast)(self._ask))
        table.on_row_act("activate", told(self.toast)(self._activate))
        BulkActs(self.visit, self.toast, table, OUTSIDERS).offer()

    async def _ask(self, customer_id: UUID) -> None:
        await self.switch.ask(await self._find(customer_id))

    async def _activate(self, customer_id: UUID) -> None:
        await self.switch.activate(await self._find(customer_id))

    async def _find(self, customer_id: UUID) -> OutsiderRow:
        query = from_url(OUTSIDERS, {"ids": str(customer_id)})
        found = await listing.list_outsiders(self.actor, query)
        if not found.rows:
            raise NotFoundError("They aren’t on any POC any more.")
        return found.rows[0]

    async def _set_active(
        self, customer_id: UUID, active: bool, version: int | None
    ) -> people.CustomerSwitched:
        return await people.set_active(self.actor, customer_id, active, seen_version=version)


async def export(request: Request, visit: MayView) -> Response:
    """The people that the url's query finds, as a CSV file."""
    export_outsiders = partial(listing.export_outsiders, visit.actor)
    name = f"customers-{visit.tenant_slug}"
    return await export_response(request, OUTSIDERS, export_outsiders, name)
