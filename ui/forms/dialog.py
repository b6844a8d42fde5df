"""One dialog for every form and every question."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, Literal, TypeVar

from nicegui import context
from nicegui.events import GenericEventArguments

from services.core.errors import (
    FreshSignInNeededError,
    InvalidInputError,
    RollcallError,
    SessionEndedError,
)
from services.core.form_fields import Option
from services.core.forms import Form, fields_of
from ui.components.component import Component
from ui.components.toast import Toast
from ui.forms.values import field_values, opening_values

FormT = TypeVar("FormT", bound=Form)
Tone = Literal["accent", "danger"]


@dataclass(frozen=True)
class Link:
    """What came of a form: a link to hand over, shown in the dialog instead of the fields, or under
    a question that can be repeated."""

    text: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class About:
    """Whom or what a dialog is about. `detail` tells those apart whose names are alike: an email,
    or the path of an organisation. `note` is what is to be known of the name."""

    id: str
    name: str
    detail: str
    note: str = ""


# What a dialog's answer came to: a sentence, which is told when the dialog has closed; a link; or
# nothing to say.
Outcome = str | Link | None
OnCheck = Callable[[str, str], Awaitable[tuple[str, str]]]


@dataclass(frozen=True)
class Helpers:
    """What helps to fill a form in.

    `check` gets a field's name and value soon after it was typed, where the form itself found
    nothing wrong, and returns (what is wrong, what is worth knowing). `options` are a choice's
    answers where they aren't always the same. `beside` builds what stands beside the form each time
    it opens, and `on_change` gets what is filled in, unchecked, whenever it changed. `again` is the
    label of what opens the form once more after it was sent.
    """

    check: OnCheck | None = None
    options: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    beside: Callable[[], None] | None = None
    on_change: Callable[[Mapping[str, Any]], Awaitable[None]] | None = None
    again: str = ""


NO_HELP = Helpers()

# Under this key the browser says whom the dialog was about that it showed. (No field is called so.)
ABOUT = "about:id"
OTHER = (
    "Nothing was done: this question was about somebody else. Close it, look again, then decide."
)


class _Shown(Component, script="dialog.js", imports=["live_socket.js", "form_fields.js"]):
    """A dialog on the page: it opens as it comes, and says when it was closed."""

    def __init__(self, form: Mapping[str, Any], opening: Mapping[str, Any]) -> None:
        super().__init__()
        for name, value in form.items():
            self._props[name] = value
        self._props["opening"] = opening


class FormDialog(Generic[FormT]):
    """A native dialog with a form's fields, and a button that sends once until it was answered.

    It is on the page while it is open, and costs an open page next to nothing before and after.
    `on_submit` gets the form when nothing is wrong in it, and never runs twice at once. What it
    refuses, the dialog shows, and stays open with what was typed; else it closes, and tells what
    `on_submit` returns. What needs a fresh sign-in asks for the password, and is then done again by
    itself. What is shown once the dialog is closed is dropped.

    A dialog that was opened `about` somebody shows who it is, and takes an answer about nobody
    else: what the browser sends names whom it was shown. Where a title or a line of the body says
    `{name}`, theirs is shown there, set apart from the direction of the text around it.
    """

    def __init__(
        self,
        toast: Toast,
        title: str,
        form: type[FormT],
        *,
        submit: str,
        on_submit: Callable[[FormT], Awaitable[Outcome]],
        body: str | Sequence[str] = "",
        tone: Tone = "accent",
        helpers: Helpers = NO_HELP,
    ) -> None:
        self._toast = toast
        self._form = form
        self._fields = fields_of(form)
        self._on_submit = on_submit
        self._helpers = helpers
        self._look = {
            "title": title,
            "submit": submit,
            "again": helpers.again,
            "body": tuple(_lines(body)),
            "tone": tone,
            "wide": helpers.beside is not None,
        }
        self._sending = False
        self._client = context.client
        self._shown: _Shown | None = None
        self._about: About | None = None

    def open(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        body: str | Sequence[str] | None = None,
        title: str | None = None,
        about: About | None = None,
    ) -> None:
        """Open the dialog anew, with the values of some of its fields; what isn't given is as the
        dialog was made."""
        self._about = about
        opening = {
            "values": opening_values(values or {}),
            "body": None if body is None else _lines(body),
            "title": title,
            "about": asdict(about) if about else None,
        }
        if self._shown is not None:
            self._shown.run_method("open", opening)
            return
        fields = tuple(
            field_values(name, field, self._helpers.options.get(name))
            for name, field in self._fields.items()
        )
        with self._client.content:
            shown = self._shown = _Shown({**self._look, "fields": fields}, opening)
        if self._helpers.beside is not None:
            with shown:
                self._helpers.beside()
        shown.on("submit", self._submitted)
        shown.on("check", self._check)
        shown.on("changed", self._changed)
        shown.on("again", self._again, args=[])
        shown.on("closed", lambda: self._closed(shown), args=[])

    def close(self) -> None:
        """Close it; the focus goes back to where it was."""
        self._tell("close")
        self._shown = None  # it takes itself away when the browser has closed it

    def show_link(self, text: str, url: str) -> None:
        """Show a link to copy: instead of the fields, or under a question that can be repeated."""
        self._tell("showLink", text, url)

    def _tell(self, method: str, *values: object) -> None:
        if self._shown is not None:
            self._shown.run_method(method, *values)

    def _closed(self, shown: _Shown) -> None:
        if self._shown is shown:
            self._shown = None
        if not shown.is_deleted:
            shown.delete()

    async def _submitted(self, event: GenericEventArguments) -> None:
        if self._sending:
            return
        sent: dict[str, Any] = event.args if isinstance(event.args, dict) else {}
        if self._about is not None and sent.get(ABOUT) != self._about.id:
            self._show_errors({}, OTHER)
            return
        await self._send({name: sent.get(name) for name in self._fields})

    async def _send(self, values: Mapping[str, Any]) -> None:
        """Do what was asked, and show what came of it."""
        self._sending = True
        try:
            await self._answer(await self._on_submit(self._form(**values)))
        except SessionEndedError:
            return  # told by the sign-in page, which the cut brings by itself
        except InvalidInputError as error:
            self._show_errors(await self._all_wrong(error.fields, values))
        except FreshSignInNeededError as error:
            if self._toast.ask_proof:
                self._toast.ask_proof(lambda: self._send(values))
            else:
                self._show_errors({}, str(error))
        except RollcallError as error:
            self._show_errors({}, str(error))
        finally:
            self._sending = False
            self._tell("done")

    async def _answer(self, outcome: Outcome) -> None:
        if isinstance(outcome, Link):
            self.show_link(outcome.text, outcome.url)
            return
        self.close()
        if outcome:
            again = self._again if self._helpers.again else None
            self._toast.show(outcome, "success", self._helpers.again or None, again)

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

    def _show_errors(self, errors: Mapping[str, str], general: str = "") -> None:
        """Show what is wrong, by field and as a whole, instead of what was shown before."""
        elsewhere = [text for name, text in errors.items() if name not in self._fields]
        self._tell("showErrors", dict(errors), " ".join([general, *elsewhere]).strip())

    async def _check(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        name, seq, values = sent.get("field"), sent.get("seq"), sent.get("values")
        if not (isinstance(name, str) and isinstance(seq, int) and isinstance(values, dict)):
            return
        if name not in self._fields:
            return
        wrong, note = self._form.check(name, self._known(values)), ""
        value = values.get(name)
        if not wrong and self._helpers.check and isinstance(value, str):
            try:
                wrong, note = await self._helpers.check(name, value)
            except SessionEndedError:
                return
            except RollcallError as error:
                self._toast.show(str(error), tone="error")
        if not event.sender.is_deleted:
            event.sender.run_method("showChecked", name, seq, wrong, note)

    async def _changed(self, event: GenericEventArguments) -> None:
        if self._helpers.on_change is None or not isinstance(event.args, dict):
            return
        try:
            await self._helpers.on_change(self._known(event.args))
        except SessionEndedError:
            return
        except RollcallError as error:
            self._toast.show(str(error), tone="error")

    def _known(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: values.get(name) for name in self._fields}

    def _again(self) -> None:
        self.open()


def _lines(body: str | Sequence[str]) -> list[str]:
    lines = body.split("\n") if isinstance(body, str) else body
    return [line for line in lines if line]
