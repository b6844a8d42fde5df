"""My account: the authenticator app, from its QR code to its recovery codes."""

from collections.abc import Awaitable, Callable, Sequence

import segno
from nicegui import ui

from services import second_factors
from services.second_factors import Enrolment, SecondFactors
from services.sessions import Visit
from ui.actions import told
from ui.components.form_dialog import Field, FormDialog
from ui.components.part import Part
from ui.components.toast import Toast
from ui.frame import section, text
from ui.input import as_text
from ui.words import moment


class SecondFactorCard:
    """The card, and the handlers behind its buttons."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.toast = toast

    def build(self, factors: SecondFactors) -> None:
        """Lay the card out."""
        self.enter = FormDialog(
            "Enter the code",
            fields=[
                Field(
                    "code",
                    "Code",
                    autocomplete="one-time-code",
                    maxlength=20,
                    help="The six digits that the app shows now.",
                )
            ],
            submit="Turn on",
            on_submit=self._finish,
        )
        self.removal = FormDialog(
            "Remove the authenticator app",
            submit="Remove",
            on_submit=self._remove,
            tone="danger",
            body="Your recovery codes go with it, and your password alone lets you in.",
        )
        self.card = Part(section(), self._show)
        self._fill(factors)

    def refresh(self, factors: SecondFactors) -> None:
        """Show what a person has now, unless a secret or codes are being shown."""
        if not self.busy:
            self._fill(factors)

    def _fill(self, factors: SecondFactors) -> None:
        self.busy = False
        self.card.show(factors)

    def _show(self, factors: SecondFactors) -> None:
        text("h2", "Second factor")
        if factors.since is None:
            text("p", "A code of an app on your phone, asked for after your password.", "muted")
            self._button("Set up an authenticator app", self._begin)
            return
        text("p", f"Authenticator app, since {moment(factors.since)}.")
        codes = f"{factors.codes_left} of {second_factors.CODES} recovery codes are left."
        text("p", codes, "muted")
        with ui.element("div").classes("actions"):
            self._button("New recovery codes", self._renew)
            self._button("Remove the app", self._ask_removal, "btn btn-danger")

    def _show_secret(self, enrolment: Enrolment) -> None:
        text("h2", "Second factor")
        text("p", "Scan this with an authenticator app, then enter the code that it shows.")
        image = ui.element("img").classes("qr-code")
        image.props["src"] = segno.make(enrolment.uri).svg_data_uri(scale=4, light="white")
        image.props["alt"] = "QR code of the secret below"
        text("p", "Or type this secret into the app:", "muted")
        groups = [enrolment.secret[i : i + 4] for i in range(0, len(enrolment.secret), 4)]
        text("code", " ".join(groups), "secret")
        with ui.element("div").classes("actions"):
            self._button("Enter the code", self._ask_code, "btn btn-primary")
            self._button("Cancel", self._reload)

    def _show_codes(self, codes: Sequence[str]) -> None:
        text("h2", "Recovery codes")
        text(
            "p",
            "Each lets you in once without the app. Print them, or put them into a password "
            "manager: they are shown this once.",
        )
        with ui.element("ul").classes("recovery-codes"):
            for code in codes:
                with ui.element("li"):
                    text("code", code)
        self._button("I have kept them", self._reload, "btn btn-primary")

    def _button(
        self, label: str, handler: Callable[[], Awaitable[None]], classes: str = "btn"
    ) -> None:
        button = text("button", label, classes).props('type="button"')
        button.on("click", told(self.toast)(handler), args=[])

    async def _begin(self) -> None:
        enrolment = await second_factors.begin(self.actor)
        self.busy = True
        Part(self.card.box, self._show_secret).show(enrolment)
        self.card = Part(self.card.box, self._show)

    async def _ask_code(self) -> None:
        self.enter.open(values={})

    async def _finish(self, values: dict[str, str]) -> None:
        @told(self.toast, self.enter)
        async def finish() -> None:
            codes = await second_factors.finish(self.actor, as_text(values, "code"))
            self.enter.close()
            self._present(codes)
            self.toast.show("The second factor is on.", tone="success")

        await finish()

    async def _renew(self) -> None:
        self._present(await second_factors.renew_codes(self.actor))

    def _present(self, codes: Sequence[str]) -> None:
        self.busy = True
        Part(self.card.box, self._show_codes).show(codes)
        self.card = Part(self.card.box, self._show)

    async def _ask_removal(self) -> None:
        self.removal.open()

    async def _remove(self, _values: dict[str, str]) -> None:
        @told(self.toast, self.removal)
        async def remove() -> None:
            await second_factors.remove(self.actor)
            self.removal.close()
            self.toast.show("The authenticator app is removed.", tone="success")

        await remove()

    async def _reload(self) -> None:
        self._fill(await second_factors.get_own(self.actor))
