"""My account: the authenticator app, passkeys, and the recovery codes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID

import segno
from nicegui import ui

from services.core import clock
from services.core.forms import Form
from services.database import runtime
from services.sessions.sessions import Visit
from services.sign_in.forms import FirstCode, PasskeyName
from services.sign_in.second_factors import passkeys, recovery_codes, totp
from services.sign_in.second_factors.passkey_host import are_offered
from services.sign_in.second_factors.totp import Enrolment, OwnPasskey, SecondFactors
from ui.actions import told
from ui.components.local_text import LocalText
from ui.components.part import Part
from ui.components.passkey_button import PasskeyButton
from ui.components.recovery_codes import RecoveryCodes
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Subject
from ui.frame import section, text
from ui.words import ago, moment, passkey_marks

WITHOUT_PASSKEYS = "Asked for after your password: a code of an app on your phone."
WITH_PASSKEYS = (
    "Asked for after your password: a code of an app on your phone, or a passkey. A passkey also "
    "signs you in without the password."
)


ADDED = "The second factor is on."


class SecondFactorCard:
    """The card, and the handlers behind its buttons."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast

    def build(self, factors: SecondFactors) -> None:
        """Lay the card out."""
        self.enter = FormDialog(self.toast, "Enter the code", FirstCode, submit="Turn on")
        self.removal = FormDialog(
            self.toast,
            "Remove",
            Form,
            submit="Remove",
            tone="danger",
            body="If it is your last second factor, your recovery codes go with it, and your "
            "password alone lets you in.",
        )
        self.naming = FormDialog(self.toast, "Rename the passkey", PasskeyName, submit="Save")
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
        text("p", WITH_PASSKEYS if are_offered() else WITHOUT_PASSKEYS, "muted")
        if factors.any:
            with ui.element("ul").classes("session-list"):
                if factors.since is not None:
                    with ui.element("li"):
                        LocalText("strong", f"Authenticator app, since {moment(factors.since)}")
                        self._button("Remove the app", self._ask_removal, "btn btn-quiet")
                for passkey in factors.passkeys:
                    self._passkey(passkey)
            left = f"{factors.codes_left} of {recovery_codes.CODES} recovery codes are left."
            text("p", left, "muted")
        with ui.element("div").classes("actions"):
            if factors.since is None:
                self._button("Set up an authenticator app", self._begin)
            if are_offered():
                ask, made = told(self.toast)(self._begin_passkey), self._finish_passkey
                self.maker = PasskeyButton(on_ask=ask, on_made=told(self.toast)(made))
            if factors.any:
                self._button("New recovery codes", self._renew)

    def _passkey(self, passkey: OwnPasskey) -> None:
        with ui.element("li").classes("passkey-row").props(f'data-row="{passkey.id}"'):
            text("strong", passkey.name).props('dir="auto"')
            used = f"used {ago(passkey.last_used_at)}" if passkey.last_used_at else "not used yet"
            text("span", f"Passkey of {passkey.created_at:%-d %B %Y}, {used}", "muted")
            for mark in passkey_marks(passkey):
                text("p", mark, "banner banner-warning")
            with ui.element("span").classes("row-actions"):
                self._button(
                    "Rename",
                    partial(self._ask_name, passkey),
                    "btn btn-quiet",
                    f"Rename the passkey {passkey.name}",
                )
                self._button(
                    "Remove",
                    partial(self._ask_removal, passkey),
                    "btn btn-quiet",
                    f"Remove the passkey {passkey.name}",
                )

    def _show_secret(self, enrolment: Enrolment, square: str) -> None:
        text("h2", "Second factor")
        text("p", "Scan this with an authenticator app, then enter the code that it shows.")
        image = ui.element("img").classes("qr-code")
        image.props["src"] = square
        image.props["alt"] = "QR code of the secret below"
        text("p", "Or type this secret into the app:", "muted")
        groups = [enrolment.secret[i : i + 4] for i in range(0, len(enrolment.secret), 4)]
        text("code", " ".join(groups), "secret")
        with ui.element("div").classes("actions"):
            ask_code = partial(self._ask_code, enrolment.begun_at)
            self._button("Enter the code", ask_code, "btn btn-primary")
            self._button("Cancel", self._reload)

    def _show_codes(self, codes: Sequence[str]) -> None:
        text("h2", "Recovery codes")
        text(
            "p",
            "Each lets you in once without your second factor. Print them, or put them into a "
            "password manager: they are shown this once.",
        )
        host = urlsplit(runtime.current().settings.public_url).netloc
        about = f"Rollcall recovery codes of {clock.now():%-d %B %Y}"
        RecoveryCodes(codes, (about, f"{self.visit.email}, at {host}"))
        self._button("I have kept them", self._reload, "btn btn-primary")

    def _button(
        self,
        label: str,
        handler: Callable[[], Awaitable[None]],
        classes: str = "btn",
        name: str = "",
    ) -> None:
        button = text("button", label, classes).props('type="button"')
        if name:
            button.props["aria-label"] = name
        button.on("click", told(self.toast)(handler), args=[])

    async def _begin(self) -> None:
        enrolment = await totp.begin(self.actor)
        # It takes the processor for 6 ms, in which nobody else would be answered.
        square = await asyncio.to_thread(_square, enrolment.uri)
        self.busy = True
        Part(self.card.box, self._show_secret).show(enrolment, square)
        self.card = Part(self.card.box, self._show)

    async def _ask_code(self, begun_at: datetime) -> None:
        self.enter.open(Subject({}, partial(self._finish, begun_at)))

    async def _finish(self, begun_at: datetime, form: FirstCode) -> str:
        codes = await totp.finish(self.actor, form.code, begun_at=begun_at)
        await self._show_added(codes)
        return ADDED

    async def _begin_passkey(self) -> None:
        self.maker.make(await passkeys.begin(self.actor))

    async def _finish_passkey(self, answer: str) -> None:
        await self._show_added(await passkeys.finish(self.actor, answer))
        self.toast.show(ADDED, tone="success")

    async def _show_added(self, codes: Sequence[str]) -> None:
        if codes:
            self._present(codes)
        else:
            await self._reload()

    async def _renew(self) -> None:
        self._present(await totp.renew_codes(self.actor))

    def _present(self, codes: Sequence[str]) -> None:
        self.busy = True
        Part(self.card.box, self._show_codes).show(codes)
        self.card = Part(self.card.box, self._show)

    async def _ask_removal(self, passkey: OwnPasskey | None = None) -> None:
        what = f"the passkey {passkey.name}" if passkey else "the authenticator app"
        removed = Subject({}, partial(self._remove, passkey))
        self.removal.open(removed, title=f"Remove {what}")

    async def _remove(self, removing: OwnPasskey | None, _form: Form) -> str:
        if removing is None:
            await totp.remove(self.actor)
        else:
            await passkeys.remove(self.actor, removing.id)
        await self._reload()
        return f"The {'passkey' if removing else 'authenticator app'} is removed."

    async def _ask_name(self, passkey: OwnPasskey) -> None:
        self.naming.open(Subject({"name": passkey.name}, partial(self._rename, passkey.id)))

    async def _rename(self, passkey_id: UUID, form: PasskeyName) -> str:
        await passkeys.rename(self.actor, passkey_id, form.name)
        await self._reload()
        return "The passkey has its new name."

    async def _reload(self) -> None:
        self._fill(await totp.get_own(self.actor))


def _square(uri: str) -> str:
    """The QR code, as an image's address."""
    return segno.make(uri).svg_data_uri(scale=4, light="white")
