"""The part of Home for who looks after the organisation: figures, each a link, and what the screens
on its walls show."""

from collections.abc import Callable
from datetime import timedelta

from nicegui import ui

from models import PocStatus
from services.core import clock
from services.screens.figures import Figures
from services.screens.reading import Dashboard
from ui.components.stage_box import StageBox
from ui.frame import section, text
from ui.pages.workspace.parts import button, link

Cell = tuple[int, str, str, str]
"""A count, its words, where it leads to, and how it is toned."""


def rows_of(figures: Figures) -> list[tuple[str, list[Cell]]]:
    """The rows of figures."""
    f = figures
    yesterday = clock.now().date() - timedelta(days=1)
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
                (f.outside_active, "with access", "customers", ""),
                (f.outside_waiting, "never came", "customers", ""),
                (f.outside_quiet, "quiet 30 days", "customers", ""),
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


def next_step(without_owner: int, title: str, on_reassign: Callable[[], None]) -> None:
    """What needs somebody first, where anything does: the first POC by its title."""
    pocs = "1 open POC belongs" if without_owner == 1 else f"{without_owner} open POCs belong"
    with ui.element("div").classes("banner banner-info next-step"):
        with ui.element("div"):
            text("strong", "Next step")
            text("p", f"{pocs} to somebody inactive. Reassign each to somebody who answers.")
        label = "Reassign" if without_owner == 1 else "Reassign the first"
        button(label, on_reassign, about="" if without_owner == 1 else title)


class OnScreens:
    """What a screen on a wall would show, live, and the way to hang one up."""

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
        """Draw what is true now."""
        self.box.show(shown)
