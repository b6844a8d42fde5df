"""The part of Home that tells what others did since the reader was last here."""

from collections.abc import Sequence
from datetime import datetime

from nicegui import ui

from services.workspace.changes import Change
from ui.components.person_avatar import PersonAvatar
from ui.frame import text
from ui.pages.workspace.parts import face_look, link
from ui.words import ago


def show_changes(base: str, changes: Sequence[Change], since: datetime | None) -> None:
    """Lay the changes out, in the element that is open; `base` is the organisation's path."""
    with ui.element("div").classes("card-head"):
        text("h2", "Since you were last here")
        if since is not None:
            text("span", ago(since), "small muted")
    if not changes:
        first = "This is your first visit. What others do shows here from the next one on."
        text("p", first if since is None else "Nothing changed.", "muted")
        return
    with ui.element("ul").classes("home-changes"):
        for change in changes:
            with ui.element("li"):
                _change(base, change)


def _change(base: str, change: Change) -> None:
    who = change.who
    if who is not None:
        PersonAvatar(who.id, who.name, who.picture, face_look(who))
    else:
        PersonAvatar(change.id, change.name, "", "avatar-small avatar-inactive")
    with ui.element("div").classes("home-change"):
        with ui.element("p"):
            text("strong", change.name).props('dir="auto"')
            text("span", f" {change.did} ")
            tab = "/comments" if change.is_said else ""
            leads_to = link(change.what, f"{base}/pocs/{change.poc_id}{tab}")
            leads_to.props["title"] = change.poc_title
            if change.rest:
                text("span", f" {change.rest}").props('dir="auto"')
        with ui.element("p").classes("small muted"):
            text("bdi", change.customer)
            text("span", f" · {ago(change.at)}")
