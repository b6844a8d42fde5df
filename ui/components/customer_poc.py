"""A POC as the customer's people see it."""

from collections.abc import Awaitable, Callable, Sequence

from ui.components.component import Component
from ui.components.composing import SCRIPTS, Composing, Values

ACTS = ("post", "earlier", "done", "accept")


class CustomerPoc(
    Composing,
    Component,
    script="customer_poc.js",
    imports=[
        "icons.js",
        "kept_focus.js",
        *SCRIPTS,
        "table_rows.js",
        "written.js",
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
        self._props["poc"] = dict(values)
        self.hear(ACTS, on_act)

    def show(self, values: Values) -> None:
        """Show it as it is now."""
        self.run_method("show", dict(values))

    def show_earlier(self, comments: Sequence[Values], *, has_earlier: bool) -> None:
        """Show these comments, too, and whether there are still earlier ones."""
        self.run_method("showEarlier", list(comments), has_earlier)
