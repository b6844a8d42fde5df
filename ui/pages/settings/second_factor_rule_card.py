"""The part of Settings that says from whom a second factor is required."""

from nicegui import ui

from services.core.errors import OwnSecondFactorMissingError
from services.sessions.sessions import Visit
from services.sign_in.forms import SecondFactorRule
from services.sign_in.policy import SignInPolicy, get_policy, require_second_factor
from ui.components.facts import fact
from ui.components.part import Part
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog
from ui.frame import section, text
from ui.paths import home_path


class SecondFactorRuleCard:
    """What is required, and the dialog that changes it."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.account = f"{home_path(visit.tenant_slug)}/account"
        self.toast = toast

    def build(self, policy: SignInPolicy) -> None:
        """Lay the card and its dialog out."""
        self.dialog = FormDialog(
            self.toast,
            "Require a second factor",
            SecondFactorRule,
            submit="Save",
            on_submit=self._save,
            body="Nobody is signed out. People without one can only set one up, from their next "
            "click on. People who come by single sign-on aren’t asked for one.",
        )
        self.part = Part(section("card card-wide"), self._fill)
        self.part.show(policy, False)

    async def refresh(self) -> None:
        """Show what is required now."""
        self.part.show(await get_policy(self.actor), False)

    def _fill(self, policy: SignInPolicy, lacks_own: bool) -> None:
        self.shown = policy
        with ui.element("div").classes("card-head"):
            text("h2", "Second factor")
            button = text("button", "Change", "btn btn-quiet").props('type="button"')
            button.props["aria-label"] = "Change of whom a second factor is required"
            button.on("click", self._open, args=[])
        text("p", "A code of an app on the phone, or a passkey, beside the password.", "muted")
        if lacks_own:
            with ui.element("p").classes("banner banner-warning").props('role="alert"'):
                text("span", "You have no second factor yourself: you would shut yourself out.")
                text("a", "Set one up in My account").props["href"] = self.account
        with ui.element("dl").classes("facts"):
            fact("Required of", policy.second_factor.label)

    def _open(self) -> None:
        self.dialog.open({"second_factor": self.shown.second_factor})

    async def _save(self, form: SecondFactorRule) -> str | None:
        try:
            await require_second_factor(self.actor, form.second_factor)
        except OwnSecondFactorMissingError:
            self.part.show(self.shown, True)
            return None
        await self.refresh()
        return "The requirement is saved."
