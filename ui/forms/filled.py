"""What a form does on the server, in a dialog or on a page: it takes what somebody fills in, says
early what is wrong, and shows what is refused."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from nicegui.events import GenericEventArguments

from services.core.errors import (
    FreshSignInNeededError,
    InvalidInputError,
    RollcallError,
    SessionEndedError,
    StaleError,
)
from services.core.form_fields import NewPasswordField
from services.core.forms import Form, fields_of
from services.core.words import with_nothing_deceiving
from ui.actions import told
from ui.components.toast import Toast
from ui.forms.helpers import Helpers

FormT = TypeVar("FormT", bound=Form)
OutcomeT = TypeVar("OutcomeT")
# Calls a method of the form that the browser shows, with these values.
Tell = Callable[..., None]


@dataclass(frozen=True)
class _Judged:
    """What was found of a value while it was typed; a password that is chosen has a score, too."""

    wrong: str = ""
    note: str = ""
    score: int | None = None


class FilledForm(Generic[FormT, OutcomeT]):
    """A form that somebody fills in. Its subclass says how its browser is told."""

    def __init__(
        self,
        toast: Toast,
        form: type[FormT],
        helpers: Helpers,
    ) -> None:
        self._toast = toast
        self._form = form
        self._fields = fields_of(form)
        self._helpers = helpers

    def _known(self, sent: object) -> dict[str, Any]:
        """Of what a browser sent, the values of the form's fields."""
        values = sent if isinstance(sent, dict) else {}
        hidden = self._helpers.hidden
        return {name: values.get(name) for name in self._fields if name not in hidden}

    async def _submit(
        self,
        on_submit: Callable[[FormT], Awaitable[OutcomeT]],
        values: Mapping[str, Any],
        again: Callable[[], Awaitable[None]],
        tell: Tell,
        renew: Callable[[str], Awaitable[None]] | None = None,
    ) -> tuple[bool, OutcomeT | None]:
        """Whether it was done, and what came of it. What is refused is told; what needs a fresh
        sign-in asks for the password, and then does it `again`. If somebody else was first,
        `renew` shows what they changed, and why nothing was done."""
        try:
            try:
                return True, await on_submit(self._form(**values))
            except StaleError as error:
                if renew is None:
                    raise
                await renew(str(error))
        except SessionEndedError:
            pass  # the cut brings the sign-in page by itself
        except InvalidInputError as error:
            self._show_errors(tell, await self._all_wrong(error.fields, values))
        except FreshSignInNeededError as error:
            if self._toast.ask_proof:
                self._toast.ask_proof(again, error.why)
            else:
                self._show_errors(tell, {}, str(error))
        except RollcallError as error:
            self._show_errors(tell, {}, str(error))
        return False, None

    async def _all_wrong(
        self, wrong: Mapping[str, str], values: Mapping[str, Any]
    ) -> dict[str, str]:
        """What is wrong, with what the check finds in the other fields."""
        if self._helpers.check is None:
            return dict(wrong)
        found: dict[str, str] = {}
        for name, value in values.items():
            if name not in wrong and value and isinstance(value, str):
                with suppress(RollcallError):  # then it is said when the form is sent again
                    found[name], _ = await self._helpers.check(name, value)
        return {**found, **wrong}

    def _show_errors(self, tell: Tell, errors: Mapping[str, str], general: str = "") -> None:
        """Show what is wrong, by field and as a whole, instead of what was shown before."""
        elsewhere = [text for name, text in errors.items() if name not in self._fields]
        of_fields = {name: with_nothing_deceiving(text) for name, text in errors.items()}
        whole = " ".join([general, *elsewhere]).strip()
        tell("showErrors", of_fields, with_nothing_deceiving(whole))

    async def _check(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        name, seq, values = sent.get("field"), sent.get("seq"), sent.get("values")
        if not (isinstance(name, str) and isinstance(seq, int) and isinstance(values, dict)):
            return
        if name not in self._fields:
            return
        judged = _Judged(self._form.check(name, self._known(values)))
        value = values.get(name)
        if not judged.wrong and isinstance(value, str):
            try:
                judged = await self._judge(name, value)
            except SessionEndedError:
                return
            except RollcallError as error:
                self._toast.show(str(error), tone="error")
        if not event.sender.is_deleted:
            shown = (judged.wrong, judged.note, judged.score)
            event.sender.run_method("showChecked", name, seq, *shown)

    async def _judge(self, name: str, value: str) -> _Judged:
        """What the helpers find in a value in which the form itself found nothing wrong."""
        if self._helpers.strength and isinstance(self._fields[name], NewPasswordField) and value:
            strength = await self._helpers.strength(value)
            if strength.accepted:
                return _Judged(note=strength.message, score=strength.score)
            return _Judged(wrong=strength.message, score=strength.score)
        if self._helpers.check:
            return _Judged(*await self._helpers.check(name, value))
        return _Judged()

    async def _changed(self, event: GenericEventArguments) -> None:
        if self._helpers.on_change is not None:
            await told(self._toast)(self._helpers.on_change)(self._known(event.args))
