"""The people of customers as a table, with the switch that lets them in and shuts them out."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from nicegui import ui

from models import MailProgress
from services.core.forms import Form
from services.sessions import presence, receipts
from services.sessions.receipts import Receipt
from services.workspace.customers.people import CustomerRow, CustomerSwitched
from ui.actions import told
from ui.components.part import Part
from ui.components.person_avatar import PersonAvatar
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog
from ui.frame import text
from ui.pages.workspace.parts import button
from ui.words import ago

Switch = Callable[[UUID, bool, int | None], Awaitable[CustomerSwitched]]
Beside = Callable[[CustomerRow], None]
MAILS = {
    MailProgress.FAILED: "The mail failed",
    MailProgress.UNKNOWN: "Unknown whether the mail arrived",
    MailProgress.WAITING: "Mail waiting",
    MailProgress.SENDING: "Mail being sent",
}


class CustomerTable:
    """Shows customers' people; `switch` lets one in or shuts them out, `beside` adds what else can
    be done about one, and `where` says what they see, unless that is one POC only."""

    def __init__(
        self,
        toast: Toast,
        *,
        switch: Switch | None,
        beside: Beside = lambda _row: None,
        where: Beside | None = None,
    ) -> None:
        self.toast = toast
        self._switch = switch
        self._beside = beside
        self._where = where
        self._asked: CustomerRow | None = None
        self.dialog: FormDialog[Form] = FormDialog(
            toast,
            "Deactivate customer",
            Form,
            submit="Deactivate",
            tone="danger",
            on_submit=self._deactivate,
        )
        self._list = Part(ui.element("div").classes("customer-table"), self._rows)

    def show(self, rows: Sequence[CustomerRow]) -> None:
        """Show these people. Changes of who is here don't build a row anew: a click on it at that
        moment would be lost."""
        self._list.show(
            tuple(replace(row, last_active_at=None) if row.here else row for row in rows)
        )

    def _rows(self, rows: Sequence[CustomerRow]) -> None:
        if not rows:
            return
        with ui.element("table").classes("plain-table"):
            with ui.element("thead"), ui.element("tr"):
                where = ("Sees",) if self._where else ()
                acts = ("Actions",) if self._switch is not None else ()
                for label in ("Name", "Email", *where, "Last here", "Status", *acts):
                    text("th", label, "acts" if label in acts else "").props('scope="col"')
            with ui.element("tbody"):
                for row in rows:
                    self._row(row)

    def _row(self, row: CustomerRow) -> None:
        with ui.element("tr").classes("" if row.active else "is-inactive"):
            with ui.element("td"), ui.element("div").classes("customer-person"):
                look = "avatar-customer" if row.active else "avatar-customer avatar-inactive"
                PersonAvatar(row.id, row.name, "", look)
                with ui.element("div"):
                    text("strong", row.name).props('dir="auto"')
                    if row.title:
                        text("p", row.title, "small muted").props('dir="auto"')
            with ui.element("td").classes("muted").props('dir="auto" data-label="Email"'):
                _email(row.email)
            if self._where:
                with ui.element("td").props('data-label="Sees"'):
                    self._where(row)
            here = "now" if row.here else ago(row.last_active_at)
            text("td", here).props('data-label="Last here"')
            with ui.element("td").props('data-label="Status"'), ui.element("div").classes("chips"):
                _status(row)
            if self._switch is not None:
                with ui.element("td"), ui.element("div").classes("customer-actions"):
                    self._beside(row)
                    self._toggle(row)

    def _toggle(self, row: CustomerRow) -> None:
        control = text("button", "", "switch").props('type="button" role="switch"')
        control.props["aria-checked"] = str(row.active).lower()
        control.props["aria-label"] = f"{'Deactivate' if row.active else 'Activate'} {row.name}"
        handler = partial(self._ask, row) if row.active else partial(self._activate, row)
        control.on("click", told(self.toast)(handler), args=[])

    async def _ask(self, row: CustomerRow) -> None:
        # Coming and going is no news to the table: each row asks for it where it is shown.
        row = self._asked = replace(row, here=presence.is_online(row.id))
        now = "Their open pages close at once, everywhere." if row.here else "They aren’t here now."
        body = [
            f"{now} {{name}} can’t come in any more, and the links that they have stop working.",
            "What they wrote and did stays. You can activate them again at any time.",
        ]
        about = About(str(row.id), row.name, row.email, "")
        self.dialog.open(title="Deactivate {name}?", body=body, about=about)

    async def _deactivate(self, _form: Form) -> None:
        row = self._asked
        if row is None or self._switch is None:
            return
        done = await self._switch(row.id, False, row.version)
        if not done.changed or done.cause is None:
            self.toast.show(f"{done.name} is inactive already.")
            return
        receipt = await receipts.of(done.cause) if row.here else None
        undo = told(self.toast)(partial(self._again, done))
        self.toast.show(_outcome(done, receipt), "success", "Undo", undo)

    async def _activate(self, row: CustomerRow) -> None:
        await self._restore_access(row.id, row.version)

    async def _again(self, done: CustomerSwitched) -> None:
        await self._restore_access(done.customer_id, done.version)

    async def _restore_access(self, customer_id: UUID, version: int) -> None:
        if self._switch is not None:
            done = await self._switch(customer_id, True, version)
            words = f"{done.name} is active again. They come in with a new link."
            self.toast.show(words, tone="success")


def _email(email: str) -> None:
    """An email that breaks before its @ where it doesn't fit on one line."""
    mailbox, _, host = email.rpartition("@")
    text("span", mailbox)
    ui.element("wbr")
    text("span", f"@{host}")


def _status(row: CustomerRow) -> None:
    if not row.active:
        text("span", "Inactive", "chip chip-inactive")
    elif not row.invited:
        text("span", "Active", "chip chip-active")
    else:
        text("span", "Invited", "chip chip-accent")
        if row.mail in MAILS:
            text("span", MAILS[row.mail], "small muted")


def _outcome(done: CustomerSwitched, receipt: Receipt | None) -> str:
    if receipt is None or not receipt.pages:
        return f"{done.name} is deactivated. No page of theirs was open."
    pages = "1 open page" if receipt.pages == 1 else f"{receipt.pages} open pages"
    slowest = receipt.slowest_ms
    when = f", the last one after {round(slowest)} ms" if slowest else ""
    return f"{done.name} is signed out of {pages}{when}."


def resend_button(row: CustomerRow, handler: Callable[[CustomerRow], Awaitable[None]]) -> None:
    """The button that sends somebody a new link."""
    if row.active:
        button("Send a link", partial(handler, row), look="btn btn-quiet", about=f"to {row.name}")
