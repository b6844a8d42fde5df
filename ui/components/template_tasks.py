"""The tasks of a group template; their order is changed by dragging or by keys."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui.events import GenericEventArguments

from models import Side
from ui.components.component import Component

Values = Mapping[str, Any]
ACTS = ("move", "set", "edit", "remove")


class TemplateTasks(Component, script="template_tasks.js", imports=["icons.js", "described.js"]):
    """Shows the tasks in their order. `on_act` gets the name of an act (`ACTS`) and the values that
    a browser sent; `version` is the group's, and comes back with each act."""

    def __init__(
        self,
        tasks: Sequence[Values],
        version: int,
        *,
        may_change: bool,
        empty: str,
        on_act: Callable[[str, Values], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._on_act = on_act
        self._props["tasks"] = list(tasks)
        self._props["version"] = version
        self._props["mayChange"] = may_change
        self._props["empty"] = empty
        self._props["sides"] = [[side.value, side.label] for side in Side]
        self.on("act", self._acted)

    def show(self, tasks: Sequence[Values], version: int, *, may_change: bool) -> None:
        """Show these tasks, and correct what was shown too early."""
        self.run_method("show", list(tasks), version, may_change)

    async def _acted(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        act = sent.get("act")
        if act in ACTS:
            await self._on_act(act, sent)
