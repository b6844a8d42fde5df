"""One user's details: facts, open sessions, mails, history, and the actions that fit."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from models import OutgoingMail
from services.access.permissions import Permission
from services.audit import reading
from services.core.errors import NotFoundError
from services.core.forms import Form
from services.core.words import isolated_where_needed
from services.lists.query import ListQuery
from services.sessions import sessions
from services.sessions.sessions import OpenSession, Visit
from services.sign_in import password_links
from services.sign_in.second_factors import totp
from services.sign_in.second_factors.totp import SecondFactors
from services.users import accounts, listing
from services.users.forms import UserNames
from services.users.listing import UserDetails
from services.workspace.impact import get_work_impact
from ui import notices, work_feed
from ui.actions import told
from ui.components.audit_log import AuditLog
from ui.components.facts import fact
from ui.components.local_text import LocalText
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.dialogs.contractor import ContractorDialog
from ui.dialogs.meanwhile import changed_meanwhile
from ui.dialogs.telling import TOLD, only_by_mail
from ui.dialogs.user_acts import (
    ACTIVATE,
    COPY_LINK,
    DEACTIVATE,
    END_DATE,
    PASSWORD,
    RESEND,
    SIGN_OUT,
    WRONG_ROLE,
    UserAct,
    UserActs,
    about,
)
from ui.forms.dialog import FormDialog
from ui.frame import enter, frame, mixed_chip, section, text
from ui.identity import require
from ui.input import as_uuid, as_version, to_do
from ui.page import add_page
from ui.pages.audit import page_values
from ui.pages.users.contact import EmailDialog, contact_facts, portrait
from ui.paths import home_path
from ui.words import (
    LATEST_SESSIONS,
    MAIL_NAMES,
    ago,
    mail_words,
    moment,
    next_step,
    passkey_marks,
)
from ui.work_words import work_words

MayView = Annotated[Visit, Depends(require(Permission.VIEW_USERS))]


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/users/{user_id}")(user_page)
    add_page("/platform/users/{user_id}")(user_page)


async def user_page(visit: MayView, user_id: str) -> None:
    """Build the page; a user of another tenant is shown as one that doesn't exist."""
    wanted = as_uuid(user_id)
    if wanted is None:
        raise NotFoundError("This user doesn't exist.")
    tenant_id = visit.actor.tenant_id
    rooms = (notices.user_room(wanted), notices.people_room(tenant_id))
    enter(visit, *rooms, work_feed.work_room(tenant_id))
    details = await listing.get_details(visit.actor, wanted)
    with frame(visit, details.row.name, current="users") as toast:
        await _UserScreen(visit, wanted, toast).build(details)


class _UserScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, user_id: UUID, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.user_id = user_id
        self.toast = toast

    async def build(self, details: UserDetails) -> None:
        """Lay the page out."""
        text("a", "← All users", "back-link").props["href"] = (
            f"{home_path(self.visit.tenant_slug)}/users"
        )
        self._build_dialogs()
        with ui.element("div").classes("details"):
            self._build_content(details)
        await self._fill(details)
        history = await reading.list_entries(self.actor, ListQuery(), subject_id=self.user_id)
        with section():
            text("h2", "History")
            self.history = AuditLog(
                **page_values(history),
                home=home_path(self.visit.tenant_slug),
                compact=True,
                on_query=self._older_history,
            )
        await self.acts.ask_named(to_do(ui.context.client), details)
        for event in ("rollcall_details", "rollcall_work"):
            Refresher(event, self._refresh, self.toast)

    def _build_dialogs(self) -> None:
        self.acts = UserActs(self.visit, self.toast)
        self.rename = FormDialog(
            self.toast, "Edit name", UserNames, submit="Save", on_submit=self._rename
        )
        self.second_factor = FormDialog(
            self.toast,
            "Reset second factor",
            Form,
            submit="Reset second factor",
            on_submit=self._reset_second_factor,
            tone="danger",
            body="Their authenticator app, passkeys and recovery codes stop working, and their "
            "password alone lets them in, until they set one up again." + only_by_mail(TOLD),
        )
        self.contractor = ContractorDialog(self.actor, self.toast, self.user_id)
        self.email = EmailDialog(self.visit, self.toast, self.user_id)

    async def _refresh(self) -> None:
        before = self.details
        await self._fill(await listing.get_details(self.actor, self.user_id))
        await self._tell_dialogs(before)

    async def _tell_dialogs(self, before: UserDetails) -> None:
        """Have an open dialog show what has changed about the user since it opened."""
        self.acts.tell(before, self.details)
        if change := changed_meanwhile(before, self.details):
            of_user = (self.rename, self.contractor.dialog, self.second_factor, self.email.dialog)
            for dialog in of_user:
                dialog.update(about(self.details), change=change)
        await self.acts.deactivation.look_again()

    def _build_content(self, details: UserDetails) -> None:
        with ui.element("div").classes("page-head"):
            self.title = Part(ui.element("div").classes("details-title"), self._title)
            with ui.element("div").classes("actions"):
                self._build_actions(details)
        with ui.element("div").classes("details-grid"):
            self.facts = Part(section(), self._facts)
            self._build_sessions()
        self.mails = Part(section(), self._mails)

    def _build_actions(self, details: UserDetails) -> None:
        """The buttons stay when what they act on changes: a person who is on one keeps the
        focus."""
        self._button("Edit name", self._open_rename)
        self.acts_shown = [
            (END_DATE, self._act("End date", END_DATE)),
            (RESEND, self._act("Resend invitation", RESEND)),
            (COPY_LINK, self._act("Copy invitation link", COPY_LINK)),
            (PASSWORD, self._act("Password link", PASSWORD)),
            (WRONG_ROLE, self._act("Wrong role?", WRONG_ROLE)),
        ]
        self._button("Contractor", self._open_contractor)
        self.reset = self._button("Reset second factor", self._open_reset)
        self.change_email = self._button("Change email", self._open_email)
        # Two, so that a click on its way does what it was meant to do, or nothing.
        self.switches = [
            (act, self._act(label, act, look))
            for label, act, look in (
                ("Deactivate", DEACTIVATE, "btn btn-danger"),
                ("Activate", ACTIVATE, "btn btn-primary"),
            )
        ]

    def _build_sessions(self) -> None:
        with section():
            with ui.element("div").classes("card-head"):
                text("h2", "Open sessions")
                self.sign_out = self._act("Sign out everywhere", SIGN_OUT)
            self.nowhere = text("p", "Not signed in anywhere.", "muted")
            self.sessions = Part(ui.element("ul").classes("session-list"), self._sessions)
            self.latest = text("p", LATEST_SESSIONS, "muted")

    async def _fill(self, details: UserDetails) -> None:
        open_sessions = await sessions.list_open(self.actor, self.user_id)
        factors = await totp.get_of(self.actor, self.user_id)
        left = await self._find_left(details)
        self.details = details
        row = details.row
        self.title.show(row.name, row.active, row.invited, row.mixed)
        for act, button in (*self.acts_shown, *self.switches):
            button.set_visibility(act.fits(self.visit, row))
        may_reset = password_links.may_make(self.visit.role, row.role)
        self.change_email.set_visibility(not details.is_self and may_reset)
        self.reset.set_visibility(factors.any and not details.is_self)
        self.facts.show(replace(details, mails=()), factors, left)
        self.sign_out.set_visibility(bool(open_sessions) and not details.is_self)
        self.nowhere.set_visibility(not open_sessions)
        self.latest.set_visibility(len(open_sessions) == sessions.MOST_LISTED)
        self.sessions.show(
            open_sessions, key=[(one.id, one.ip, ago(one.last_seen_at)) for one in open_sessions]
        )
        self.mails.show(
            details.mails, key=[(m.id, mail_words(m), m.last_answer) for m in details.mails]
        )
        self.mails.box.set_visibility(bool(details.mails))

    def _title(self, name: str, active: bool, invited: bool, mixed: str) -> None:
        text("h1", name).props('dir="auto"')
        text("span", "Active" if active else "Inactive", _status_chip(active))
        if invited and active:
            text("span", "Invited", "chip chip-accent")
        if mixed:
            mixed_chip(mixed)

    def _button(
        self, label: str, handler: Callable[[], Awaitable[None]], look: str = "btn"
    ) -> TextElement:
        button = text("button", label, look).props('type="button"')
        return button.on("click", told(self.toast)(handler), args=[])

    def _act(self, label: str, act: UserAct, look: str = "btn") -> TextElement:
        async def done() -> None:
            await self.acts.do(act, self.details)

        return self._button(label, done, look)

    async def _find_left(self, details: UserDetails) -> str:
        """The work that nobody active has since they left, in words."""
        if details.row.active or self.visit.tenant_slug is None:
            return ""
        work = await get_work_impact(self.actor, self.user_id)
        return work_words(len(work.pocs), len(work.tasks), len(work.groups))

    def _facts(self, details: UserDetails, factors: SecondFactors, left: str) -> None:
        row = details.row
        text("h2", "Account")
        with ui.element("dl").classes("facts"):
            portrait(self.visit, row.id, row.name, details.contact)
            fact("Email", row.email)
            contact_facts(details.contact)
            fact("Role", row.role.label)
            invited = f"{moment(details.created_at)}"
            fact(
                "Invited",
                f"{invited}, by {details.invited_by}" if details.invited_by else invited,
            )
            fact("First sign-in", moment(details.first_sign_in, "not yet"))
            fact("Last sign-in", ago(row.last_sign_in, "not yet"), moment(row.last_sign_in))
            if factors.since:
                fact("Second factor", f"Authenticator app, since {moment(factors.since)}")
            for passkey in factors.passkeys:
                fact("Passkey", ". ".join([passkey.name, *passkey_marks(passkey)]))
            if row.contractor:
                fact("Contractor", "Yes")
            if details.end:
                fact("End date", details.end.words)
            if details.deactivated_at:
                by = f", by {details.deactivated_by}" if details.deactivated_by else ""
                fact("Deactivated", f"{moment(details.deactivated_at)}{by}")
            base = f"{home_path(self.visit.tenant_slug)}/users"
            if details.deactivated_at and self.visit.tenant_slug:
                receipt = f"{base}/{details.row.id}/leaving"
                fact("Leaving receipt", "Open", href=receipt)
                if left:
                    fact("Without anybody active", left, href=receipt)
            if details.successor_id:
                fact(
                    "Newer account",
                    details.successor_name or "",
                    href=f"{base}/{details.successor_id}",
                )
            if details.predecessor_id:
                fact("Earlier account", "Open", href=f"{base}/{details.predecessor_id}")

    @staticmethod
    def _sessions(open_sessions: Sequence[OpenSession]) -> None:
        for session in open_sessions:
            with ui.element("li"):
                text("strong", session.device)
                text("span", session.ip or "unknown IP address", "muted")
                text("span", f"active {ago(session.last_seen_at)}", "muted")

    def _mails(self, mails: Sequence[OutgoingMail]) -> None:
        text("h2", "Mail")
        with ui.element("ul").classes("mail-list"):
            for mail in mails:
                with ui.element("li"):
                    text("strong", MAIL_NAMES[mail.template])
                    LocalText("span", mail_words(mail))
                    if mail.last_answer:
                        text("span", mail.last_answer, "muted")
                        text("span", next_step(mail), "muted")

    async def _open_rename(self) -> None:
        first, last = self.details.first_name, self.details.last_name
        self.rename.open({"first_name": first, "last_name": last}, about=about(self.details))

    async def _rename(self, form: UserNames) -> str:
        user = await accounts.rename(self.actor, self.user_id, form.first_name, form.last_name)
        return f"The name is {isolated_where_needed(user.full_name)} now."

    async def _open_contractor(self) -> None:
        self.contractor.ask(bool(self.details.row.contractor), about(self.details))

    async def _open_email(self) -> None:
        self.email.ask(about(self.details))

    async def _open_reset(self) -> None:
        self.second_factor.open(about=about(self.details))

    async def _reset_second_factor(self, _form: Form) -> str:
        await totp.reset(self.actor, self.user_id)
        return "The second factor is reset."

    async def _older_history(self, values: dict[str, object]) -> None:
        before = as_version(values.get("before"))
        page = await reading.list_entries(
            self.actor, ListQuery(), subject_id=self.user_id, before=before
        )
        self.history.show(page_values(page) | {"seq": values.get("seq") or 0, "append": True})


def _status_chip(active: bool) -> str:
    return "chip chip-active" if active else "chip chip-inactive"
