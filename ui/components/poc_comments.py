"""The comments on a POC, and the field for a new one."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import json

from ui.components.component import Component
from ui.components.composing import SCRIPTS, Composing, Values

ACTS = ("post", "edit", "remove", "earlier")


class PocComments(
    Composing,
    Component,
    script="poc_comments.js",
    imports=[
        *SCRIPTS,
        "kept_focus.js",
        "table_rows.js",
        "written.js",
        "avatar.js",
    ],
):
    """Shows comments, the oldest first, opened at the one that is `found`, or else at the end;
    patched by the POC's room.

    `people` are those who can be mentioned, `customer` says who reads what is shared, and how many
    they are. `on_act` gets an act's name (`ACTS`) and the values that a browser sent; `on_missed`
    is asked for all comments again. The HTML of each comment is the service's own, made from
    Markdown.
    """

    SENT_ONCE = ("comments",)

    def __init__(
        self,
        comments: Sequence[Values],
        *,
        has_earlier: bool,
        me: str,
        may_change: bool,
        people: Sequence[Values],
        customer: tuple[str, int],
        on_act: Callable[[str, Values], Awaitable[None]],
        on_missed: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        # As a text: NiceGUI keeps each page's props, and would watch each value of each comment.
        self._props["comments"] = json.dumps(list(comments))
        self._props["hasEarlier"] = has_earlier
        self._props["me"] = me
        self._props["mayChange"] = may_change
        self._props["people"] = list(people)
        self._props["customer"], self._props["readers"] = customer
        self.hear(ACTS, on_act)
        self.on("missed", on_missed, args=[])

    def show(self, comments: Sequence[Values], *, has_earlier: bool) -> None:
        """Show these comments as they were read; what the browser heard meanwhile stays."""
        self.run_method("show", list(comments), has_earlier)

    def show_earlier(self, comments: Sequence[Values], *, has_earlier: bool) -> None:
        """Show these comments above the others."""
        self.run_method("showEarlier", list(comments), has_earlier)

    def show_people(self, people: Sequence[Values]) -> None:
        """Let these people, and nobody else, be mentioned."""
        self.run_method("showPeople", list(people))
