"""The System page's content: verdict, charts, what needs attention, what works."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui.events import GenericEventArguments

from ui.components.component import Component


class System(
    Component,
    script="system.js",
    imports=["live_socket.js", "system_view.js", "icons.js", "local_times.js"],
):
    """Shows the checks and the figures, and keeps both true. `values` are those of `ui.figures`:
    checks, verdict, worst, report, checked_at, processes, history.

    New ones arrive as socket events to the page's room: `rollcall_figures` {point, processes} and
    `rollcall_checks`. The browser asks for a check by `on_examine` (its name, or an empty name for
    all), which ends with `examined`; after something was missed, by `on_missed`.
    """

    SENT_ONCE = ("values",)

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        on_examine: Callable[[str], Awaitable[None]],
        on_missed: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._props["values"] = dict(values)
        self._on_examine = on_examine
        self.on("examine", self._asked)
        self.on("missed", on_missed, args=[])

    def show(self, values: Mapping[str, Any]) -> None:
        """Show all of this instead of what is shown."""
        self.run_method("show", dict(values))

    def examined(self) -> None:
        """The requested checks are made, or can't be made."""
        self.run_method("examined")

    async def _asked(self, event: GenericEventArguments) -> None:
        name = event.args if isinstance(event.args, str) else ""
        await self._on_examine(name)
