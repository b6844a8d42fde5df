"""My account: who I am here, my open sessions, my password."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission
from services.core.forms import Form
from services.core.words import count_words
from services.database import runtime
from services.sessions import sessions
from services.sessions.sessions import OpenSession, Visit
from services.sign_in import password_change
from services.sign_in.forms import PasswordChange
from services.sign_in.second_factors import totp
from services.sign_in.second_factors.totp import SecondFactors
from services.users.profile import Profile, get_profile
from ui import notices
from ui.actions import told
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.rows import Rows
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.page import add_page
from ui.pages.account.mail_card import MailCard
from ui.pages.account.profile_card import ProfileCard
from ui.pages.account.second_factor_card import SecondFactorCard
from ui.paths import home_path
from ui.words import LATEST_SESSIONS, ago, moment

MayView = Annotated[Visit, Depends(require(Permission.USE_OWN_ACCOUNT))]


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/account")(account_page)
    add_page("/platform/account")(account_page)


async def account_page(visit: MayView) -> None:
    """Build the page."""
    enter(visit, notices.account_room(visit.user_id))
    open_sessions = await sessions.list_open(visit.actor, visit.user_id)
    factors = await totp.get_own(visit.actor)
    profile = await get_profile(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "My account", current="account") as toast:
        _AccountScreen(visit, toast).build(open_sessions, factors, profile)


class _AccountScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast

    def build(
        self, open_sessions: Sequence[OpenSession], factors: SecondFactors, profile: Profile
    ) -> None:
        """Lay the page out."""
        least = runtime.current().settings.password_min_length
        self.password = FormDialog(
            self.toast,
            "Change password",
            PasswordChange,
            submit="Change password",
            on_submit=self._change_password,
            helpers=Helpers(
                strength=partial(password_change.judge_new_password, self.actor),
                hints={"new": f"{least} characters or more. A sentence is fine."},
            ),
        )
        self.signing_out = FormDialog(
            self.toast,
            "Sign out everywhere else?",
            Form,
            submit="Sign out everywhere else",
            on_submit=self._sign_out_elsewhere,
            tone="danger",
            body="Your pages in other browsers and on other devices close at once. This browser "
            "stays signed in.",
        )
        with ui.element("div").classes("page-head"):
            text("h1", "My account")
            text("button", "Change password", "btn").props('type="button"').on(
                "click", self._open_password, args=[]
            )
        if self.visit.lacks_second_factor:
            self.rule = Part(
                ui.element("div").classes("banner-box").props('role="status"'), self._tell_rule
            )
            self.rule.show(False)
        with ui.element("div").classes("details-grid"):
            with ui.element("div").classes("details"):
                self.profile = ProfileCard(self.visit, self.toast)
                self.profile.build(profile)
                self.mail = MailCard(self.actor, self.toast)
                self.mail.build(profile)
                self._build_sessions()
            self.second_factor = SecondFactorCard(self.visit, self.toast)
            self.second_factor.build(factors)
        self._fill(open_sessions)
        Refresher("rollcall_details", self._refresh, self.toast)

    def _tell_rule(self, followed: bool) -> None:
        if not followed:
            text(
                "p",
                "Your organisation requires a second factor. Set one up here to go on.",
                "banner banner-warning",
            )
            return
        with ui.element("p").classes("banner banner-success"):
            text("span", "You have a second factor now. Keep the recovery codes.")
            text("a", "Continue").props["href"] = home_path(self.visit.tenant_slug)

    async def _refresh(self) -> None:
        self._fill(await sessions.list_open(self.actor, self.visit.user_id))
        factors = await totp.get_own(self.actor)
        self.second_factor.refresh(factors)
        await self.profile.refresh()
        self.mail.show(self.profile.shown)
        if self.visit.lacks_second_factor:
            self.rule.show(factors.any)

    def _build_sessions(self) -> None:
        """Lay the list out; its button stays while sessions come and go, so that no click on it is
        lost."""
        with section():
            with ui.element("div").classes("card-head"):
                text("h2", "Open sessions")
                self.elsewhere = text("button", "Sign out everywhere else", "btn btn-quiet")
                self.elsewhere.props('type="button"').on("click", self.signing_out.open, args=[])
            self.sessions = Rows(ui.element("ul").classes("session-list"), self._session)
            self.latest = text("p", LATEST_SESSIONS, "muted")

    def _fill(self, open_sessions: Sequence[OpenSession]) -> None:
        self.elsewhere.set_visibility(len(open_sessions) > 1)
        self.sessions.show(open_sessions)
        self.latest.set_visibility(len(open_sessions) == sessions.MOST_LISTED)

    def _session(self, session: OpenSession) -> tuple[ui.element, Callable[[OpenSession], None]]:
        line = ui.element("li").props(f'data-row="{session.id}"')
        with line:
            text("strong", session.device)
            ip, since = text("span", "", "muted"), text("span", "", "muted")
            since.props["title"] = f"Signed in {moment(session.created_at)}"
            if session.current:
                text("span", "This browser", "chip chip-accent")
            else:
                self._button("Sign out", session.id, f"Sign out {session.device}")

        def follow(session: OpenSession) -> None:
            ip.set_text(session.ip or "unknown IP address")
            since.set_text(f"active {ago(session.last_seen_at)}")

        return line, follow

    def _button(self, label: str, session_id: UUID, name: str) -> None:
        button = text("button", label, "btn btn-quiet").props('type="button"')
        button.props["aria-label"] = name
        button.on("click", told(self.toast)(partial(self._revoke, session_id)), args=[])

    async def _revoke(self, session_id: UUID) -> None:
        self.toast.show(await self._end(session_id), tone="success")

    async def _sign_out_elsewhere(self, _form: Form) -> str:
        return await self._end(None)

    async def _end(self, session_id: UUID | None) -> str:
        count = await sessions.revoke(self.actor, self.visit.user_id, session_id)
        return f"Signed out of {count_words(count, 'session')}."

    def _open_password(self) -> None:
        self.password.open()

    async def _change_password(self, form: PasswordChange) -> str:
        ended = await password_change.change_password(self.actor, form.current, form.new)
        others = f" {count_words(ended, 'other session')} ended." if ended else ""
        return f"Your password is changed.{others}"
