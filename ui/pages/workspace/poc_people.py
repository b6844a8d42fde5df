"""Who works on a POC: the tab People."""

from functools import partial
from uuid import UUID

from nicegui import ui

from services.core.forms import Form, person
from services.core.words import isolated_where_needed
from services.sessions.sessions import Visit
from services.users import selection
from services.workspace import members
from services.workspace.listing import PocDetails
from services.workspace.pocs import RUN_POCS
from ui.actions import told
from ui.components.toast import Toast
from ui.components.work_rows import WorkRows
from ui.forms.dialog import FormDialog, Helpers, Outcome
from ui.frame import section, text
from ui.pages.workspace.parts import button
from ui.pages.workspace.poc_customers import CustomerPart
from ui.work_values import team_values


class MemberForm(Form):
    """A person who will work on a POC."""

    user_id: UUID = person("Member", among=RUN_POCS)


async def build(visit: Visit, toast: Toast, details: PocDetails) -> None:
    """Lay the tab out: the customer's people, then the team."""
    await CustomerPart(visit, toast, details).build()
    _PeopleScreen(visit, toast, details).build()


class _PeopleScreen:
    """The handlers of one open tab."""

    def __init__(self, visit: Visit, toast: Toast, details: PocDetails) -> None:
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
            self.list = WorkRows(
                team_values(self.found)["rows"],
                event="rollcall_team",
                acts=[("remove", "Remove", "")] if self.may_change else (),
                on_act=self._act,
                on_missed=told(self.toast)(self._show),
            )

    async def _show(self) -> None:
        found = await members.list_members(self.actor, self.poc_id)
        self.list.show(team_values(found)["rows"])

    async def _act(self, _act: str, user_id: UUID, _version: int, _above: UUID | None) -> None:
        await told(self.toast)(partial(self._remove, user_id))()

    async def _add(self, form: MemberForm) -> Outcome:
        name = await members.add_member(self.actor, self.poc_id, form.user_id)
        return f"{isolated_where_needed(name)} works on this POC now."

    async def _remove(self, user_id: UUID) -> None:
        found = await members.list_members(self.actor, self.poc_id)
        names = {member.person.id: member.person.name for member in found}
        await members.remove_member(self.actor, self.poc_id, user_id)
        back = told(self.toast)(partial(self._put_back, user_id))
        name = isolated_where_needed(names.get(user_id, "This person"))
        words = f"{name} doesn’t work on this POC any more."
        self.toast.show(words, "success", "Undo", back)

    async def _put_back(self, user_id: UUID) -> None:
        await members.add_member(self.actor, self.poc_id, user_id)
