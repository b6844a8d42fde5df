"""The switch that lets a customer's person in and shuts them out, with its question and receipt."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol
from uuid import UUID

from services.core.forms import Form
from services.core.words import count_words, isolated_where_needed
from services.sessions import presence, receipts
from services.sessions.receipts import Receipt
from services.workspace.customers.people import CustomerSwitched
from ui.actions import told
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog, Subject
from ui.own_versions import OwnVersions

Switch = Callable[[UUID, bool, int | None], Awaitable[CustomerSwitched]]


class Switchable(Protocol):
    """A customer's person, as any list shows them."""

    @property
    def id(self) -> UUID:
        """The person's id."""

    @property
    def name(self) -> str:
        """First and last name."""

    @property
    def email(self) -> str:
        """Where their links go."""

    @property
    def version(self) -> int:
        """What the reader saw of them."""


class CustomerSwitch:
    """Asks before somebody is shut out, and tells what came of it; `switch` is the service call."""

    def __init__(self, toast: Toast, switch: Switch) -> None:
        self.toast = toast
        self._switch = switch
        self._own = OwnVersions()
        self.dialog: FormDialog[Form] = FormDialog(
            toast,
            "Deactivate customer",
            Form,
            submit="Deactivate",
            tone="danger",
        )

    async def ask(self, row: Switchable) -> None:
        """Ask whether to shut a person out."""
        # Coming and going is no news to the table: each row asks for it where it is shown.
        was_here = presence.is_online(row.id)
        open_pages = "Their open pages close at once, everywhere."
        now = open_pages if was_here else "They aren’t here now."
        body = [
            f"{now} {{name}} can’t come in any more, and the links that they have stop working.",
            "What they wrote and did stays. You can activate them again at any time.",
        ]
        about = About.person(row.id, row.name, row.email)
        asked = Subject({}, partial(self._deactivate, row, was_here))
        self.dialog.open(asked, title="Deactivate {name}?", body=body, about=about)

    async def activate(self, row: Switchable) -> None:
        """Let a person in again."""
        await self._restore_access(row.id, row.version)

    async def _deactivate(self, row: Switchable, was_here: bool, _form: Form) -> None:
        done = await self._change(row.id, row.version, active=False)
        if not done.changed or done.cause is None:
            self.toast.show(f"{isolated_where_needed(done.name)} is inactive already.")
            return
        receipt = await receipts.of(done.cause) if was_here else None
        undo = told(self.toast)(partial(self._again, done))
        self.toast.show(_outcome(done, receipt), "success", "Undo", undo)

    async def _again(self, done: CustomerSwitched) -> None:
        await self._restore_access(done.customer_id, done.version)

    async def _restore_access(self, customer_id: UUID, version: int) -> None:
        done = await self._change(customer_id, version, active=True)
        name = isolated_where_needed(done.name)
        self.toast.show(f"{name} is active again. They come in with a new link.", tone="success")

    async def _change(self, customer_id: UUID, seen: int, *, active: bool) -> CustomerSwitched:
        made: list[CustomerSwitched] = []

        async def act(version: int) -> int:
            made.append(await self._switch(customer_id, active, version))
            return made[0].version

        await self._own.change(customer_id, seen, act)
        return made[0]


def _outcome(done: CustomerSwitched, receipt: Receipt | None) -> str:
    name = isolated_where_needed(done.name)
    if receipt is None or not receipt.pages:
        return f"{name} is deactivated. No page of theirs was open."
    slowest = receipt.slowest_ms
    when = f", the last one after {round(slowest)} ms" if slowest else ""
    return f"{name} is signed out of {count_words(receipt.pages, 'open page')}{when}."
