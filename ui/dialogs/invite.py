"""The invitation forms: one person, or several at once."""

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from models import Role
from services.access.permissions import DESCRIPTIONS
from services.core.form_fields import Option
from services.core.words import isolated_where_needed
from services.mail import outbox
from services.sessions.sessions import Visit
from services.users import invitations, selection
from services.users.imports import runs
from services.users.imports.pasted import PASTED, rows_of
from services.users.invitation_form import PastedInvitations, PersonalInvitation
from services.users.stays import UNLIMITED, get_stays
from ui.actions import go_to
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Link, Outcome
from ui.paths import home_path

NO_MAIL = (
    "No mail server is set up, so Rollcall can't send the invitation: "
    "you get a link to hand over yourself."
)
NO_MAIL_FOR_SEVERAL = (
    "No mail server is set up, so Rollcall can't send invitations: "
    "you get a link for each person to hand over yourself."
)


class InviteDialog:
    """One person's invitation: who, in which role, until when, what is said on the first day, and
    the result; `on_invited` hears whose account was made."""

    def __init__(
        self,
        visit: Visit,
        toast: Toast,
        on_invited: Callable[[UUID, Role], None] = lambda _user_id, _role: None,
    ) -> None:
        self.actor = visit.actor
        self._on_invited = on_invited
        roles = invitations.roles_offered(visit.role, visit.actor.tenant_id)
        self.hints = _hints()
        self.dialog = FormDialog(
            toast,
            "Invite user",
            PersonalInvitation,
            submit="Send Invitation",
            on_submit=self._invite,
            body=[] if outbox.is_configured() else [NO_MAIL],
            helpers=Helpers(
                check=partial(invitations.check_field, self.actor),
                options={"role": described(roles)},
                people=partial(selection.list_selectable, self.actor),
                again="Invite another",
                hints=self.hints,
            ),
        )

    async def open(self, role: Role | None = None) -> None:
        """Open the form, empty except for a suggested role and the organisation's usual stay."""
        stays = await get_stays(self.actor)
        self.hints["end_date"] = stays.hint
        if role is not None:
            self.dialog.open({"role": role, "end_date": None if role in UNLIMITED else stays.usual})
        else:
            self.dialog.open({"end_date": stays.usual})

    async def _invite(self, form: PersonalInvitation) -> Outcome:
        invited = await invitations.invite(self.actor, form)
        self._on_invited(invited.user_id, invited.role)
        name = isolated_where_needed(invited.name)
        if invited.by_mail:
            return f"{name} is invited. The mail to {invited.email} is on its way."
        said = f"{name} is invited. Hand over this link; it works once, and for 7 days."
        return Link(said, invited.url)


class InviteSeveralDialog:
    """Several people from pasted emails. The page of that run shows what becomes of each."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.base = f"{home_path(visit.tenant_slug)}/users/imports"
        roles = invitations.roles_offered(visit.role, visit.actor.tenant_id)
        self.hints = _hints()
        self.dialog = FormDialog(
            toast,
            "Invite several",
            PastedInvitations,
            submit="Send Invitations",
            on_submit=self._invite,
            body=[] if outbox.is_configured() else [NO_MAIL_FOR_SEVERAL],
            helpers=Helpers(
                options={"role": described(roles)},
                people=partial(selection.list_selectable, self.actor),
                hints=self.hints,
            ),
        )

    async def open(self) -> None:
        """Open the form, empty except for the organisation's usual stay."""
        stays = await get_stays(self.actor)
        empty = "Empty: the usual stay." if stays.usual else ""
        self.hints["end_date"] = " ".join(filter(None, (stays.hint, empty)))
        self.dialog.open({"end_date": stays.usual})

    async def _invite(self, form: PastedInvitations) -> None:
        import_id = await runs.start(self.actor, PASTED, rows_of(form))
        go_to(f"{self.base}/{import_id}")


def _hints() -> dict[str, str]:
    """What stands under fields instead of what the form declares."""
    return {} if outbox.is_configured() else {"contact_id": "Empty: whoever invites."}


def described(roles: Mapping[str, str]) -> list[Option]:
    """The roles to choose from, each with what it is for."""
    return [Option(value, label, DESCRIPTIONS[Role(value)]) for value, label in roles.items()]
