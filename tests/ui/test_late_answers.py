"""The answer to a dialog comes after it was closed, and opened again about somebody else."""

import asyncio

import pytest
from nicegui import Client, ui
from nicegui.events import GenericEventArguments

from services.core.forms import Form
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog, Link, Subject

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
    event = GenericEventArguments(sender=shown, client=client, args={"about:id": ADA.id})
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
