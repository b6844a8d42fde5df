"""A form that stands on its page, in cards, and is saved as a whole."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from nicegui.events import GenericEventArguments

from services.core.errors import (
    FreshSignInNeededError,
    InvalidInputError,
    RollcallError,
    SessionEndedError,
)
from services.core.forms import Form, fields_of
from ui.components.component import Component
from ui.components.toast import Toast
from ui.forms.helpers import Helpers
from ui.forms.values import field_values, opening_values

FormT = TypeVar("FormT", bound=Form)
NO_HELP = Helpers()


@dataclass(frozen=True)
class Card:
    """Some of a form's fields, in a card of their own; `inserts` is the heading over words that a
    click puts where the caret is. What the page shows below them stands in the slot `key`."""

    key: str
    title: str
    fields: Sequence[str]
    inserts: str = ""


class _Shown(
    Component,
    script="page_form.js",
    imports=["live_socket.js", "form_fields.js", "form_state.js"],
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


class PageForm(Generic[FormT]):
    """A form of cards with "Save" and "Discard" below; built where it is made.

    `on_submit` gets the form when nothing is wrong in it; the sentence that it returns is told, and
    what was sent counts as saved. What it refuses stands at the fields, and all that was typed
    stays. `show` opens it anew; `follow` tells it what is saved by now, whoever saved it.
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
        self._toast = toast
        self._form = form
        self._on_submit = on_submit
        self._helpers = helpers
        self._fields = fields_of(form)
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

    def _known(self, sent: object) -> dict[str, Any]:
        values = sent if isinstance(sent, dict) else {}
        return {name: values.get(name) for name in self._fields}

    async def _submitted(self, event: GenericEventArguments) -> None:
        if not self._is_sending:
            await self._send(self._known(event.args))

    async def _send(self, values: Mapping[str, Any]) -> None:
        self._is_sending = True
        try:
            said = await self._on_submit(self._form(**values))
            self._toast.show(said, tone="success")
        except SessionEndedError:
            return  # told by the sign-in page, which the cut brings by itself
        except InvalidInputError as error:
            elsewhere = [text for name, text in error.fields.items() if name not in self._fields]
            self._tell("showErrors", dict(error.fields), " ".join(elsewhere))
        except FreshSignInNeededError as error:
            if self._toast.ask_proof:
                self._toast.ask_proof(lambda: self._send(values))
            else:
                self._tell("showErrors", {}, str(error))
        except RollcallError as error:
            self._tell("showErrors", {}, str(error))
        finally:
            self._is_sending = False
            self._tell("done")

    async def _check(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        name, seq = sent.get("field"), sent.get("seq")
        if not (isinstance(name, str) and isinstance(seq, int) and name in self._fields):
            return
        values = self._known(sent.get("values"))
        wrong, note = self._form.check(name, values), ""
        value = values[name]
        if not wrong and self._helpers.check and isinstance(value, str):
            try:
                wrong, note = await self._helpers.check(name, value)
            except SessionEndedError:
                return
            except RollcallError as error:
                self._toast.show(str(error), tone="error")
        self._tell("showChecked", name, seq, wrong, note)

    async def _changed(self, event: GenericEventArguments) -> None:
        if self._helpers.on_change is None:
            return
        try:
            await self._helpers.on_change(self._known(event.args))
        except SessionEndedError:
            return
        except RollcallError as error:
            self._toast.show(str(error), tone="error")

    def _tell(self, method: str, *values: object) -> None:
        if not self.element.is_deleted:
            self.element.run_method(method, *values)
