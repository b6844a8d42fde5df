"""What several pages of the work show in the same way."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from models import PocStatus
from services.workspace.people import Person
from services.workspace.progress import Progress
from ui.frame import text
from ui.work_words import due_words, part_words


def button(
    label: str, handler: Callable[..., Any], *, look: str = "btn", about: str = ""
) -> TextElement:
    """A button; `about` is what it acts on, if several buttons have the same label."""
    shown = text("button", label, look).props('type="button"')
    if about:
        shown.props["aria-label"] = f"{label} {about}"
    shown.on("click", handler, args=[])
    return shown


def link(label: str, url: str, classes: str = "") -> TextElement:
    """A link."""
    shown = text("a", label, classes).props('dir="auto"')
    shown.props["href"] = url
    return shown


def status_chip(status: PocStatus) -> None:
    """The status of a POC."""
    text("span", status.label, f"chip poc-chip poc-chip-{status.value}")


def face_look(person: Person) -> str:
    """How a small picture of somebody looks: square at the customer's, grey where inactive."""
    look = "avatar-small avatar-customer" if person.is_customer else "avatar-small"
    return look if person.active else f"{look} avatar-inactive"


def person_name(person: Person) -> None:
    """Somebody's name; an inactive person is marked."""
    shown = text("span", person.name, "person-name" if person.active else "person-name muted")
    shown.props('dir="auto"')
    if not person.active:
        text("span", "Inactive", "chip chip-inactive")


def due_mark(day: date | None, today: date, *, is_done: bool = False) -> None:
    """When something is due, in words, with a tone if it is late or soon."""
    words, tone = due_words(day, today, is_done=is_done)
    if words:
        text("span", words, f"small task-due {tone}")


def side_bars(progress: Progress) -> None:
    """The progress of a POC, the team's above the customer's, as the list of POCs has it."""
    sides = (("team", "Team", progress.team), ("customer", "Customer", progress.customer))
    shown = [(name, label, part) for name, label, part in sides if part.total]
    if not shown:
        text("span", part_words(progress.whole), "small muted")
        return
    with ui.element("div").classes("sides"):
        for name, label, part in shown:
            with ui.element("div").classes(f"side {name}"):
                bar = ui.element("span").classes("side-share")
                bar.style(f"--share: {part.done / part.total}").props('aria-hidden="true"')
                text("span", f"{label} {part_words(part)}", "visually-hidden")
                count = text("span", f"{part.done}/{part.total}", "small muted")
                count.props('aria-hidden="true"')


def side_legend() -> None:
    """Which of the two bars is whose, for the eye: each bar says it by itself to others."""
    with ui.element("span").classes("side-legend small muted").props('aria-hidden="true"'):
        for name, label in (("team", "Team"), ("customer", "Customer")):
            text("span", label, f"side-key {name}")


def empty(title: str, sentence: str, actions: Sequence[Callable[[], object]] = ()) -> None:
    """What is shown where there is nothing yet: what it is for, and the next step."""
    with ui.element("div").classes("empty"):
        text("h2", title)
        text("p", sentence, "muted")
        for build in actions:
            build()
