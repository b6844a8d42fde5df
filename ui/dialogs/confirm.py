"""The question before a sensitive act, where the last proof of who is asking is too old."""

from collections.abc import Awaitable, Callable

from services.access.actor import Actor
from services.core.errors import RollcallError
from services.sign_in import confirmation
from ui.components.form_dialog import Field, FormDialog
from ui.input import as_text

Act = Callable[[], Awaitable[None]]


class ConfirmDialog:
    """Asks for the password, then carries on with the act that was refused."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.act: Act | None = None
        self.dialog = FormDialog(
            "Confirm that it’s you",
            fields=[Field("password", "Password", "password", autocomplete="current-password")],
            submit="Confirm",
            on_submit=self._confirm,
            body="This needs a recent sign-in. Without a password, sign out and in again.",
        )

    def ask(self, act: Act) -> None:
        """Ask, and do this after the right answer."""
        self.act = act
        self.dialog.open(values={})

    async def _confirm(self, values: dict[str, str]) -> None:
        try:
            await confirmation.confirm_password(self.actor, as_text(values, "password"))
        except RollcallError as error:
            self.dialog.show_errors(getattr(error, "fields", {"password": str(error)}))
            return
        self.dialog.close()
        act, self.act = self.act, None
        if act is not None:
            await act()
