"""The customer's people of a POC: the first part of the tab People."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from nicegui import ui

from services.core.errors import ConflictError
from services.core.forms import Form
from services.core.words import isolated_where_needed
from services.mail import outbox
from services.sessions.sessions import Visit
from services.workspace import listing
from services.workspace.customers import invitations, people
from services.workspace.customers.invitations import CustomerForm, CustomerInvited
from services.workspace.customers.people import CustomerRow, CustomerSwitched
from services.workspace.listing import PocDetails
from ui.actions import told
from ui.components.part import Part
from ui.components.refresher import MINUTE, Refresher
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog, Link, Outcome, Subject
from ui.frame import section, text
from ui.pages.workspace.customer_table import CustomerTable, resend_button
from ui.pages.workspace.parts import button

NO_MAIL = (
    "No mail server is set up, so Rollcall can't send the invitation: you get a link to hand over "
    "yourself."
)
HAND_OVER = "Hand over this link; it works once, and for 7 days."
WHAT_THEY_SEE = (
    "They see this POC alone: its tasks and criteria, and the comments and resources that are "
    "shared. The switch closes their open pages at once. Completing or cancelling the POC does the "
    "same for all."
)


class CustomerPart:
    """The handlers of one open tab."""

    def __init__(self, visit: Visit, toast: Toast, details: PocDetails) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.poc_id = details.row.id
        self.customer = details.row.customer
        self.may_change = details.may_change and not details.row.archived

    async def build(self) -> None:
        """Lay it out."""
        self.invite = FormDialog(
            self.toast,
            "Invite Customer",
            CustomerForm,
            submit="Send Invitation",
            on_submit=self._invite,
            body=[] if outbox.is_configured() else [NO_MAIL],
        )
        self.removal = FormDialog(
            self.toast,
            "Remove {name} from this POC?",
            Form,
            submit="Remove",
            tone="danger",
            body="Their open pages of it close at once. What they wrote stays. To come back, they "
            "need a new invitation.",
        )
        self.new_link = FormDialog(
            self.toast,
            "A new link for {name}?",
            Form,
            submit="Make Link",
            body="No mail server is set up, so you hand it over yourself. Their earlier links end.",
        )
        with section("card customer-people"):
            with ui.element("div").classes("card-head"):
                with ui.element("div").classes("customer-head"):
                    text("h2", self.customer).props('dir="auto"')
                    self.count = Part(ui.element("span").classes("small muted"), self._count)
                if self.may_change:
                    button("Invite Customer", told(self.toast)(self._open), look="btn btn-primary")
            self.table = CustomerTable(
                self.toast,
                switch=self._switch if self.may_change else None,
                beside=self._beside if self.may_change else lambda _row: None,
            )
            text("p", WHAT_THEY_SEE, "small muted")
        await self._show()
        Refresher("rollcall_customers", self._show, self.toast, every=MINUTE)

    async def _show(self) -> None:
        found = await people.list_of_poc(self.actor, self.poc_id)
        self.count.show(tuple(found))
        self.table.show(found)

    def _count(self, found: Sequence[CustomerRow]) -> None:
        active = sum(row.active and not row.invited for row in found)
        invited = sum(row.active and row.invited for row in found)
        words = f"{active} active" + (f", {invited} invited" if invited else "")
        text("span", words if found else "nobody is invited yet")

    async def _open(self) -> None:
        details = await listing.get_details(self.actor, self.poc_id)
        if details.row.closed:
            self.toast.show("This POC is closed. Reopen it first.", tone="error")
            return
        self.invite.open({})

    async def _invite(self, form: CustomerForm) -> Outcome:
        invited = await invitations.invite(self.actor, self.poc_id, form)
        return await self._told(invited, f"{isolated_where_needed(invited.name)} is invited.")

    async def _told(self, invited: CustomerInvited, did: str) -> Outcome:
        if invited.by_mail:
            return f"{did} The mail to {invited.email} is on its way."
        url = await invitations.copy_link(self.actor, self.poc_id, invited.customer_id)
        return Link(f"{did} {HAND_OVER}", url)

    def _beside(self, row: CustomerRow) -> None:
        if row.shown:
            send = self._resend if outbox.is_configured() else self._ask_link
            resend_button(row, told(self.toast)(send))
        button("Remove", partial(self._ask_removal, row), look="btn btn-quiet", about=row.name)

    async def _resend(self, row: CustomerRow) -> None:
        sent = await invitations.resend(self.actor, self.poc_id, row.id)
        if not sent.by_mail:
            raise ConflictError("No mail server is set up.")
        self.toast.show(f"A new link to {sent.email} is on its way.", tone="success")

    async def _ask_link(self, row: CustomerRow) -> None:
        self.new_link.open(Subject({}, partial(self._hand_over, row)), about=_about(row))

    async def _hand_over(self, row: CustomerRow, _form: Form) -> Outcome:
        url = await invitations.copy_link(self.actor, self.poc_id, row.id)
        return Link(f"{isolated_where_needed(row.name)} has a new link. {HAND_OVER}", url)

    def _ask_removal(self, row: CustomerRow) -> None:
        self.removal.open(Subject({}, partial(self._remove, row)), about=_about(row))

    async def _remove(self, row: CustomerRow, _form: Form) -> Outcome:
        await invitations.remove(self.actor, self.poc_id, row.id)
        name = isolated_where_needed(row.name)
        return f"{name} doesn’t see this POC any more. What they wrote stays."

    async def _switch(
        self, customer_id: UUID, active: bool, version: int | None
    ) -> CustomerSwitched:
        return await people.set_active_of_poc(
            self.actor, self.poc_id, customer_id, active, seen_version=version
        )


def _about(row: CustomerRow) -> About:
    return About.person(row.id, row.name, row.email)
