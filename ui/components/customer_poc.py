"""A POC as the customer's people see it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui.events import GenericEventArguments

from ui.components.component import Component

Values = Mapping[str, Any]
ACTS = ("comment", "earlier", "done", "accept")


class CustomerPoc(
    Component,
    script="customer_poc.js",
    imports=[
        "icons.js",
        "live_socket.js",
        "table_rows.js",
        "avatar.js",
        "described.js",
        "task_marks.js",
    ],
):
    """Shows a POC to the customer, from values that contain nothing internal.

    `files` is the path under which files are read. `on_act` gets an act's name (`ACTS`) and the
    values that a browser sent.
    """

    def __init__(
        self, values: Values, *, files: str, on_act: Callable[[str, Values], Awaitable[None]]
    ) -> None:
        super().__init__()
        self._props["files"] = files
        self._on_act = on_act
        self._props["poc"] = dict(values)
        self.on("act", self._acted)

    def show(self, values: Values) -> None:
        """Show it as it is now."""
        self.run_method("show", dict(values))

    def show_earlier(self, comments: Sequence[Values], *, has_earlier: bool) -> None:
        """Show these comments, too, and whether there are still earlier ones."""
        self.run_method("showEarlier", list(comments), has_earlier)

    def posted(self) -> None:
        """Empty the field for a new comment: it is posted."""
        self.run_method("posted")

    def refused(self, why: str) -> None:
        """Say why the comment isn't posted; what was written stays."""
        self.run_method("refused", why)

    async def _acted(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        act = sent.get("act")
        if act in ACTS:
            await self._on_act(act, sent)
