"""The part of Home for people who make templates: the groups, the most used first."""

from collections.abc import Collection, Sequence
from uuid import UUID

from nicegui import ui

from services.core.words import count_words
from services.workspace.template_rows import GroupTemplateRow
from ui.frame import section, text
from ui.pages.workspace.parts import link
from ui.words import ago


def show_groups(
    base: str, reader_id: UUID, groups: Sequence[GroupTemplateRow], bare: Collection[UUID]
) -> None:
    """Lay the groups out, in the element that is open; `base` is the organisation's path, and
    `bare` are those without resources."""
    with section():
        with ui.element("div").classes("card-head"):
            text("h2", "Group templates, most used first")
            link("All templates", f"{base}/templates")
        with ui.element("ul").classes("home-rows"):
            for group in groups:
                with ui.element("li"):
                    with ui.element("div").classes("home-what"):
                        link(group.title, f"{base}/templates/{group.id}")
                        about = text("span", _about(group, reader_id), "small muted")
                        about.props('dir="auto"')
                    with ui.element("div").classes("home-marks"):
                        if group.is_new:
                            text("span", "New", "chip chip-accent")
                        if group.id in bare:
                            text("span", "No resources", "chip chip-warning")
                        used = count_words(group.pocs, "POC") if group.pocs else "Not used yet"
                        text("span", used, "small muted")


def _about(group: GroupTemplateRow, reader_id: UUID) -> str:
    """How much a group has, and who made it or changed it last."""
    by = group.changed_by
    who = "you" if by and by.id == reader_id else by.name if by else ""
    did = "made" if group.changed_at == group.created_at else "changed"
    changed = f"{did} {ago(group.changed_at)}" + (f" by {who}" if who else "")
    if by and not by.active:
        changed += " (inactive)"
    sizes = (count_words(group.tasks, "task"), count_words(group.days, "day"))
    return " · ".join((*sizes, changed))
