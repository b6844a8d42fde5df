"""Texts on a page read as they were written, and hide nothing of a name from before."""

from collections.abc import Iterator
from typing import Any

import pytest
from nicegui import Client, ui

from services.core.forms import Form
from ui.components.local_text import LocalText
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog, Subject
from ui.frame import text

TURNED = "Ada \N{RIGHT-TO-LEFT OVERRIDE}nimda"
NAMED = "Ada [U+202E]nimda"
WRITTEN = "Sil\N{SOFT HYPHEN}ben, \N{RIGHT-TO-LEFT MARK}שלום, ตาราง\N{ZERO WIDTH SPACE}เวลา"


@pytest.fixture
def page() -> Iterator[Client]:
    """A page on which a test shows something."""
    client = Client(ui.page("/shows"))
    with client:
        yield client


async def _nothing(_form: Form) -> None:
    """Takes an answer."""


def _message(said: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the page's browser is told to show as a message."""
    toast, sent = Toast(), []

    def hear(_method: str, message: dict[str, Any]) -> None:
        sent.append(message)

    monkeypatch.setattr(toast, "run_method", hear)
    toast.show(said)
    (message,) = sent
    return str(message["message"])


def _opened(dialog: FormDialog[Form]) -> dict[str, Any]:
    assert dialog._shown is not None
    opening: dict[str, Any] = dialog._shown._props["opening"]
    return opening


def test_a_plain_element_shows_a_text_as_it_was_written(page: Client) -> None:
    assert text("p", WRITTEN).text == WRITTEN


def test_a_plain_element_names_what_turns_its_text(page: Client) -> None:
    assert text("p", TURNED).text == NAMED


def test_a_text_with_times_reads_as_it_was_written(page: Client) -> None:
    assert LocalText("span", WRITTEN)._props["sentence"] == WRITTEN


def test_a_text_with_times_names_what_turns_it(page: Client) -> None:
    assert LocalText("span", f"by {TURNED}")._props["sentence"] == f"by {NAMED}"


def test_a_message_shows_a_text_as_it_was_written(
    page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _message(WRITTEN, monkeypatch) == WRITTEN


def test_a_message_names_what_turns_it(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _message(f"{TURNED} is active.", monkeypatch) == f"{NAMED} is active."


def test_a_dialog_shows_the_lines_of_a_text_as_they_were_written(page: Client) -> None:
    dialog = FormDialog(Toast(), "Sure?", Form, submit="Yes", on_submit=_nothing)
    dialog.open(body=WRITTEN)
    assert _opened(dialog)["body"] == [WRITTEN]


def test_a_dialog_hides_nothing_of_the_name_that_it_is_about(page: Client) -> None:
    dialog = FormDialog(Toast(), "Deactivate {name}?", Form, submit="Yes")
    hidden = f"{TURNED}\N{ZERO WIDTH SPACE}"
    dialog.open(Subject({}, _nothing), about=About("1", hidden, "ada@example.com"))
    assert _opened(dialog)["about"]["name"] == f"{NAMED}[U+200B]"
