"""Which outsiders see what: the customers' people of an organisation."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission
from services.sessions.sessions import Visit
from services.workspace.customers import people
from services.workspace.customers.people import CustomerRow, CustomerSwitched
from ui import notices, work_feed
from ui.components.refresher import MINUTE, Refresher
from ui.components.tabs import users_tabs
from ui.components.toast import Toast
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.page import add_page
from ui.pages.workspace.customer_table import CustomerTable
from ui.pages.workspace.parts import empty, link, status_chip
from ui.paths import home_path

MayView = Annotated[Visit, Depends(require(Permission.VIEW_USERS))]


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/customers")(customers_page)


async def customers_page(visit: MayView) -> None:
    """Build the page."""
    tenant_id = visit.actor.tenant_id
    enter(visit, work_feed.outsiders_room(tenant_id), notices.reviews_room(tenant_id))
    found = await people.list_outsiders(visit.actor)
    with frame(visit, "Customers", current="users", tabs=users_tabs(visit, "customers")) as toast:
        _CustomersScreen(visit, toast).build(found)


class _CustomersScreen:
    """The handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.pocs = f"{home_path(visit.tenant_slug)}/pocs"

    def build(self, found: Sequence[CustomerRow]) -> None:
        """Lay the page out."""
        with ui.element("div").classes("page-head"):
            text("h1", "Customers")
        text(
            "p",
            "Who from outside sees what. Nobody here is a user: links that are mailed to them show "
            "them their POC alone. The switch closes their open pages at once.",
            "muted",
        )
        with section("card customer-people"):
            self.table = CustomerTable(self.toast, switch=self._switch, where=self._where)
            self.nobody = ui.element("div")
            with self.nobody:
                empty(
                    "Nobody from outside sees anything",
                    "Sales Engineers invite a customer’s people in a POC, under People.",
                )
        self._show(found)
        Refresher("rollcall_customers", self._refresh, self.toast, every=MINUTE)

    def _show(self, found: Sequence[CustomerRow]) -> None:
        self.table.show(found)
        self.nobody.set_visibility(not found)

    async def _refresh(self) -> None:
        self._show(await people.list_outsiders(self.actor))

    def _where(self, row: CustomerRow) -> None:
        for poc in row.pocs:
            with ui.element("p").classes("small"):
                link(poc.title, f"{self.pocs}/{poc.id}/people")
                text("span", f" {poc.customer} ", "muted").props('dir="auto"')
                if poc.status.is_closed:
                    status_chip(poc.status)

    async def _switch(
        self, customer_id: UUID, active: bool, version: int | None
    ) -> CustomerSwitched:
        return await people.set_active(self.actor, customer_id, active, seen_version=version)
