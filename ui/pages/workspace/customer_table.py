"""The people of customers as a table, with the switch that lets them in and shuts them out."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from services.workspace.customers.people import CustomerRow
from ui.actions import told
from ui.components.part import Part
from ui.components.person_avatar import PersonAvatar
from ui.components.rows import Rows
from ui.components.toast import Toast
from ui.email_text import email_text
from ui.frame import mixed_chip, text
from ui.pages.workspace.customer_switch import CustomerSwitch, Switch
from ui.pages.workspace.parts import button
from ui.words import CUSTOMER_MAILS, DEAD_LINK, DEAD_LINK_CLOSED, ago

Beside = Callable[[CustomerRow], None]


class CustomerTable:
    """Shows customers' people; `switch` lets one in or shuts them out, and `beside` adds what
    else can be done about one."""

    def __init__(
        self,
        toast: Toast,
        *,
        switch: Switch | None,
        beside: Beside = lambda _row: None,
    ) -> None:
        self.toast = toast
        self._switch = CustomerSwitch(toast, switch) if switch is not None else None
        self._beside = beside
        with ui.element("div").classes("customer-table"):
            self._table = ui.element("table").classes("plain-table")
        with self._table:
            with ui.element("thead"), ui.element("tr"):
                acts = ("Actions",) if self._switch is not None else ()
                for label in ("Name", "Email", "Last here", "Status", *acts):
                    text("th", label, "acts" if label in acts else "").props('scope="col"')
            self._list = Rows(ui.element("tbody"), self._row)
        self._table.set_visibility(False)

    def show(self, rows: Sequence[CustomerRow]) -> None:
        """Show these people."""
        self._list.show(rows)
        self._table.set_visibility(bool(rows))

    def _row(self, row: CustomerRow) -> tuple[ui.element, Callable[[CustomerRow], None]]:
        line = ui.element("tr").props(f'data-row="{row.id}"')
        with line:
            with ui.element("td"):
                person = Part(ui.element("div").classes("customer-person"), _person)
            email = Part(
                ui.element("td").classes("muted").props('dir="auto" data-label="Email"'),
                email_text,
            )
            here = text("td", "").props('data-label="Last here"')
            with ui.element("td").props('data-label="Status"'):
                status = Part(ui.element("div").classes("chips"), _status)
            acts = None if self._switch is None else self._acts(row, self._switch)

        def follow(row: CustomerRow) -> None:
            # Coming and going builds nothing anew.
            still = replace(row, here=False, last_active_at=None)
            line.classes(replace="" if row.active else "is-inactive")
            person.show(still)
            email.show(row.email)
            here.set_text("now" if row.here else ago(row.last_active_at))
            status.show(still)
            if acts is not None:
                acts(row)

        return line, follow

    def _acts(self, row: CustomerRow, switch: CustomerSwitch) -> Callable[[CustomerRow], None]:
        now = row
        button: TextElement | None = None

        # Built anew when it means something else: a click on its way does what it was meant to do,
        # or nothing. It is the same one for the same person by another name.
        def build(active: bool) -> None:
            nonlocal button
            button = text("button", "", "switch").props('type="button" role="switch"')
            button.props["aria-checked"] = str(active).lower()
            act = switch.ask if active else switch.activate
            button.on("click", told(self.toast)(lambda: act(now)), args=[])

        with ui.element("td"), ui.element("div").classes("customer-actions"):
            beside = Part(ui.element("div").classes("customer-actions"), self._beside)
            control = Part(ui.element("div").classes("customer-actions"), build)

        def follow(row: CustomerRow) -> None:
            nonlocal now
            now = row
            beside.show(row, key=(row.name, row.email, row.shown, row.active))
            control.show(row.active)
            label = f"{'Deactivate' if row.active else 'Activate'} {row.name}"
            # NiceGUI sends a prop each time it is set, even to the same value.
            if button and button.props.get("aria-label") != label:
                button.props["aria-label"] = label

        return follow


def _person(row: CustomerRow) -> None:
    look = "avatar-customer" if row.active else "avatar-customer avatar-inactive"
    PersonAvatar(row.id, row.name, "", look)
    with ui.element("div"):
        text("strong", row.name).props('dir="auto"')
        if row.mixed:
            mixed_chip(row.mixed)
        if row.title:
            text("p", row.title, "small muted").props('dir="auto"')


def _status(row: CustomerRow) -> None:
    if not row.active:
        text("span", "Inactive", "chip chip-inactive")
    elif not row.invited:
        text("span", "Active", "chip chip-active")
    elif row.link_dead:
        text("span", "Invited", "chip chip-warning")
        text("span", DEAD_LINK if row.shown else DEAD_LINK_CLOSED, "small muted")
    else:
        text("span", "Invited", "chip chip-accent")
        if row.mail in CUSTOMER_MAILS:
            text("span", CUSTOMER_MAILS[row.mail], "small muted")


def resend_button(row: CustomerRow, handler: Callable[[CustomerRow], Awaitable[None]]) -> None:
    """The button that sends somebody a new link."""
    if row.active:
        button("Send a link", partial(handler, row), look="btn btn-quiet", about=f"to {row.name}")
