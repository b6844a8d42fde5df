"""The line above Home that says what to do next, if there is anything: one sentence, one button."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from nicegui import ui

from services.core import clock
from services.core.days import day_in
from services.core.words import count_words
from services.screens.people import People
from services.screens.reading import Dashboard
from services.screens.showing import ScreenView
from services.workspace.overview import Ending, Overview
from ui.frame import text
from ui.pages.workspace.parts import button, link
from ui.work_words import day_words

WEEK = 7  # days within which a day of the week says which day is meant


def _line(sentence: str) -> ui.element:
    """The line without its button, which is to be put into it."""
    line = ui.element("div").classes("banner banner-info next-step")
    with line, ui.element("div"):
        text("strong", "Next step")
        text("p", sentence).props('dir="auto"')
    return line


def reassign_step(without_owner: int, title: str, on_reassign: Callable[[], None]) -> None:
    """That POCs have nobody active to own them: the first of them by its title."""
    pocs = count_words(without_owner, "open POC belongs", "open POCs belong")
    sentence = f"{pocs} to somebody inactive. Reassign each to somebody who answers."
    label = "Reassign" if without_owner == 1 else "Reassign the first"
    with _line(sentence):
        button(label, on_reassign, about="" if without_owner == 1 else title)


def overdue_review(shown: Dashboard, zone: str) -> date | None:
    """Since which day of this zone a review should have begun; none if it needn't, or if one is
    under way."""
    people = shown.views[ScreenView.PEOPLE]
    due = people.review.next_due if isinstance(people, People) else 0
    if not due or due > clock.now().timestamp():
        return None
    return day_in(datetime.fromtimestamp(due, UTC), zone)


def review_step(base: str, since: date) -> None:
    """That a review is due by the organisation's rule."""
    with _line(f"A review of who still needs access has been due since {since:%-d %B %Y}."):
        link("Begin a review", f"{base}/review", "btn")


def work_step(base: str, shown: Overview) -> None:
    """What somebody's own work needs first: criteria of a POC that ends, or resources of a
    template that is used. Nothing, if neither does."""
    if shown.ending is not None:
        with _line(_ending_words(shown.ending)):
            link("Open criteria", f"{base}/pocs/{shown.ending.poc.id}/criteria", "btn")
        return
    bare = next((row for row in shown.groups if row.id in shown.bare_groups and row.pocs), None)
    if bare is not None:
        used = count_words(bare.pocs, "POC")
        with _line(f"“{bare.title}” went into {used} and has no resources yet."):
            link("Add resources", f"{base}/templates/{bare.id}", "btn")


def _ending_words(ending: Ending) -> str:
    end = ending.poc.due
    left = (end - ending.poc.today).days if end else 0
    if left < 0:
        when = f"should have ended on {day_words(end)}"
    elif left == 0:
        when = "ends today"
    else:
        when = f"ends on {end:%A}" if left < WEEK else f"ends on {day_words(end)}"
    return f"“{ending.poc.title}” {when}, and {_pending_words(ending)} still pending."


def _pending_words(ending: Ending) -> str:
    if ending.criteria == 1:
        return "its only criterion is"
    if ending.pending == ending.criteria:
        return f"all of its {ending.criteria} criteria are"
    are = "is" if ending.pending == 1 else "are"
    return f"{ending.pending} of its {ending.criteria} criteria {are}"
