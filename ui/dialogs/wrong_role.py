"""Gives somebody another account, with the role that they should have had."""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from models import Role
from services.access.permissions import DESCRIPTIONS
from services.core.form_fields import Option
from services.core.words import isolated_where_needed
from services.sessions.sessions import Visit
from services.users import invitations
from services.workspace.wrong_role import RoleForm, correct_role
from ui.components.toast import Toast
from ui.dialogs.telling import not_offered
from ui.forms.dialog import About, FormDialog, Helpers, Link, Outcome, Subject

STEPS = (
    "A role never changes, so this is done in one step:",
    "{name} is deactivated, and signed out everywhere.",
    "They are invited again with the right role; without a mail, you hand them the link.",
    "Their POCs and tasks go to the new account, if its role can have them.",
)


class WrongRoleDialog:
    """The right role, and the result."""

    def __init__(self, visit: Visit, toast: Toast, on_stale: Callable[[], Awaitable[None]]) -> None:
        self.visit = visit
        self.options: dict[str, list[Option]] = {"role": []}
        self.dialog = FormDialog(
            toast,
            "Wrong role?",
            RoleForm,
            submit="Correct the role",
            body=STEPS,
            tone="danger",
            helpers=Helpers(options=self.options, on_stale=on_stale, hidden=not_offered()),
        )

    def ask(self, user_id: UUID, role: Role, about: About) -> None:
        """Open the form about somebody who has this role."""
        self.options["role"] = [
            Option(value, label, DESCRIPTIONS[Role(value)])
            for value, label in others(self.visit, role).items()
        ]
        self.dialog.open(Subject({"tell": True}, partial(self._correct, user_id)), about=about)

    async def _correct(self, user_id: UUID, form: RoleForm) -> Outcome:
        done = await correct_role(self.visit.actor, user_id, form)
        invited = done.invited
        work = " The work is theirs there." if done.has_the_work else ""
        said = f"{isolated_where_needed(invited.name)} is invited as {form.role.label}.{work}"
        if invited.by_mail:
            return f"{said} The mail to {invited.email} is on its way."
        return Link(f"{said} Hand over this link; it works once, and for 7 days.", invited.url)


def others(visit: Visit, role: Role) -> dict[str, str]:
    """The roles that the visitor may give instead of this one."""
    offered = invitations.roles_offered(visit.role, visit.actor.tenant_id)
    return {value: label for value, label in offered.items() if value != role.value}
