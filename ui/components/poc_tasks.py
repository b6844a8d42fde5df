"""The tasks of a POC, as a list by groups, as a board by status, or on a timeline."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from nicegui import json
from nicegui.events import GenericEventArguments

from models import TaskStatus
from services.workspace.states import TASK_STEPS
from ui.components.component import Component

Values = Mapping[str, Any]
Look = Literal["list", "board", "timeline"]
# The acts that a person can do in the component, each with the values that a browser sends.
ACTS = (
    "status",
    "move",
    "edit",
    "assign",
    "archive",
    "schedule",
    "add",
    "new_group",
    "edit_group",
    "assign_group",
    "move_group",
    "archive_group",
)


@dataclass(frozen=True)
class Showing:
    """How the tasks are shown: `looks` are the ways to look at them, each with name, label and url.
    `me` is the reader, `today` the day, `span` the POC's first and last day. `empty` is said if
    there is no group. `accepts` says whether there is somebody who accepts what the team finishes.
    """

    look: Look
    looks: Sequence[tuple[Look, str, str]]
    me: str
    today: date
    span: Sequence[date | None]
    may_change: bool
    empty: str
    accepts: bool


class PocTasks(
    Component,
    script="poc_tasks.js",
    imports=[
        "live_socket.js",
        "icons.js",
        "single_keys.js",
        "described.js",
        "kept_focus.js",
        "table_rows.js",
        "avatar.js",
        "positions.js",
        "task_days.js",
        "written.js",
        "task_marks.js",
        "task_filters.js",
        "task_views.js",
        "task_timeline.js",
    ],
):
    """Shows the tasks, and keeps them true by the patches of the POC's room.

    `on_act` gets the name of an act (`ACTS`) and what it is about: everything in it is what a
    browser sent. If something was missed, the browser asks for all of it again by `missed`, which
    `show` answers; after a refused act, `show` corrects what the browser had shown already.
    """

    SENT_ONCE = ("rows",)

    def __init__(
        self,
        groups: Sequence[Values],
        tasks: Sequence[Values],
        showing: Showing,
        *,
        on_act: Callable[[str, Values], Awaitable[None]],
        on_missed: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._on_act = on_act
        # As a text: NiceGUI keeps each page's props, and would watch each value of each task.
        self._props["rows"] = json.dumps({"groups": list(groups), "tasks": list(tasks)})
        self._props["look"] = showing.look
        self._props["looks"] = [list(each) for each in showing.looks]
        self._props["me"] = showing.me
        self._props["today"] = showing.today.isoformat()
        self._props["span"] = [day.isoformat() if day else "" for day in showing.span]
        self._props["mayChange"] = showing.may_change
        self._props["empty"] = showing.empty
        self._props["accepts"] = showing.accepts
        self._props["statuses"] = [[status.value, status.label] for status in TaskStatus]
        self._props["steps"] = {now: sorted(TASK_STEPS[now]) for now in TaskStatus}
        self.on("act", self._acted)
        self.on("missed", on_missed, args=[])

    def show(self, groups: Sequence[Values], tasks: Sequence[Values]) -> None:
        """Show all of it as it is now."""
        self.run_method("show", list(groups), list(tasks))

    async def _acted(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        act = sent.get("act")
        if act in ACTS:
            await self._on_act(act, sent)
