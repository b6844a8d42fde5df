"""What is sent in a dialog, or the answer to it, comes after the dialog was opened for something
else."""

import asyncio
from functools import partial

import pytest
from nicegui import Client, ui
from nicegui.events import GenericEventArguments

from services.core.forms import Form, lines
from ui.components.toast import Toast
from ui.forms.dialog import OTHER, About, FormDialog, Link, Subject

ADA = About("ada", "Ada Lovelace", "ada@acme.example")
ALAN = About("alan", "Alan Turing", "alan@acme.example")


async def _ask_for_a_link(*, opens_another: bool) -> None:
    """Ask for a link about Ada."""
    may_go_on = asyncio.Event()

    async def make(_form: Form) -> Link:
        await may_go_on.wait()
        return Link("Hand it over.", "https://rollcall.example/ada")

    client = Client(ui.page("/late"))
    with client:
        dialog = FormDialog(Toast(), "A link for {name}?", Form, submit="Make")
    dialog.open(Subject({}, make), about=ADA)
    shown = dialog._shown
    assert shown is not None
    event = GenericEventArguments(sender=shown, client=client, args={"about:opening": 1})
    sending = asyncio.create_task(dialog._submitted(event))
    await asyncio.sleep(0)  # it is under way
    if opens_another:
        dialog.open(Subject({}, make), about=ALAN)
    may_go_on.set()
    await sending


@pytest.mark.parametrize("opens_another", [False, True])
async def test_a_link_shows_in_the_dialog_that_asked_for_it_alone(
    opens_another: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(
        ui.element, "run_method", lambda _element, method, *_values: told.append(method)
    )
    await _ask_for_a_link(opens_another=opens_another)
    assert ("showLink" in told) is not opens_another


class _Note(Form):
    """What is written in a dialog that is about nobody."""

    note: str = lines("Note")


class _Notes:
    """A page's dialog for the notes of several things, and what was saved into which."""

    def __init__(self) -> None:
        self.saved: list[tuple[str, str]] = []
        self.may_save: dict[str, asyncio.Event] = {}
        with Client(ui.page("/notes")):
            self.dialog = FormDialog(Toast(), "Note", _Note, submit="Save")

    def open(self, thing: str) -> None:
        """Open it for this thing."""
        self.may_save[thing] = asyncio.Event()
        self.dialog.open(Subject({}, partial(self._save, thing)))

    async def _save(self, thing: str, form: _Note) -> None:
        await self.may_save[thing].wait()
        self.saved.append((thing, form.note))

    async def send(self, opening: int, note: str) -> None:
        """What the browser sends of this opening."""
        shown = self.dialog._shown
        assert shown is not None
        args = {"note": note, "about:opening": opening}
        event = GenericEventArguments(sender=shown, client=shown.client, args=args)
        await self.dialog._submitted(event)


async def test_what_was_typed_for_one_thing_is_not_saved_into_the_next(told: list[str]) -> None:
    notes = _Notes()
    notes.open("first")
    notes.open("second")
    notes.may_save["second"].set()
    await notes.send(1, "Of the first")
    assert notes.saved == []
    assert OTHER in told[-1]
    await notes.send(2, "Of the second")
    assert notes.saved == [("second", "Of the second")]


async def test_the_next_thing_is_sent_while_the_one_before_is_under_way(told: list[str]) -> None:
    notes = _Notes()
    notes.open("first")
    first = asyncio.create_task(notes.send(1, "Of the first"))
    await asyncio.sleep(0)  # it is under way
    notes.open("second")
    second = asyncio.create_task(notes.send(2, "Of the second"))
    await asyncio.sleep(0)
    told.clear()
    notes.may_save["first"].set()
    await first
    assert told == [], "the second one is still being sent"
    notes.may_save["second"].set()
    await second
    assert notes.saved == [("first", "Of the first"), ("second", "Of the second")]


async def test_a_dialog_that_two_clicks_opened_takes_the_answer_that_was_typed_between_them(
    told: list[str],
) -> None:
    notes = _Notes()
    notes.open("first")
    notes.open("first")
    notes.may_save["first"].set()
    await notes.send(1, "Typed")
    assert notes.saved == [("first", "Typed")]


async def test_a_dialog_that_is_closed_and_opened_for_the_same_begins_anew(
    told: list[str],
) -> None:
    notes = _Notes()
    notes.open("first")
    shown = notes.dialog._shown
    assert shown is not None
    notes.dialog._closed(shown)
    notes.open("first")
    notes.may_save["first"].set()
    await notes.send(2, "Typed anew")
    assert notes.saved == [("first", "Typed anew")]
