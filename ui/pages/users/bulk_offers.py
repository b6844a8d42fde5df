"""What the Users page offers for selected users: each act begins as a draft, on a page of its
own."""

from functools import cached_property
from typing import Any

from nicegui import ui

from models import BulkKind
from services.lists.query import ListQuery
from services.sessions.sessions import Visit
from services.users.bulk import runs
from services.users.forms import TIME_HINT, EndDate, end_hint
from services.users.list import USERS
from ui.actions import told
from ui.components.toast import Toast
from ui.components.users_table import UsersTable
from ui.forms.dialog import FormDialog, Helpers
from ui.paths import home_path
from ui.tables.live_table import Handler, RowsAct, selected

OFFERED = {
    BulkKind.DEACTIVATE: "Deactivate",
    BulkKind.ACTIVATE: "Activate",
    BulkKind.RESEND: "Resend",
    BulkKind.COPY_LINKS: "Copy Links",
    BulkKind.END_DATE: "End Date",
}


class BulkActs:
    """The acts on selected users of one open page."""

    def __init__(self, visit: Visit, toast: Toast, table: UsersTable) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.table = table
        self.home = f"{home_path(visit.tenant_slug)}/users/bulk"
        self.query = ListQuery()

    @cached_property
    def end_date(self) -> FormDialog[EndDate]:
        """The form for an end date, made when somebody first wants it."""
        hints = {"end_date": end_hint("the organisation’s time zone"), "end_time": TIME_HINT}
        return FormDialog(
            self.toast,
            "End date of the selected users",
            EndDate,
            submit="Go on",
            on_submit=self._draft_end_date,
            helpers=Helpers(hints=hints),
        )

    def offer(self) -> None:
        """Put the acts into the bar of what is selected."""
        for kind, label in OFFERED.items():
            danger = kind is BulkKind.DEACTIVATE
            handler = told(self.toast)(self._choosing(kind))
            self.table.add_act(RowsAct(label, kind.value, handler, danger))

    def _choosing(self, kind: BulkKind) -> Handler:
        async def chosen(values: dict[str, Any]) -> None:
            query = selected(USERS, values)
            if kind is BulkKind.END_DATE:
                self.query = query
                self.end_date.open()
                return
            await self._draft(kind, query)

        return chosen

    async def _draft(self, kind: BulkKind, query: ListQuery, form: EndDate | None = None) -> None:
        bulk_id = await runs.draft(self.actor, kind, query, form)
        ui.navigate.to(f"{self.home}/{bulk_id}")

    async def _draft_end_date(self, form: EndDate) -> None:
        await self._draft(BulkKind.END_DATE, self.query, form)
