"""The table of users, with the switch that deactivates and activates."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui.events import GenericEventArguments

from ui.tables.live_table import IMPORTS, LiveTable

OWN_HINT = "You can't deactivate yourself. Ask a Platform Admin."


class UsersTable(LiveTable, script="users_table.js", imports=IMPORTS):
    """The live table of users. A switch asks through `on_toggle` (id, active: the wanted state,
    version: of the row that was seen), and moves only when the patch arrives."""

    def on_toggle(self, handler: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        """Have this decide about what a switch asks for."""
        self._props["own_hint"] = OWN_HINT
        self._on_toggle = handler
        self.on("toggle", self._toggled)

    def offer(
        self,
        acts: Sequence[dict[str, Any]],
        handler: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        """Have these acts in the menu of each row that they fit; the handler gets {id, act}."""
        self._props["user_acts"] = tuple(acts)

        async def chosen(event: GenericEventArguments) -> None:
            if isinstance(event.args, dict):
                await handler(event.args)

        self.on("user_act", chosen)

    def pending(self, user_id: str, on: bool) -> None:
        """Show that a user's switch is being decided, or isn't any more."""
        self.run_method("pending", user_id, on)

    async def _toggled(self, event: GenericEventArguments) -> None:
        if not isinstance(event.args, dict):
            return
        try:
            await self._on_toggle(event.args)
        finally:
            self.pending(str(event.args.get("id")), False)
