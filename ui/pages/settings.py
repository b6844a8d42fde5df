"""Settings: how the users of this organisation sign in."""

from typing import Annotated

from fastapi import Depends
from nicegui import ui

from models import SecondFactorPolicy
from services import sessions, sign_in_policy
from services.permissions import Permission
from services.sessions import Visit
from services.sign_in_policy import SignInPolicy
from services.sso.connections import get_connection
from ui import notices
from ui.actions import told
from ui.components.form_dialog import Field, FormDialog
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.input import as_text
from ui.pages.sso_card import SsoCard

MayManage = Annotated[Visit, Depends(require(Permission.MANAGE_SIGN_IN))]
REQUIREMENTS = {
    SecondFactorPolicy.OPTIONAL: "Of nobody",
    SecondFactorPolicy.ADMINS: "Of Tenant Admins",
    SecondFactorPolicy.EVERYONE: "Of everyone",
}


def register() -> None:
    """Route the page."""
    ui.page("/t/{slug}/settings")(settings_page)


async def settings_page(visit: MayManage) -> None:
    """Build the page."""
    enter(visit, notices.settings_room(visit.actor.tenant_id))
    policy = await sign_in_policy.get_policy(visit.actor)
    connection = await get_connection(visit.actor)
    await sessions.touch(visit.actor)
    with frame(visit, "Settings", current="settings") as toast:
        with ui.element("div").classes("page-head"):
            text("h1", "Settings")
        with ui.element("div").classes("details-grid"):
            _SecondFactorCard(visit, toast).build(policy)
            sso = SsoCard(visit, toast)
            sso.build(connection)
        Refresher("rollcall_settings", sso.refresh)


class _SecondFactorCard:
    """Of whom a second factor is required."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.toast = toast

    def build(self, policy: SignInPolicy) -> None:
        """Lay the card out."""
        self.dialog = FormDialog(
            "Require a second factor",
            fields=[
                Field(
                    "second_factor",
                    "Required",
                    "select",
                    options=tuple((key.value, words) for key, words in REQUIREMENTS.items()),
                )
            ],
            submit="Save",
            on_submit=self._save,
            body="Whoever has none is led to set one up at their next click. Nobody is signed out.",
        )
        self.policy = policy.second_factor
        with section():
            with ui.element("div").classes("card-head"):
                text("h2", "Second factor")
                text("button", "Change", "btn btn-quiet").props(
                    'type="button" aria-label="Change the second factor requirement"'
                ).on("click", self._open, args=[])
            text("p", "An authenticator app or a passkey, beside the password.", "muted")
            with ui.element("p"):
                text("span", "Required: ")
                self.shown = text("strong", REQUIREMENTS[self.policy])

    def _open(self) -> None:
        self.dialog.open(values={"second_factor": self.policy.value})

    async def _save(self, values: dict[str, str]) -> None:
        @told(self.toast, self.dialog)
        async def save() -> None:
            wanted = as_text(values, "second_factor")
            await sign_in_policy.require_second_factor(self.actor, wanted)
            self.policy = SecondFactorPolicy(wanted)
            self.shown.text = REQUIREMENTS[self.policy]
            self.dialog.close()
            self.toast.show("The requirement is saved.", tone="success")

        await save()
