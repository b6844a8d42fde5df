"""A page that closes while one of its handlers waits for what to show."""

from collections.abc import Iterator

import pytest
from nicegui import Client, ui

from services.core.forms import Form
from ui.actions import go_to
from ui.components.part import Part
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog


@pytest.fixture
def page() -> Iterator[Client]:
    """A page on which a test builds something."""
    client = Client(ui.page("/closes"))
    with client:
        yield client


def test_nothing_is_built_on_a_page_that_is_closed(page: Client) -> None:
    built: list[str] = []
    part = Part(ui.element(), built.append)
    part.show("before")
    page.delete()
    part.show("after")
    assert built == ["before"]


async def _nothing(_form: Form) -> None:
    """Takes an answer."""


def test_no_dialog_opens_on_a_page_that_is_closed(page: Client) -> None:
    dialog = FormDialog(Toast(), "Sure?", Form, submit="Yes", on_submit=_nothing)
    page.delete()
    dialog.open()
    assert not dialog.is_open


def test_a_page_that_is_closed_leads_nowhere(page: Client) -> None:
    page.delete()
    before = len(page.outbox.messages)
    go_to("/elsewhere")
    assert len(page.outbox.messages) == before
