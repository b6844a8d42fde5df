"""A form that stands on its page, in cards, and is saved as a whole."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from nicegui.events import GenericEventArguments

from services.core.forms import Form
from ui.components.component import Component
from ui.components.toast import Toast
from ui.forms.filled import FilledForm
from ui.forms.helpers import Helpers
from ui.forms.values import field_values, opening_values

FormT = TypeVar("FormT", bound=Form)
NO_HELP = Helpers()


@dataclass(frozen=True)
class Card:
    """Some of a form's fields, in a card of their own; `inserts` is the heading over words that a
    click inserts at the caret. What the page shows below them stands in the slot `key`."""

    key: str
    title: str
    fields: Sequence[str]
    inserts: str = ""


class _Shown(
    Component,
    script="page_form.js",
    imports=["live_socket.js", "form_fields.js", "form_state.js", "written.js"],
):
    """The form on the page."""

    def __init__(
        self,
        cards: Sequence[Mapping[str, Any]],
        saved: Mapping[str, Any],
        offered: Sequence[str],
        note: str,
    ) -> None:
        super().__init__()
        self._props["cards"] = tuple(cards)
        self._props["saved"] = dict(saved)
        self._props["offered"] = tuple(offered)
        self._props["submit"] = "Save"
        self._props["note"] = note


class PageForm(FilledForm[FormT, str]):
    """A form of cards with "Save" and "Discard" below; built where it is made.

    `on_submit` gets the form if nothing is wrong in it; the sentence that it returns is shown, and
    what was sent counts as saved. What it refuses stands at the fields, and all that was typed
    stays. `show` opens the form again; `follow` tells it what is saved by now, whoever saved it.
    """

    def __init__(
        self,
        toast: Toast,
        form: type[FormT],
        cards: Sequence[Card],
        saved: Mapping[str, Any],
        *,
        on_submit: Callable[[FormT], Awaitable[str]],
        helpers: Helpers = NO_HELP,
        note: str = "",
        inserts: Sequence[str] = (),
    ) -> None:
        super().__init__(toast, form, helpers)
        self._on_submit = on_submit
        self._is_sending = False
        shown = [self._card(card) for card in cards]
        self.element = _Shown(shown, opening_values(saved), inserts, note)
        self.element.on("submit", self._submitted)
        self.element.on("check", self._check)
        self.element.on("changed", self._changed)

    def show(
        self,
        saved: Mapping[str, Any],
        inserts: Sequence[str] | None = None,
        draft: Mapping[str, Any] | None = None,
    ) -> None:
        """Show these values as what is saved, and over them a draft of somebody's."""
        offered = None if inserts is None else list(inserts)
        shown = opening_values(draft or {})
        self.element.run_method("show", opening_values(saved), offered, shown)

    def follow(self, saved: Mapping[str, Any]) -> None:
        """Tell it what is saved by now."""
        self.element.run_method("follow", opening_values(saved))

    def _card(self, card: Card) -> dict[str, Any]:
        fields = [
            field_values(name, self._fields[name]) | self._helpers.of_field(name)
            for name in card.fields
        ]
        return {"key": card.key, "title": card.title, "inserts": card.inserts, "fields": fields}

    async def _submitted(self, event: GenericEventArguments) -> None:
        if not self._is_sending:
            await self._send(self._known(event.args))

    async def _send(self, values: Mapping[str, Any]) -> None:
        self._is_sending = True
        try:
            again = partial(self._send, values)
            is_done, said = await self._submit(self._on_submit, values, again, self._tell)
            if is_done and said:
                self._toast.show(said, tone="success")
        finally:
            self._is_sending = False
            self._tell("done")

    def _tell(self, method: str, *values: object) -> None:
        if not self.element.is_deleted:
            self.element.run_method(method, *values)
