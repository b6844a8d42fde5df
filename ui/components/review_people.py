"""The people whom a review asks about, and the two buttons that decide about each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from nicegui import json
from nicegui.events import GenericEventArguments

from models import Decision
from ui.components.component import Component
from ui.input import as_uuid

Values = Mapping[str, Any]


class ReviewPeople(
    Component,
    script="review_people.js",
    imports=[
        "live_socket.js",
        "single_keys.js",
        "avatar.js",
        "cells.js",
        "table_rows.js",
        "icons.js",
        "whose.js",
        "breaking.js",
    ],
):
    """Shows the people and keeps them true by the patches of the review's room.

    `on_decide` gets the people that are decided about, and the decision; no decision takes one
    back. If something was missed, the browser asks for all of it again by `missed`, which `show`
    answers.
    """

    SENT_ONCE = ("people",)

    def __init__(
        self,
        people: Sequence[Values],
        *,
        me: str,
        is_open: bool,
        on_decide: Callable[[Sequence[UUID], Decision | None], Awaitable[None]],
        on_missed: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._on_decide = on_decide
        self._props["people"] = json.dumps(list(people))
        self._props["me"] = me
        self._props["open"] = is_open
        self.on("decide", self._decided)
        self.on("missed", on_missed, args=[])

    def show(self, people: Sequence[Values]) -> None:
        """Show all of them as they are now."""
        self.run_method("show", list(people))

    async def _decided(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        ids, decision = sent.get("ids"), sent.get("decision")
        known = [as_uuid(one) for one in ids] if isinstance(ids, list) else []
        wanted = Decision(decision) if decision in list(Decision) else None
        await self._on_decide([one for one in known if one is not None], wanted)
