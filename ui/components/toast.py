"""Short messages at the bottom of the page, with an action where there is one to offer."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Literal

from nicegui.events import GenericEventArguments

from services.core.words import with_nothing_deceiving
from ui.components.component import Component

Tone = Literal["info", "success", "error"]
Action = Callable[[], Awaitable[None] | None]

# How many actions are kept: those of the messages that can be on the screen, with room to spare.
KEPT = 8


class Toast(Component, script="toast.js", imports=["icons.js", "live_socket.js"]):
    """The page's messages; one per page."""

    def __init__(self) -> None:
        super().__init__()
        # Asks people to confirm who they are, with the sentence that says why, then runs the
        # function that it gets; the page's frame sets it.
        self.ask_proof: Callable[[Callable[[], Awaitable[None]], str], None] | None = None
        self._ids = itertools.count(1)
        self._actions: dict[int, Action] = {}
        self.on("action", self._acted)

    def show(
        self,
        message: str,
        tone: Tone = "info",
        action_label: str | None = None,
        on_action: Action | None = None,
    ) -> None:
        """Show a message: for 6 seconds, or for 10 with an action, longer under the pointer or with
        the focus. The action runs once at most."""
        toast_id = next(self._ids)
        if on_action is not None:
            self._actions[toast_id] = on_action
            for old in list(self._actions)[:-KEPT]:
                del self._actions[old]
        label = action_label if on_action is not None else None
        said = with_nothing_deceiving(message)
        self.run_method("show", {"id": toast_id, "message": said, "tone": tone, "action": label})

    async def _acted(self, event: GenericEventArguments) -> None:
        action = self._actions.pop(event.args, None) if isinstance(event.args, int) else None
        if action is None:
            return
        answer = action()
        if answer is not None:
            await answer
