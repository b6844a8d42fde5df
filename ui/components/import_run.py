"""An import while it runs and after it: its progress, who isn't invited, links to hand over."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ui.components.component import Component
from ui.components.import_file import LIVE_EVENT


class ImportRun(
    Component, script="import_run.js", imports=["live_socket.js", "import_file_view.js", "icons.js"]
):
    """Shows one import, kept true by socket events.

    `details` are the rows that weren't invited and the links to hand over; if their number has
    changed, the browser asks for them again by `on_details`, and expects `show`.
    """

    SENT_ONCE = ("details",)

    def __init__(
        self,
        run: Mapping[str, Any],
        details: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        results_url: str,
        another_url: str,
        on_details: Callable[[], Awaitable[None]],
        on_stop: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._props["run"] = dict(run)
        self._props["details"] = dict(details)
        self._props["results_url"] = results_url
        self._props["another_url"] = another_url
        self._props["live_event"] = LIVE_EVENT
        self.on("details", on_details, args=[])
        self.on("stop", on_stop, args=[])

    def show(self, run: Mapping[str, Any], details: Mapping[str, Any]) -> None:
        """Show all of this instead of what is shown."""
        self.run_method("show", dict(run), dict(details))
