"""What an admin can do to one user: on the user's page, and in the menu of their row."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from models import Role
from services.access.permissions import Permission, may, may_invite
from services.core.errors import ConflictError
from services.core.forms import Form
from services.core.words import count_words, isolated_where_needed
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.sign_in import password_links
from services.users import accounts, invitations, listing
from services.users.forms import TIME_HINT, ToldEndDate, end_hint
from services.users.listing import UserDetails
from services.users.row import UserRow
from ui.components.toast import Toast
from ui.dialogs.activated import show_active
from ui.dialogs.deactivate import DeactivateDialog
from ui.dialogs.meanwhile import changed_meanwhile
from ui.dialogs.password_link import PasswordLinkDialog
from ui.dialogs.telling import not_offered
from ui.dialogs.wrong_role import WrongRoleDialog, others
from ui.forms.dialog import About, FormDialog, Helpers, Link, Subject
from ui.paths import home_path

ACTIVE = {"active": True}
INVITED = {"active": True, "invited": True}
SETTLED = {"active": True, "invited": False}
INACTIVE = {"active": False}
ANY: dict[str, bool] = {}


@dataclass(frozen=True, eq=False)
class UserAct:
    """An act: its name in a menu, the rows that have it, and the roles of those rows (those to
    which `visit`'s role may do it)."""

    name: str
    label: str
    match: Mapping[str, bool]
    may: Callable[[Visit, Role], bool]
    sign: str
    danger: bool = False
    apart: bool = False

    def fits(self, visit: Visit, row: UserRow) -> bool:
        """Whether the visitor can do it to the user of this row."""
        as_wanted = all(getattr(row, name) == value for name, value in self.match.items())
        return as_wanted and row.id != visit.user_id and self.may(visit, row.role)

    def values(self, visit: Visit) -> dict[str, Any]:
        """The act for the browser, which finds the rows that have it by itself."""
        roles = [role.value for role in Role if self.may(visit, role)]
        shown = {"name": self.name, "label": self.label, "sign": self.sign, "match": self.match}
        return {**shown, "roles": roles, "danger": self.danger, "apart": self.apart}


def _anybody(_visit: Visit, _role: Role) -> bool:
    return True


def _whose_invitation(visit: Visit, role: Role) -> bool:
    return may_invite(visit.role, role)


def _whose_password(visit: Visit, role: Role) -> bool:
    return password_links.may_make(visit.role, role)


def _with_other_roles(visit: Visit, role: Role) -> bool:
    return bool(visit.tenant_slug and others(visit, role))


RESEND = UserAct("resend", "Resend invitation", INVITED, _whose_invitation, "mail")
COPY_LINK = UserAct("copy_link", "Copy invitation link", INVITED, _whose_invitation, "link")
PASSWORD = UserAct("password_link", "Password link…", SETTLED, _whose_password, "key")
SIGN_OUT = UserAct("sign_out", "Sign out everywhere…", SETTLED, _anybody, "leave")
END_DATE = UserAct("end_date", "End date…", ANY, _anybody, "date")
WRONG_ROLE = UserAct("wrong_role", "Wrong role?…", ACTIVE, _with_other_roles, "swap", apart=True)
DEACTIVATE = UserAct("deactivate", "Deactivate…", ACTIVE, _anybody, "lock", danger=True)
ACTIVATE = UserAct("activate", "Activate", INACTIVE, _anybody, "check")
# In the order of a menu.
ACTS = (RESEND, COPY_LINK, PASSWORD, SIGN_OUT, END_DATE, WRONG_ROLE, DEACTIVATE, ACTIVATE)
# First those with a question or a form: a link may lead to these, because opening one does nothing
# by itself.
ASKING = (PASSWORD, SIGN_OUT, END_DATE, WRONG_ROLE, DEACTIVATE)


def values_of_acts(visit: Visit) -> tuple[dict[str, Any], ...]:
    """All acts in the order of a menu, for the browser."""
    return tuple(act.values(visit) for act in ACTS)


class UserActs:
    """The acts of one open page, with their dialogs. Each call says which user the act is about."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast
        self.details: UserDetails | None = None  # the user about whom a dialog was opened last
        self.deactivation = DeactivateDialog(self.actor, toast, home_path(visit.tenant_slug))
        self.password_link = PasswordLinkDialog(self.actor, toast, self.look_again)
        self.wrong_role = WrongRoleDialog(visit, toast, self.look_again)
        self.end_hints = {"end_time": TIME_HINT}
        self.end_date = FormDialog(
            toast,
            "End date",
            ToldEndDate,
            submit="Save",
            helpers=Helpers(hints=self.end_hints, on_stale=self.look_again, hidden=not_offered()),
        )
        self.signing_out = FormDialog(
            toast,
            "Sign out everywhere",
            Form,
            submit="Sign out everywhere",
            tone="danger",
            body="Every open page of theirs closes at once, on every device. They can sign in "
            "again: to shut them out, deactivate them.",
            helpers=Helpers(
                on_stale=self.look_again,
                ends_access=may(visit.role, Permission.SIGN_OUT_USERS),
            ),
        )
        self.link = FormDialog(toast, "Invitation link", Form, submit="Renew the link")
        self._doing: dict[UserAct, Callable[[UserDetails], Awaitable[None]]] = {
            RESEND: self._resend,
            COPY_LINK: self._copy_link,
            PASSWORD: self._open_password_link,
            SIGN_OUT: self._open_sign_out,
            END_DATE: self._open_end_date,
            WRONG_ROLE: self._open_wrong_role,
            DEACTIVATE: self._ask,
            ACTIVATE: self._activate,
        }

    async def do(self, act: UserAct, details: UserDetails) -> None:
        """Do it, or open its dialog."""
        self.details = details
        await self._doing[act](details)

    async def ask_named(self, name: str, details: UserDetails) -> None:
        """Open the dialog that a url names, if it fits."""
        for act in ASKING:
            if act.name == name and act.fits(self.visit, details.row):
                await self.do(act, details)

    async def do_named(self, name: str, user_id: UUID) -> None:
        """Do what was chosen in a row's menu, if it still fits the user."""
        act = next((act for act in ACTS if act.name == name), None)
        details = await listing.get_details(self.actor, user_id)
        if act is None or not act.fits(self.visit, details.row):
            name = isolated_where_needed(details.row.name)
            raise ConflictError(f"{name} has changed meanwhile. Look at the row again.")
        await self.do(act, details)

    async def activate(self, user_id: UUID, seen_version: int | None = None) -> None:
        """Let somebody sign in again."""
        change = await accounts.set_active(
            self.actor, user_id, True, seen_version=seen_version, tell=None
        )
        if change.changed:
            hint = " Send a new invitation from their details." if change.invited else ""
            show_active(self.toast, self.actor, change, hint)

    async def look_again(self) -> None:
        """Have the open dialog show what has changed about its user."""
        if self.details is not None:
            before = self.details
            self.tell(before, await listing.get_details(self.actor, before.row.id))

    def tell(self, before: UserDetails, now: UserDetails) -> None:
        """Have the open dialog say what has changed about its user since `before`."""
        change = changed_meanwhile(before, now)
        if self.details is not None and self.details.row.id == now.row.id:
            self.details = now
        for dialog in (self.end_date, self.signing_out, self.link):
            if change:
                dialog.update(about(now), change=change)
        for asking in (self.password_link.dialog, self.wrong_role.dialog):
            if change:
                asking.update(about(now), change=change)

    async def _ask(self, details: UserDetails) -> None:
        await self.deactivation.ask(details.row.id)

    async def _activate(self, details: UserDetails) -> None:
        await self.activate(details.row.id, details.row.version)

    async def _open_end_date(self, details: UserDetails) -> None:
        self.end_hints["end_date"] = end_hint(details.time_zone, details.latest_end)
        end, values = details.end, dict[str, Any](tell=details.tells)
        if end:
            values |= {"end_date": end.day, "end_time": end.at}
        asked = Subject(values, partial(self._set_end_date, details.row.id))
        self.end_date.open(asked, about=about(details))

    async def _set_end_date(self, user_id: UUID, form: ToldEndDate) -> str:
        await accounts.set_end_date(
            self.actor, user_id, form.end_date, form.end_time, tell=form.tell
        )
        end = (await listing.get_details(self.actor, user_id)).end
        return f"The account ends on {end.words}." if end else "The account has no end date."

    async def _open_password_link(self, details: UserDetails) -> None:
        self.password_link.ask(details.row.id, about(details))

    async def _open_wrong_role(self, details: UserDetails) -> None:
        self.wrong_role.ask(details.row.id, details.row.role, about(details))

    async def _resend(self, details: UserDetails) -> None:
        invited = await invitations.resend(self.actor, details.row.id)
        if not invited.by_mail:
            self._hand_over(details, invited.url)
            return
        said = f"A new invitation is on its way to {invited.email}. The old link is dead."
        self.toast.show(said, tone="success")

    async def _copy_link(self, details: UserDetails) -> None:
        self._hand_over(details, await invitations.copy_link(self.actor, details.row.id))

    def _hand_over(self, details: UserDetails, url: str) -> None:
        self.link.open(Subject({}, partial(self._renew, details.row.id)), about=about(details))
        self.link.show_link("Hand over this link; it works once, and for 7 days.", url)

    async def _renew(self, user_id: UUID, _form: Form) -> Link:
        await invitations.resend(self.actor, user_id)
        url = await invitations.copy_link(self.actor, user_id)
        return Link("This is the new link; the old one is dead.", url)

    async def _open_sign_out(self, details: UserDetails) -> None:
        asked = Subject({}, partial(self._sign_out, details.row.id))
        title = "Sign {name} out everywhere?"
        self.signing_out.open(asked, title=title, about=about(details))

    async def _sign_out(self, user_id: UUID, _form: Form) -> str:
        count = await sessions.revoke(self.actor, user_id)
        return f"Signed out of {count_words(count, 'session')}."


def about(details: UserDetails) -> About:
    """The user whom a dialog is about."""
    row = details.row
    return About.person(row.id, row.name, row.email)
