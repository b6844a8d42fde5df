"""The head of a POC's page: its facts, its progress, and its tabs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ui.components.component import Component


class PocHead(
    Component,
    script="poc_head.js",
    imports=["live_socket.js", "table_rows.js", "avatar.js", "clamped_text.js", "open_tab.js"],
):
    """Shows the head, patched by the POC's room; what is built inside stands beside the title.

    `tabs` are paths with their labels and urls, `current` is the path that is open. If something
    was missed, `on_missed` is asked for all of it, which `show` answers.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        tabs: Sequence[tuple[str, str, str]],
        current: str,
        on_missed: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._props["values"] = dict(values)
        self._props["tabs"] = [list(tab) for tab in tabs]
        self._props["current"] = current
        self.on("missed", on_missed, args=[])

    def show(self, values: Mapping[str, Any]) -> None:
        """Show it as it is now."""
        self.run_method("show", dict(values))
