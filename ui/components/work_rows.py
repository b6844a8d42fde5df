"""Rows of a POC's tab, or of a template: criteria, resources, members."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from nicegui import json
from nicegui.events import GenericEventArguments

from ui.components.component import Component
from ui.input import as_uuid, as_version

Values = Mapping[str, Any]
OnAct = Callable[[str, UUID, int, UUID | None], Awaitable[None]]


class WorkRows(
    Component,
    script="work_rows.js",
    imports=["live_socket.js", "kept_focus.js", "table_rows.js", "avatar.js", "positions.js"],
):
    """Shows rows (`ui.work_values`), patched by what `event` tells about one of them or all.

    `acts` are what can be done to a row: a name, a label, and the words before the row's title for
    people who don't see which row it is; `files` is the path under which files are read. `on_act`
    gets the name, the row's id, the version that was seen, and the row above. If something was
    missed, `on_missed` is asked, which `show` answers.
    """

    SENT_ONCE = ("rows",)

    def __init__(
        self,
        rows: Sequence[Values],
        *,
        event: str = "",
        files: str = "",
        acts: Sequence[tuple[str, str, str]] = (),
        empty: tuple[str, str] | None = None,
        on_act: OnAct,
        on_missed: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._names = tuple(name for name, _, _ in acts)
        self._on_act = on_act
        # As a text: NiceGUI keeps each page's props, and would watch each value of each row.
        self._props["rows"] = json.dumps(list(rows))
        self._props["event"] = event
        self._props["files"] = files
        self._props["acts"] = [list(act) for act in acts]
        self._props["empty"] = list(empty or ())
        self.on("act", self._acted)
        self.on("missed", on_missed, args=[])

    def show(self, rows: Sequence[Values]) -> None:
        """Show these rows, and no other."""
        self.run_method("show", list(rows))

    def offer(self, acts: Sequence[tuple[str, str, str]]) -> None:
        """Have this be all that can be done to a row."""
        self._names = tuple(name for name, _, _ in acts)
        if [list(act) for act in acts] != self._props["acts"]:
            self._props["acts"] = [list(act) for act in acts]
            self.update()

    async def _acted(self, event: GenericEventArguments) -> None:
        # What a browser sent: anything else isn't offered.
        sent = event.args if isinstance(event.args, dict) else {}
        act, row_id, version = (
            sent.get("act"),
            as_uuid(sent.get("id")),
            as_version(sent.get("version")),
        )
        if act in self._names and row_id is not None and version is not None:
            await self._on_act(act, row_id, version, as_uuid(sent.get("before")))
