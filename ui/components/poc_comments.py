"""The comments on a POC, and the field for a new one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from nicegui import json
from nicegui.events import GenericEventArguments

from ui.components.component import Component

Values = Mapping[str, Any]
ACTS = ("post", "edit", "remove", "earlier")


class PocComments(
    Component,
    script="poc_comments.js",
    imports=[
        "live_socket.js",
        "kept_focus.js",
        "table_rows.js",
        "avatar.js",
        "comment_mentions.js",
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
        self._on_act = on_act
        # As a text: NiceGUI keeps each page's props, and would watch each value of each comment.
        self._props["comments"] = json.dumps(list(comments))
        self._props["hasEarlier"] = has_earlier
        self._props["me"] = me
        self._props["mayChange"] = may_change
        self._props["people"] = list(people)
        self._props["customer"], self._props["readers"] = customer
        self.on("act", self._acted)
        self.on("missed", on_missed, args=[])

    def show(self, comments: Sequence[Values], *, has_earlier: bool) -> None:
        """Show these comments, and no other."""
        self.run_method("show", list(comments), has_earlier)

    def show_earlier(self, comments: Sequence[Values], *, has_earlier: bool) -> None:
        """Show these comments above the others."""
        self.run_method("showEarlier", list(comments), has_earlier)

    def show_people(self, people: Sequence[Values]) -> None:
        """Let these people, and nobody else, be mentioned."""
        self.run_method("showPeople", list(people))

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
