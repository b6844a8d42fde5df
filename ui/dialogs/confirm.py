"""The question before a sensitive act, if the last proof of who is asking is too old."""

from collections.abc import Awaitable, Callable

from services.access.actor import Actor
from services.sign_in import confirmation
from services.sign_in.forms import PasswordProof
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog

Act = Callable[[], Awaitable[None]]


class ConfirmDialog:
    """Asks for the password, then carries on with the act that was refused."""

    def __init__(self, actor: Actor, toast: Toast) -> None:
        self.actor = actor
        self.act: Act | None = None
        self.dialog = FormDialog(
            toast,
            "Confirm that it’s you",
            PasswordProof,
            submit="Confirm",
            on_submit=self._confirm,
        )

    def ask(self, act: Act, why: str) -> None:
        """Ask, saying why, and do this after the right answer."""
        self.act = act
        self.dialog.open(body=f"{why} Without a password, sign out and in again.")

    async def _confirm(self, form: PasswordProof) -> None:
        await confirmation.confirm_password(self.actor, form.password)
        self.dialog.close()
        act, self.act = self.act, None
        if act is not None:
            await act()
