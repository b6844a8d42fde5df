"""One dialog for every short form and every question."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any, Literal

from nicegui import context
from nicegui.events import GenericEventArguments

from ui.components.component import Component

Kind = Literal["text", "email", "password", "select", "date"]
Tone = Literal["accent", "danger"]
OnSubmit = Callable[[dict[str, str]], Awaitable[None]]
OnCheck = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True)
class Field:
    """One field of a form.

    `maxlength` is in characters; a longer text is told, never cut. `autocomplete` takes HTML's
    words.
    """

    name: str
    label: str
    kind: Kind = "text"
    options: Sequence[tuple[str, str]] = ()
    required: bool = True
    autocomplete: str = "off"
    help: str = ""
    value: str = ""
    maxlength: int | None = None


@dataclass(frozen=True)
class About:
    """Whom or what a dialog is about. `detail` tells those apart whose names are alike: an email,
    or the path of an organisation. `note` is what is to be known of the name."""

    id: str
    name: str
    detail: str
    note: str = ""


@dataclass
class _Check:
    """What a handler found about one value while it ran."""

    field: str
    error: str | None = None
    note: str | None = None


# The check that the running handler answers: what it shows concerns that value alone.
_checking: ContextVar[_Check | None] = ContextVar("checking", default=None)


# Under this key the browser says whom the dialog was about that it showed. (No field is called so.)
ABOUT = "about:id"
OTHER = (
    "Nothing was done: this question was about somebody else. Close it, look again, then decide."
)


class _Shown(Component, script="form_dialog.js", imports=["live_socket.js"]):
    """A dialog on the page: it opens as it comes, and says when it was closed."""

    def __init__(self, form: Mapping[str, Any], opening: Mapping[str, Any]) -> None:
        super().__init__()
        for name, value in form.items():
            self._props[name] = value
        self._props["opening"] = opening


class FormDialog:
    """A native dialog with fields, and a button that sends once until it was answered.

    It is on the page while it is open, and costs an open page next to nothing before and after.
    `on_submit` gets a text for every field, whatever the browser sent, and never runs twice at
    once. The dialog stays open, with what was typed, until `close`. `on_check` gets a field's name
    and value, soon after it was typed; the `show_errors` and `show_notes` that it calls concern
    that field alone, and are dropped if the text has changed meanwhile. What is shown once the
    dialog is closed is dropped.

    A dialog that was opened `about` somebody shows who it is, and takes an answer about nobody
    else: what the browser sends names whom it was shown. Where a title or a line of the body says
    `{name}`, theirs is shown there, set apart from the direction of the text around it.
    """

    def __init__(
        self,
        title: str,
        *,
        fields: Sequence[Field] = (),
        submit: str,
        on_submit: OnSubmit,
        on_check: OnCheck | None = None,
        body: str | Sequence[str] = "",
        tone: Tone = "accent",
        cancel: str = "Cancel",
    ) -> None:
        self._form = {
            "title": title,
            "submit": submit,
            "body": tuple(_lines(body)),
            "tone": tone,
            "cancel": cancel,
            "checks": on_check is not None,
        }
        self._fields = fields
        self._on_submit = on_submit
        self._on_check = on_check
        self._sending = False
        self._client = context.client
        self._shown: _Shown | None = None
        self._about: About | None = None

    def open(
        self,
        values: Mapping[str, str] | None = None,
        body: str | Sequence[str] | None = None,
        title: str | None = None,
        about: About | None = None,
    ) -> None:
        """Open the dialog anew; what isn't given is as the dialog was made."""
        self._about = about
        opening = {
            "values": dict(values or {}),
            "body": None if body is None else _lines(body),
            "title": title,
            "about": asdict(about) if about else None,
        }
        if self._shown is not None:
            self._shown.run_method("open", opening)
            return
        fields = tuple(asdict(field) for field in self._fields)
        with self._client.content:
            shown = self._shown = _Shown({**self._form, "fields": fields}, opening)
        shown.on("submit", self._submitted)
        shown.on("check", self._check)
        shown.on("closed", lambda: self._closed(shown), args=[])

    def close(self) -> None:
        """Close it; the focus goes back to where it was."""
        self._tell("close")
        self._shown = None  # it takes itself away when the browser has closed it

    def done(self) -> None:
        """Free the button, and leave everything else as it is."""
        self._tell("done")

    def show_errors(self, errors: Mapping[str, str], general: str = "") -> None:
        """Show what is wrong, by field and as a whole, instead of what was shown before."""
        check = _checking.get()
        if check is None:
            self._tell("showErrors", dict(errors), general)
        else:
            check.error = errors.get(check.field, "")

    def show_notes(self, notes: Mapping[str, str]) -> None:
        """Show hints under fields, which aren't errors."""
        check = _checking.get()
        if check is None:
            self._tell("showNotes", dict(notes))
        else:
            check.note = notes.get(check.field, "")

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
            self.show_errors({}, general=OTHER)
            return
        values = {field.name: _text(sent.get(field.name)) for field in self._fields}
        self._sending = True
        try:
            await self._on_submit(values)
        finally:
            self._sending = False
            self.done()

    async def _check(self, event: GenericEventArguments) -> None:
        sent = event.args
        if self._on_check is None or not isinstance(sent, dict):
            return
        field, value, seq = sent.get("field"), sent.get("value"), sent.get("seq")
        if not (isinstance(field, str) and isinstance(value, str) and isinstance(seq, int)):
            return
        if not any(field == known.name for known in self._fields):
            return
        check = _Check(field)
        token = _checking.set(check)
        try:
            await self._on_check(field, value)
        finally:
            _checking.reset(token)
        if not event.sender.is_deleted:
            event.sender.run_method("showChecked", field, seq, check.error, check.note)


def _lines(body: str | Sequence[str]) -> list[str]:
    lines = body.split("\n") if isinstance(body, str) else body
    return [line for line in lines if line]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
