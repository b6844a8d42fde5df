"""The invitation form."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from models import Role
from services.access.permissions import DESCRIPTIONS
from services.core.form_fields import Option
from services.mail import outbox
from services.sessions.sessions import Visit
from services.users import invitations
from services.users.invitation_form import InvitationForm
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Link, Outcome

NO_MAIL = (
    "No mail server is set up, so Rollcall can't send the invitation: "
    "you get a link to hand over yourself."
)


class InviteDialog:
    """First Name, Last Name, Email, Role, and what comes of them; `on_invited` hears whose account
    was made."""

    def __init__(
        self,
        visit: Visit,
        toast: Toast,
        on_invited: Callable[[UUID, Role], None] = lambda _user_id, _role: None,
    ) -> None:
        self.actor = visit.actor
        self._on_invited = on_invited
        roles = invitations.roles_offered(visit.role, visit.actor.tenant_id)
        self.dialog = FormDialog(
            toast,
            "Invite user",
            InvitationForm,
            submit="Send Invitation",
            on_submit=self._invite,
            body=[] if outbox.is_configured() else [NO_MAIL],
            helpers=Helpers(
                check=partial(invitations.check_field, self.actor),
                options={"role": _described(roles)},
                again="Invite another",
            ),
        )

    def open(self, role: Role | None = None) -> None:
        """Open the form, empty but for a role that is suggested."""
        self.dialog.open({"role": role} if role else None)

    async def _invite(self, form: InvitationForm) -> Outcome:
        invited = await invitations.invite(self.actor, form)
        self._on_invited(invited.user_id, invited.role)
        if invited.by_mail:
            return f"{invited.name} is invited. The mail to {invited.email} is on its way."
        link = await invitations.copy_link(self.actor, invited.user_id)
        return Link(
            f"{invited.name} is invited. Hand over this link; it works once, and for 7 days.", link
        )


def _described(roles: Mapping[str, str]) -> list[Option]:
    return [Option(value, label, DESCRIPTIONS[Role(value)]) for value, label in roles.items()]
