"""What a POC would get from a group template, beside the template's tasks."""

from datetime import date

from nicegui import ui

from services.core.words import count_words
from services.workspace.plans import Plan, PlannedTask
from services.workspace.template_list import GroupTemplateDetails
from ui.frame import text


def show_plan(plan: Plan | None, start_on: date, details: GroupTemplateDetails) -> None:
    """Lay out the tasks of a POC that starts on this day, in the element that is open."""
    if plan is None or plan.ends_on is None:
        archived = details.row.is_archived
        text("p", "It is archived: no new POC gets it." if archived else "Nothing yet.", "muted")
        return
    last = max((plan.ends_on - start_on).days + 1, 1)
    with ui.element("ul").classes("preview-rows"):
        for group in plan.groups:
            for task in group.tasks:
                with ui.element("li"):
                    with ui.element("span").classes("preview-what"):
                        text("span", task.title).props('dir="auto"')
                        text("span", _days(task), "small muted")
                    _bar(task, start_on, last)
    with ui.element("p").classes("small muted preview-key"):
        text("span", "Team", "timeline-key")
        text("span", "Customer", "timeline-key customer")
    row = details.row
    what = [count_words(row.tasks, "task"), count_words(row.days, "day")]
    if resources := details.resources:
        what.insert(1, count_words(resources, "resource"))
    keep = (
        f"the {row.pocs:,} that have it keep their" if row.pocs > 1 else "the 1 with it keeps its"
    )
    copies = f": {keep} copy" if row.pocs else ""
    text("p", f"{', '.join(what)}. Changes reach new POCs alone{copies}.", "small muted")


def _days(task: PlannedTask) -> str:
    days = (f"{day:%a %-d %b}" for day in (task.start_on, task.due_on))
    return " – ".join(dict.fromkeys(days))


def _bar(task: PlannedTask, start_on: date, last: int) -> None:
    at = 100 * (task.start_on - start_on).days / last
    long = 100 * ((task.due_on - task.start_on).days + 1) / last
    with ui.element("span").classes("side-bar").props('aria-hidden="true"'):
        bar = ui.element("span").classes(task.side.value)
        bar.style(f"flex-basis: {long:.1f}%; margin-inline-start: {at:.1f}%")
