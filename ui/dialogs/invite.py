"""The invitation form."""

from services.mail import outbox
from services.sessions.sessions import Visit
from services.users import invitations
from services.users.invitation_form import InvitationForm
from ui.actions import told
from ui.components.form_dialog import Field, FormDialog
from ui.components.toast import Toast
from ui.input import as_text

NO_MAIL = (
    "No mail server is set up, so Rollcall can't send the invitation: "
    "you get a link to hand over yourself."
)


class InviteDialog:
    """First Name, Last Name, Email, Role, and what comes of them."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.toast = toast
        roles = invitations.roles_offered(visit.role, visit.actor.tenant_id)
        self.dialog = FormDialog(
            "Invite user",
            fields=[
                Field("first_name", "First Name", "text", maxlength=200),
                Field("last_name", "Last Name", "text", maxlength=200),
                Field("email", "Email", "email", maxlength=254),
                Field("role", "Role", "select", options=tuple(roles.items())),
            ],
            submit="Send Invitation",
            on_submit=self._submit,
            on_check=self._check,
        )

    def open(self) -> None:
        """Open the empty form."""
        self.dialog.open(values={}, body=[] if outbox.is_configured() else [NO_MAIL])

    async def _check(self, field: str, value: str) -> None:
        await told(self.toast)(self._judge)(field, value)

    async def _judge(self, field: str, value: str) -> None:
        wrong, note = await invitations.check_field(self.actor, field, value)
        self.dialog.show_errors({field: wrong} if wrong else {})
        self.dialog.show_notes({field: note} if note else {})

    async def _submit(self, values: dict[str, str]) -> None:
        await told(self.toast, self.dialog)(self._invite)(values)

    async def _invite(self, values: dict[str, str]) -> None:
        form = InvitationForm(
            **{name: as_text(values, name) for name in InvitationForm.model_fields}
        )
        invited = await invitations.invite(self.actor, form)
        if invited.by_mail:
            self.dialog.close()
            self.toast.show(
                f"{invited.name} is invited. The mail to {invited.email} is on its way.",
                tone="success",
            )
            return
        link = await invitations.copy_link(self.actor, invited.user_id)
        self.dialog.show_link(
            f"{invited.name} is invited. Hand over this link; it works once, and for 7 days.", link
        )
