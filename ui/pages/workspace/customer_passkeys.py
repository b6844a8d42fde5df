"""How a customer's person comes back without a link: their passkeys."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from nicegui import ui

from services.access.outsiders import CustomerActor
from services.core.forms import Form
from services.sign_in.second_factors.passkey_host import are_offered
from services.workspace.customers import passkeys
from services.workspace.customers.passkeys import OwnPasskey
from ui.actions import told
from ui.components.part import Part
from ui.components.passkey_button import PasskeyButton
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog, Outcome, Subject
from ui.frame import section, text
from ui.pages.workspace.parts import button
from ui.work_words import day_words


class PasskeyCard:
    """The handlers of the card. The card isn't there if browsers accept no passkeys."""

    def __init__(self, actor: CustomerActor, toast: Toast) -> None:
        self.actor = actor
        self.toast = toast

    async def build(self) -> None:
        """Lay it out."""
        if not are_offered():
            return
        with section("card customer-passkeys"):
            text("h2", "Come back without a link")
            text(
                "p",
                "A passkey on this device lets you in with your finger, your face or a PIN. Add "
                "one only to a device that is yours.",
                "muted",
            )
            self.removal = FormDialog(
                self.toast,
                "Remove the passkey {name}?",
                Form,
                submit="Remove",
                tone="danger",
                body="It lets nobody in any more. Links by email still do.",
            )
            self.list = Part(ui.element("div"), self._rows)
            self.button = PasskeyButton(
                on_ask=told(self.toast)(self._begin), on_made=told(self.toast)(self._finish)
            )
        await self._show()

    async def _show(self) -> None:
        self.list.show(tuple(await passkeys.list_own(self.actor)))

    def _rows(self, own: Sequence[OwnPasskey]) -> None:
        if not own:
            return
        with ui.element("ul").classes("customer-rows"):
            for one in own:
                with ui.element("li").props(f'data-row="{one.id}"'):
                    with ui.element("div").classes("customer-task"):
                        text("strong", one.name).props('dir="auto"')
                        added = f"Added {day_words(one.created_at.date())}"
                        text("p", added, "small muted")
                    button(
                        "Remove",
                        partial(self._ask_removal, one, added),
                        look="btn btn-quiet",
                        about=f"passkey {one.name}",
                    )

    async def _begin(self) -> None:
        self.button.make(await passkeys.begin(self.actor))

    async def _finish(self, answer: str) -> None:
        await passkeys.finish(self.actor, answer)
        await self._show()
        self.toast.show("The passkey is added. Next time you need no link.", tone="success")

    def _ask_removal(self, own: OwnPasskey, added: str) -> None:
        removed = Subject({}, partial(self._remove, own.id))
        self.removal.open(removed, about=About(str(own.id), own.name, added))

    async def _remove(self, passkey_id: UUID, _form: Form) -> Outcome:
        await passkeys.remove(self.actor, passkey_id)
        await self._show()
        return "The passkey is removed. Links let you in."
