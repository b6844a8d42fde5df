"""The invitation form."""

from collections.abc import Mapping
from functools import partial

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
    """First Name, Last Name, Email, Role, and what comes of them."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
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

    def open(self) -> None:
        """Open the empty form."""
        self.dialog.open()

    async def _invite(self, form: InvitationForm) -> Outcome:
        invited = await invitations.invite(self.actor, form)
        if invited.by_mail:
            return f"{invited.name} is invited. The mail to {invited.email} is on its way."
        link = await invitations.copy_link(self.actor, invited.user_id)
        return Link(
            f"{invited.name} is invited. Hand over this link; it works once, and for 7 days.", link
        )


def _described(roles: Mapping[str, str]) -> list[Option]:
    return [Option(value, label, DESCRIPTIONS[Role(value)]) for value, label in roles.items()]
