"""Who works on a POC: the tab People."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from nicegui import ui

from services.core.forms import Form, person
from services.sessions.sessions import Visit
from services.users import selection
from services.workspace import members
from services.workspace.listing import PocDetails
from services.workspace.members import Member
from services.workspace.pocs import RUN_POCS
from ui.actions import told
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome
from ui.frame import section, text
from ui.pages.workspace.parts import button, person_name
from ui.pages.workspace.poc_customers import CustomerPart
from ui.words import ago
from ui.work_words import count_words


class MemberForm(Form):
    """Who is to work on a POC."""

    user_id: UUID = person("Member", among=RUN_POCS)


async def build(visit: Visit, toast: Toast, details: PocDetails) -> None:
    """Lay the tab out: the customer's people, then the team."""
    customers = CustomerPart(visit, toast, details)
    await customers.build()
    _PeopleScreen(visit, toast, details, customers).build()


class _PeopleScreen:
    """The handlers of one open tab."""

    def __init__(
        self, visit: Visit, toast: Toast, details: PocDetails, customers: CustomerPart
    ) -> None:
        self.customers = customers
        self.actor = visit.actor
        self.toast = toast
        self.poc_id = details.row.id
        self.found = details.members
        self.may_change = details.may_change and not details.row.archived

    def build(self) -> None:
        """Lay the tab out."""
        self.add = FormDialog(
            self.toast,
            "Add member",
            MemberForm,
            submit="Add Member",
            on_submit=self._add,
            helpers=Helpers(people=partial(selection.list_selectable, self.actor)),
        )
        with section():
            with ui.element("div").classes("card-head"):
                text("h2", "Team")
                if self.may_change:
                    button("+ Add Member", partial(self.add.open, {}))
            self.list = Part(ui.element("ul").classes("session-list"), self._rows)
        self.list.show(self.found)
        for event in ("rollcall_poc", "rollcall_people"):
            Refresher(event, self._refresh, self.toast)

    async def _refresh(self) -> None:
        self.list.show(await members.list_members(self.actor, self.poc_id))
        await self.customers.refresh()

    def _rows(self, found: Sequence[Member]) -> None:
        for member in found:
            with ui.element("li"):
                person_name(member.person)
                if member.is_owner:
                    text("span", "Owner", "chip chip-accent")
                text("span", member.email, "muted small").props('dir="auto"')
                tasks = count_words(member.open_tasks, "open task")
                text("span", f"{tasks}, here since {ago(member.since)}", "muted small")
                if self.may_change and not member.is_owner:
                    remove = told(self.toast)(partial(self._remove, member))
                    button("Remove", remove, look="btn btn-quiet", about=member.person.name)

    async def _add(self, form: MemberForm) -> Outcome:
        await members.add_member(self.actor, self.poc_id, form.user_id)
        return "Added."

    async def _remove(self, member: Member) -> None:
        await members.remove_member(self.actor, self.poc_id, member.person.id)
        back = told(self.toast)(partial(self._put_back, member))
        name = member.person.name
        self.toast.show(f"{name} doesn’t work on this POC any more.", "success", "Undo", back)

    async def _put_back(self, member: Member) -> None:
        await members.add_member(self.actor, self.poc_id, member.person.id)
