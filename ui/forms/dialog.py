"""One dialog for every form and every question."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Literal, TypeVar
from uuid import UUID

from nicegui import context
from nicegui.events import GenericEventArguments

from services.access.permissions import Permission
from services.core.errors import (
    RollcallError,
    SessionEndedError,
)
from services.core.form_fields import (
    MOST_PEOPLE,
    PeopleField,
    PersonField,
)
from services.core.forms import Form
from services.core.names import MAX_NAME
from services.core.words import with_nothing_deceiving, with_nothing_hidden
from services.database.right_of_way import let_go
from ui import live
from ui.components.component import Component
from ui.components.toast import Toast
from ui.forms.filled import FilledForm
from ui.forms.helpers import About, Helpers, Link, OnSubmit, Outcome, Subject
from ui.forms.values import field_values, opening_values, people_values
from ui.input import as_text, as_uuid

# What a page needs of a form.
__all__ = ["About", "FormDialog", "Helpers", "Link", "Outcome", "Subject"]

FormT = TypeVar("FormT", bound=Form)
Tone = Literal["accent", "danger"]


NO_HELP = Helpers()


# Under this key the browser sends the number of the opening that it showed. (No field has this
# name.)
OPENING = "about:opening"
OTHER = (
    "Nothing was done: what you sent was for what was open here before. Look again, then decide."
)


class _Shown(
    Component,
    script="dialog.js",
    imports=[
        "live_socket.js",
        "form_fields.js",
        "written.js",
        "form_state.js",
        "table_rows.js",
        "avatar.js",
        "people_field.js",
        "file_field.js",
        "copy_link.js",
    ],
):
    """A dialog on the page: it opens when it is added, and reports when it was closed."""

    def __init__(self, form: Mapping[str, Any], opening: Mapping[str, Any]) -> None:
        super().__init__()
        for name, value in form.items():
            self._props[name] = value
        self._props["opening"] = opening


class FormDialog(FilledForm[FormT, Outcome]):
    """A native dialog with a form's fields, and a button that sends once until the answer has come.

    It is on the page while it is open, and costs an open page next to nothing before and after.
    `on_submit` gets the form if nothing is wrong in it, and never runs twice at once for the same
    opening. If it refuses something, the dialog shows that, and stays open with what was typed;
    otherwise the dialog closes, and shows the sentence that `on_submit` returns. If a fresh sign-in
    is needed, the password is asked for, and then the act is done by itself. What comes after the
    dialog is closed isn't shown. A dialog that changes one of several things has no `on_submit` of
    its own: it is opened for each of them with a `Subject`.

    It may be opened for the next thing while an answer about the one before is on its way: each
    opening has a number, which the browser sends along, and only the last one is answered.
    Opened once more for the very same, it stays as it is: the second of two clicks was made before
    the dialog was there.

    A dialog that was opened `about` somebody shows who it is. If a title or a line of the body
    contains `{name}`, their name is shown there, isolated from the direction of the text around it.
    """

    def __init__(
        self,
        toast: Toast,
        title: str,
        form: type[FormT],
        *,
        submit: str,
        on_submit: OnSubmit[FormT] | None = None,
        body: str | Sequence[str] = "",
        tone: Tone = "accent",
        helpers: Helpers = NO_HELP,
    ) -> None:
        super().__init__(toast, form, helpers)
        self._on_submit = on_submit
        self._look = {
            "title": title,
            "submit": submit,
            "again": helpers.again,
            "body": tuple(_lines(body)),
            "tone": tone,
            "wide": helpers.beside is not None,
            "follows": helpers.on_stale is not None,
        }
        self._client = context.client
        self._shown: _Shown | None = None
        self._about: About | None = None
        self._subject: Subject[FormT] = Subject({}, on_submit)
        self._opening = 0  # the number of this opening
        self._opened_with: Mapping[str, Any] | None = None  # what it showed at first
        self._sending: set[int] = set()  # the openings of which an answer is under way

    def open(
        self,
        opened: Mapping[str, Any] | Subject[FormT] | None = None,
        *,
        body: str | Sequence[str] | None = None,
        title: str | None = None,
        about: About | None = None,
        reading: str = "",
    ) -> None:
        """Open the dialog again, with the values of some of its fields, or for a subject; what
        isn't given is as the dialog was made. For `reading`, the id of what is read, the values are
        shown without a field to change them; `on_stale` opens it again when that has changed. If
        the page closed while its handler waited for them, nothing happens."""
        if self._client.is_deleted:
            return
        subject = opened
        if not isinstance(subject, Subject):
            subject = Subject(subject or {}, self._on_submit)
        if body is None:
            body = subject.body
        if subject.on_submit is None and not reading:
            raise TypeError("A dialog that does nothing by itself is opened for a Subject.")
        opening: dict[str, Any] = {
            "values": opening_values(subject.values),
            "body": None if body is None else _lines(body),
            "title": None if title is None else with_nothing_deceiving(title),
            "about": _about(about) if about else None,
            "reading": reading,
        }
        if not self._is_open_for(subject, opening):
            self._opening += 1
            self._about, self._subject, self._opened_with = about, subject, opening
        opening = {"number": self._opening, **opening}
        if self._shown is not None:
            self._shown.run_method("open", opening)
            return
        fields = tuple(
            field_values(name, field) | self._helpers.of_field(name)
            for name, field in self._fields.items()
            if name not in self._helpers.hidden
        )
        with self._client.content:
            shown = self._shown = _Shown({**self._look, "fields": fields}, opening)
        if self._helpers.beside is not None:
            with shown:
                self._helpers.beside()
        shown.on("submit", self._submitted)
        if self._helpers.ends_access:
            live.hurry(shown)
        shown.on("check", self._check)
        shown.on("stale", self._stale, args=[])
        shown.on("changed", self._changed)
        shown.on("search", self._search)
        shown.on("again", self._again, args=[])
        shown.on("closed", lambda: self._closed(shown), args=[])

    def _is_open_for(self, subject: Subject[FormT], opening: Mapping[str, Any]) -> bool:
        """Whether it was opened for the very same last, and is still on the page."""
        if self._shown is None or opening != self._opened_with:
            return False
        return _does(subject.on_submit) == _does(self._subject.on_submit)

    @property
    def is_open(self) -> bool:
        """Whether it is on the page."""
        return self._shown is not None

    def update(
        self,
        about: About,
        *,
        body: str | Sequence[str] | None = None,
        change: str = "",
        on_submit: OnSubmit[FormT] | None = None,
    ) -> None:
        """Show the present state of the person whom the open dialog is about, and a sentence on
        what has changed; `on_submit` is bound to that state. Typed values stay. A dialog about
        somebody else isn't changed."""
        if self._about is None or self._about.id != about.id:
            return
        self._about = about
        if on_submit is not None:
            self._subject = replace(self._subject, on_submit=on_submit)
        lines = None if body is None else _lines(body)
        self._tell(
            "update",
            {"about": _about(about), "body": lines, "change": with_nothing_deceiving(change)},
        )

    def close(self) -> None:
        """Close it; the focus goes back to where it was."""
        self._tell("close")
        self._shown = None  # it takes itself away when the browser has closed it

    def show_link(self, text: str, url: str) -> None:
        """Show a link to copy: instead of the fields, or under a question that can be repeated."""
        self._tell("showLink", with_nothing_deceiving(text), url)

    def _tell(self, method: str, *values: object) -> None:
        if self._shown is not None and not self._shown.is_deleted:
            self._shown.run_method(method, *values)

    def _closed(self, shown: _Shown) -> None:
        if self._shown is shown:
            self._shown = None
        if not shown.is_deleted:
            shown.delete()

    async def _submitted(self, event: GenericEventArguments) -> None:
        try:
            await self._take(event)
        finally:
            let_go()

    async def _take(self, event: GenericEventArguments) -> None:
        if self._shown is None or self._shown is not event.sender:
            return
        sent: dict[str, Any] = event.args if isinstance(event.args, dict) else {}
        if sent.get(OPENING) != self._opening:
            self._show_errors(self._tell, {}, OTHER)
        elif self._opening not in self._sending:
            await self._send(self._opening, self._subject, self._known(sent))

    async def _send(self, opening: int, subject: Subject[FormT], values: Mapping[str, Any]) -> None:
        """Do what was asked, and show what came of it.

        Meanwhile the dialog may have been closed, and opened again for something else.
        """
        if subject.on_submit is None:
            return  # it was only read
        self._sending.add(opening)
        tell = partial(self._tell_of, opening)
        again = partial(self._send, opening, subject, values)
        renew = partial(self._renew, opening, subject.anew) if subject.anew else None
        try:
            is_done, outcome = await self._submit(subject.on_submit, values, again, tell, renew)
            if isinstance(outcome, Link):
                tell("showLink", with_nothing_deceiving(outcome.text), outcome.url)
            elif is_done:
                if opening == self._opening:
                    self.close()
                if outcome:
                    self._say(outcome)
        finally:
            self._sending.discard(opening)
            tell("done")

    async def _renew(
        self, opening: int, anew: Callable[[], Awaitable[Subject[FormT]]], why: str
    ) -> None:
        """Show what somebody else was first to change; what is sent next is about that."""
        now = await anew()
        if opening == self._opening:
            body = None if now.body is None else _lines(now.body)
            self._tell("takeOver", opening_values(now.values), why, body)
            self._subject = now

    def _tell_of(self, opening: int, method: str, *values: object) -> None:
        """Tell the browser what came of something, if the dialog isn't open for the next one."""
        if opening == self._opening:
            self._tell(method, *values)

    def _say(self, sentence: str) -> None:
        again = self._again if self._helpers.again else None
        self._toast.show(sentence, "success", self._helpers.again or None, again)

    async def _search(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        name, seq, words = sent.get("field"), sent.get("seq"), as_text(sent, "words")
        field = self._fields.get(name) if isinstance(name, str) else None
        if not isinstance(field, PersonField | PeopleField) or not isinstance(seq, int):
            return
        if self._helpers.people is None:
            return
        among = Permission(field.among) if field.among else None
        try:
            found = await self._helpers.people(among, words[:MAX_NAME], _ids(sent.get("chosen")))
        except SessionEndedError:
            return
        except RollcallError as error:
            self._toast.show(str(error), tone="error")
            return
        if not event.sender.is_deleted:
            event.sender.run_method("showPeople", name, seq, *people_values(found))

    async def _stale(self) -> None:
        shown = self._shown
        if self._helpers.on_stale is None or shown is None:
            return
        try:
            await self._helpers.on_stale()
        except SessionEndedError:
            return
        except RollcallError as error:
            if shown is self._shown:
                self._show_errors(self._tell, {}, str(error))

    def _again(self) -> None:
        self._opened_with = None
        self.open(self._subject)


def _ids(sent: object) -> list[UUID]:
    ids = [as_uuid(value) for value in sent[:MOST_PEOPLE]] if isinstance(sent, list) else []
    return [user_id for user_id in ids if user_id is not None]


def _does(act: object) -> object:
    """What an answer does, and to what, so that two of them can be compared. That to which it is
    bound may be such an act itself."""
    if isinstance(act, partial):
        words = {name: _does(value) for name, value in act.keywords.items()}
        return act.func, tuple(map(_does, act.args)), words
    return act


def _about(about: About) -> dict[str, str]:
    """Whom it is about, as it shows them."""
    return {name: with_nothing_hidden(words) for name, words in asdict(about).items()}


def _lines(body: str | Sequence[str]) -> list[str]:
    lines = body.split("\n") if isinstance(body, str) else body
    return [with_nothing_deceiving(line) for line in lines if line]
