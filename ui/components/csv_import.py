"""Choosing a CSV file, and seeing row by row what becomes of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui.events import GenericEventArguments

from ui.components.component import Component


class CsvImport(Component, script="csv_import.js", imports=["live_socket.js"]):
    """Reads a file in the browser, and shows progress and a result for each row.

    The browser sends the file in pieces as `on_piece` (text, and whether it is the last one) and
    wants `more` for the next; then `ready` with the number of rows or `refused`. `on_start` and
    `on_stop` are the person's; `progress` tells of each batch, and `finished` of the end.
    """

    def __init__(
        self,
        *,
        on_piece: Callable[[str, bool], Awaitable[None]],
        on_start: Callable[[], Awaitable[None]],
        on_stop: Callable[[], None],
    ) -> None:
        super().__init__()
        self._on_piece = on_piece
        self.on("piece", self._piece)
        self.on("start", on_start, args=[])
        self.on("stop", on_stop, args=[])

    def more(self) -> None:
        """Have the next piece sent."""
        self.run_method("more")

    def refused(self, why: str) -> None:
        """Say why the file, or the start, is refused."""
        self.run_method("refused", why)

    def ready(self, rows: int) -> None:
        """Say how many rows there are, and offer to invite them."""
        self.run_method("ready", rows)

    def progress(self, outcomes: Sequence[Mapping[str, Any]], lines: str) -> None:
        """Add what became of some rows, and their lines of the file with the results."""
        self.run_method("progress", list(outcomes), lines)

    def finished(self, why: str, lines: str) -> None:
        """The end: of all rows, or with the reason why it came early; and the file's last lines."""
        self.run_method("finished", why, lines)

    async def _piece(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        text, last = sent.get("text"), sent.get("last")
        if isinstance(text, str) and isinstance(last, bool):
            await self._on_piece(text, last)
