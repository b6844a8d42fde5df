"""A button that has the browser make a passkey."""

from collections.abc import Awaitable, Callable

from nicegui.events import GenericEventArguments

from ui.components.component import Component


class PasskeyButton(Component, script="passkey_button.js"):
    """It isn't shown if the browser doesn't know passkeys. `on_ask` has to call `make`; `on_made`
    gets the browser's answer as JSON."""

    def __init__(
        self, *, on_ask: Callable[[], Awaitable[None]], on_made: Callable[[str], Awaitable[None]]
    ) -> None:
        super().__init__()
        self._on_made = on_made
        self.on("ask", on_ask, args=[])
        self.on("made", self._made)

    def make(self, options: str) -> None:
        """Have the browser ask its user, and make the passkey."""
        self.run_method("make", options)

    async def _made(self, event: GenericEventArguments) -> None:
        if isinstance(event.args, str):
            await self._on_made(event.args)
