"""The question before a sensitive act, if the last proof of who is asking is too old."""

from collections.abc import Awaitable, Callable
from functools import partial

from services.access.actor import Actor
from services.sign_in import confirmation
from services.sign_in.forms import PasswordProof
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Subject

Act = Callable[[], Awaitable[None]]


class ConfirmDialog:
    """Asks for the password, then carries on with the act that was refused."""

    def __init__(self, actor: Actor, toast: Toast) -> None:
        self.actor = actor
        self.dialog = FormDialog(
            toast,
            "Confirm that it’s you",
            PasswordProof,
            submit="Confirm",
        )

    def ask(self, act: Act, why: str) -> None:
        """Ask, saying why, and do this after the right answer."""
        body = f"{why} Without a password, sign out and in again."
        self.dialog.open(Subject({}, partial(self._confirm, act)), body=body)

    async def _confirm(self, act: Act, form: PasswordProof) -> None:
        await confirmation.confirm_password(self.actor, form.password)
        self.dialog.close()
        await act()
