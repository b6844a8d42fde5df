"""The part of Home for people who look after the organisation: figures, each a link, and what the
screens on its walls show."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from nicegui import ui

from models import PocStatus
from services.core.words import count_words
from services.screens.figures import Figures
from services.screens.reading import Dashboard
from services.workspace.orphans import Orphaned
from ui.components.person_avatar import PersonAvatar
from ui.components.stage_box import StageBox
from ui.frame import section, text
from ui.pages.workspace.parts import button, link
from ui.words import ago
from ui.work_words import work_words

OUTSIDERS = "customers?access=1"
Cell = tuple[int, str, str, str]
"""A count, its words, where it leads to, and its tone."""


def rows_of(figures: Figures, today: date) -> list[tuple[str, list[Cell]]]:
    """The rows of figures."""
    f = figures
    yesterday = today - timedelta(days=1)
    bad = "danger"
    return [
        (
            "Users",
            [
                (f.active, "active", "users?status=active", ""),
                (f.inactive, "inactive", "users?status=inactive", ""),
                (f.invited, "invited", "users?status=invited", ""),
                (f.mails_failed, "mails failed", "users?status=invited", bad),
            ],
        ),
        (
            "People from outside",
            [
                (f.outside_active, "with access", OUTSIDERS, ""),
                (f.outside_waiting, "never came", f"{OUTSIDERS}&status=invited", ""),
                (f.outside_quiet, "quiet 30 days", f"{OUTSIDERS}&seen=not-30", ""),
            ],
        ),
        (
            "POCs",
            [
                (f.pocs.get(PocStatus.ACTIVE, 0), "active", "pocs?status=active", ""),
                (f.pocs.get(PocStatus.ON_HOLD, 0), "on hold", "pocs?status=on_hold", ""),
                (f.pocs.get(PocStatus.COMPLETED, 0), "completed", "pocs?status=completed", ""),
                (f.pocs_overdue, "overdue", f"pocs?status=active&due=2000-01-01..{yesterday}", bad),
            ],
        ),
    ]


def figure_rows(base: str, rows: list[tuple[str, list[Cell]]]) -> None:
    """Lay rows of figures out, in the element that is open."""
    with ui.element("div").classes("dash-rows"):
        for name, cells in rows:
            with ui.element("div").classes("dash-row"):
                text("h2", name)
                with ui.element("ul"):
                    for count, words, leads_to, tone in cells:
                        with ui.element("li"):
                            shown = link(f"{count:,}", f"{base}/{leads_to}", "dash-figure")
                            shown.props["aria-label"] = f"{count:,} {words}, {name}"
                            if tone and count:
                                shown.classes(tone)
                            text("span", words, "small muted")


def left_work(base: str, on_more: Callable[[], Awaitable[None]], left: Orphaned) -> None:
    """The people who left work that nobody active has, each with a link to hand it over."""
    with section():
        text("h2", "Orphaned work")
        with ui.element("ul").classes("home-rows home-people"):
            for one in left.people:
                with ui.element("li"):
                    PersonAvatar(one.user_id, one.name, one.picture, "avatar-small")
                    with ui.element("div").classes("home-what"):
                        link(one.name, f"{base}/users/{one.user_id}")
                        since = f", left {ago(one.since)}" if one.since else ""
                        what = work_words(one.pocs, one.tasks, one.groups)
                        text("span", f"{what}{since}", "small muted")
                    give = link("Hand over", f"{base}/users/{one.user_id}/leaving", "btn btn-small")
                    give.props["aria-label"] = f"Hand over the work of {one.name}"
        if left.more:
            people = count_words(left.more, "more person", "more people")
            button(f"Show {people} who left work", on_more, look="link-button")


class OnScreens:
    """What a screen on a wall would show, live, and the link to pair one."""

    def __init__(self, base: str) -> None:
        self.base = base

    def build(self, shown: Dashboard) -> None:
        """Lay it out."""
        with section("card dash-stage"):
            with ui.element("div").classes("card-head"):
                with ui.element("h2"):
                    link("Dashboard", f"{self.base}/dashboard")
                link("Show on a screen", f"{self.base}/settings/screens", "btn btn-small")
            self.box = StageBox(shown)

    def show(self, shown: Dashboard) -> None:
        """Draw the present state."""
        self.box.show(shown)
