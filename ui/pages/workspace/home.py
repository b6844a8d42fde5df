"""Home: what is mine and due, what needs somebody, what changed since I was last here."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Annotated

from fastapi import Depends
from nicegui import ui

from models import PocStatus, Role
from services.access.permissions import Permission, may
from services.core.days import today_in
from services.core.words import count_words, isolated_where_needed
from services.screens import home
from services.screens.figures import Figures
from services.screens.home import Managed
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users import selection
from services.workspace import orphans, overview, pocs
from services.workspace.changes import Change
from services.workspace.orphans import Orphaned
from services.workspace.overview import MyTask, Overview
from services.workspace.poc_list import PocRow
from services.workspace.pocs import HandOverForm
from ui import notices, work_feed
from ui.actions import told
from ui.components.part import Part
from ui.components.person_avatar import PersonAvatar
from ui.components.refresher import MINUTE, Refresher
from ui.components.task_mark import TaskMark
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog, Helpers, Subject
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.page import add_page
from ui.pages.workspace.home_changes import show_changes
from ui.pages.workspace.home_figures import (
    OnScreens,
    figure_rows,
    left_work,
    rows_of,
)
from ui.pages.workspace.home_groups import show_groups
from ui.pages.workspace.home_steps import (
    overdue_review,
    reassign_step,
    review_step,
    work_step,
)
from ui.pages.workspace.parts import (
    due_mark,
    face_look,
    link,
    person_name,
    side_bars,
    side_legend,
    status_chip,
)
from ui.paths import home_path

LATER = "Later"
REST = 3  # seconds
FEW = 8
"""How many POCs without an active owner are in sight before their owners."""
WHAT_MOVES = (
    "Reassign moves a POC alone. Hand over, below, moves all the work that somebody left: their "
    "POCs, tasks and groups."
)
MayView = Annotated[Visit, Depends(require(Permission.VIEW_ALL_POCS))]

# What each role is for, in three steps; the first one has a link.
FIRST_STEPS: dict[Role, tuple[str, tuple[str, str, str], tuple[str, str]]] = {
    Role.SALES_ENGINEER: (
        "You run proofs of concept.",
        (
            "Start a POC: from templates, or empty.",
            "Add who works on it, and give each task somebody and a day.",
            "Bring tasks to Done; everybody who looks sees it at that moment.",
        ),
        ("Start a POC", "pocs?do=new"),
    ),
    Role.ADMINISTRATOR: (
        "You own the templates that POCs are started from.",
        (
            "Make a group template, and put its tasks in order.",
            "Say of each task whose it is, and on which day it starts.",
            "Sales Engineers start POCs from it. Each POC has a copy, which stays as it is.",
        ),
        ("Make a template", "templates?do=new"),
    ),
    Role.TENANT_ADMIN: (
        "You look after the people of this organisation.",
        (
            "Invite Administrators, who make templates, and Sales Engineers, who run POCs.",
            "Watch the POCs: each is somebody’s.",
            "Where a POC’s owner is inactive, hand it to somebody else.",
        ),
        ("Invite people", "users"),
    ),
}


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/home")(home_page)


async def home_page(visit: MayView) -> None:
    """Build the page."""
    tenant_id = visit.actor.tenant_id
    rooms = (notices.users_room(tenant_id), notices.people_room(tenant_id))
    enter(visit, work_feed.work_room(tenant_id), *rooms)
    shown = await home.get_home(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)
    await overview.note_visit(visit.actor)
    with frame(visit, "Home", current="home") as toast:
        _HomeScreen(visit, toast).build(shown.overview, shown.managed)


class _HomeScreen:
    """The parts of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.toast = toast
        self.base = home_path(visit.tenant_slug)
        self.most_left = orphans.MOST

    def build(self, shown: Overview, managed: Managed | None) -> None:
        """Lay the page out."""
        self.owner = FormDialog(
            self.toast,
            "Reassign {name}",
            HandOverForm,
            submit="Reassign",
            helpers=Helpers(people=partial(selection.list_selectable, self.visit.actor)),
        )
        with ui.element("div").classes("page-head"):
            heading = "Home" if managed else f"Hello, {self.visit.name}"
            with ui.element("div"):
                text("h1", heading).props('dir="auto"')
                text("span", f"{today_in(self.visit.time_zone):%A %-d %B}", "small muted")
            self._acts(is_managed=managed is not None)
        self.step = Part(ui.element("div"), self._next_step)
        with ui.element("div").classes("home-columns"):
            with ui.element("div").classes("home-main"):
                self.main = Part(ui.element("div").classes("home-main"), self._main)
                self.left = Part(ui.element("div"), self._left_work)
                self.figures = Part(ui.element("div"), self._managed)
                if managed:
                    self.screens = OnScreens(self.base)
                    self.screens.build(managed.dashboard)
            self.changes = Part(section(), self._changes)
        self._show(shown, managed)
        for event in ("rollcall_work", "rollcall_tallies", "rollcall_user"):
            if managed or event == "rollcall_work":
                every = MINUTE if managed and event == "rollcall_work" else 0
                Refresher(event, self._refresh, self.toast, every=every, rest=REST)

    def _acts(self, *, is_managed: bool) -> None:
        """What this role begins most."""
        if is_managed:
            link("+ Invite User", f"{self.base}/users?do=invite", "btn btn-primary")
        elif may(self.visit.role, Permission.RUN_POCS):
            link("+ New POC", f"{self.base}/pocs?do=new", "btn btn-primary")
        elif may(self.visit.role, Permission.CREATE_TEMPLATES):
            with ui.element("div").classes("actions"):
                link("+ New Group", f"{self.base}/templates?do=new", "btn")
                tasks = f"{self.base}/templates/tasks?do=new"
                link("+ New Template", tasks, "btn btn-primary")

    async def _refresh(self) -> None:
        shown = await home.get_home(self.visit.actor, self.most_left)
        self._show(shown.overview, shown.managed)
        if shown.managed:
            self.screens.show(shown.managed.dashboard)

    def _left_work(self, left: Orphaned) -> None:
        left_work(self.base, told(self.toast)(self._show_more_left), left)

    async def _show_more_left(self) -> None:
        self.most_left += orphans.MOST
        await self._refresh()

    def _managed(self, shown: Figures) -> None:
        with section():
            figure_rows(self.base, rows_of(shown, today_in(self.visit.time_zone)))

    def _show(self, shown: Overview, managed: Managed | None) -> None:
        waiting = shown.without_owner if managed else ()
        in_all = shown.without_owner_in_all
        since = overdue_review(managed.dashboard, self.visit.time_zone) if managed else None
        step = (shown.ending, shown.groups, shown.bare_groups)
        key = ([(poc.id, poc.title) for poc in waiting], in_all, since, *step)
        self.step.show(waiting, since, shown, key=key)
        if managed:
            self.figures.show(managed.figures)
            self.left.show(managed.left)
            self.left.box.set_visibility(bool(managed.left.people))
        self.main.show(replace(shown, changes=(), changes_in_all=0, since=None))
        self.changes.show(shown.changes, shown.changes_in_all, shown.since)

    def _next_step(self, waiting: Sequence[PocRow], since: date | None, shown: Overview) -> None:
        if since is not None:
            review_step(self.base, since)
        if waiting:
            first = waiting[0]
            on_reassign = partial(self._open_reassign, first)
            reassign_step(shown.without_owner_in_all, first.title, on_reassign)
        work_step(self.base, shown)

    def _main(self, shown: Overview) -> None:
        if _has_nothing_yet(shown, self.visit.role):
            self._first_day()
        if shown.without_owner:
            self._without_owner(shown.without_owner, shown.without_owner_in_all)
        if may(self.visit.role, Permission.RUN_POCS):
            self._my_tasks(shown.my_tasks, shown.my_tasks_in_all)
            self._my_pocs(shown.my_pocs, shown.my_pocs_in_all)
        if shown.groups:
            show_groups(self.base, self.visit.user_id, shown.groups, shown.bare_groups)
        if shown.counts and not may(self.visit.role, Permission.VIEW_USERS):
            self._figures(shown)

    def _first_day(self) -> None:
        sentence, steps, (label, page) = FIRST_STEPS.get(
            self.visit.role, FIRST_STEPS[Role.TENANT_ADMIN]
        )
        with section():
            text("h2", sentence)
            with ui.element("ol").classes("first-steps"):
                for step in steps:
                    text("li", step)
            link(label, f"{self.base}/{page}", "btn btn-primary")

    def _without_owner(self, rows: Sequence[PocRow], in_all: int) -> None:
        with section():
            _counted("h2", "Open POCs without an active owner", in_all)
            text("p", WHAT_MOVES, "small muted")
            if in_all <= FEW:
                self._poc_rows(rows, reassign=True)
                return
            # After a large departure it is the people below whose work is handed over.
            with ui.element("details"):
                text("summary", f"{in_all:,} POCs, each to be reassigned alone", "home-due")
                self._poc_rows(rows, reassign=True)
                self._more_pocs(in_all - len(rows), "owner_is=inactive")

    def _more_pocs(self, more: int, query: str) -> None:
        """A link to all, if some aren't here."""
        if more:
            link(f"{more:,} more, in POCs", f"{self.base}/pocs?{query}")

    def _open_reassign(self, poc: PocRow) -> None:
        about = About(str(poc.id), poc.title, poc.customer)
        self.owner.open(Subject({}, partial(self._reassign, poc)), about=about)

    async def _reassign(self, poc: PocRow, form: HandOverForm) -> str:
        await pocs.reassign(self.visit.actor, poc.id, poc.facts_version, form)
        return f"{isolated_where_needed(poc.title)} is reassigned."

    def _my_tasks(self, tasks: Sequence[MyTask], in_all: int) -> None:
        today = today_in(self.visit.time_zone)
        with section():
            _counted("h2", "My tasks", in_all)
            if not tasks:
                text("p", "No task of an open POC is yours.", "muted")
            groups = _by_due(tasks, today)
            for label, some in groups:
                is_later = label == LATER and len(groups) > 1
                with ui.element("details" if is_later else "div"):
                    if is_later:
                        text("summary", f"{len(some):,} more, due later", "home-due")
                    else:
                        _counted("h3", label, len(some)).classes("home-due")
                    with ui.element("ul").classes("home-rows"):
                        for task in some:
                            self._my_task(task, today)
            if in_all > len(tasks):
                text("p", f"{in_all - len(tasks):,} more, due after these.", "muted")

    def _my_task(self, task: MyTask, today: date) -> None:
        with ui.element("li"):
            TaskMark(task.status)
            with ui.element("div").classes("home-what"):
                link(task.title, f"{self.base}/pocs/{task.poc_id}")
                text("span", f"{task.poc_title} · {task.customer}", "small muted").props(
                    'dir="auto"'
                )
            due_mark(task.due_on, today)

    def _my_pocs(self, rows: Sequence[PocRow], in_all: int) -> None:
        with section():
            with ui.element("div").classes("card-head"):
                _counted("h2", "My POCs", in_all)
                if any(poc.progress.whole.total for poc in rows):
                    side_legend()
                link("All you work on", f"{self.base}/pocs?works={self.visit.user_id}")
            if not rows:
                text("p", "No open POC is yours.", "muted")
            self._poc_rows(rows)
            self._more_pocs(in_all - len(rows), f"owner={self.visit.user_id}")

    def _poc_rows(self, rows: Sequence[PocRow], *, reassign: bool = False) -> None:
        with ui.element("ul").classes("home-rows"):
            for poc in rows:
                with ui.element("li"):
                    with ui.element("div").classes("home-what"):
                        link(poc.title, f"{self.base}/pocs/{poc.id}")
                        text("span", poc.customer, "small muted").props('dir="auto"')
                        if reassign:
                            with ui.element("div").classes("home-facts"):
                                self._poc_facts(poc)
                    if reassign:
                        button = text("button", "Reassign", "btn").props('type="button"')
                        button.props["aria-label"] = f"Reassign {poc.title}"
                        button.on("click", partial(self._open_reassign, poc), args=[])
                    else:
                        self._poc_facts(poc)

    def _poc_facts(self, poc: PocRow) -> None:
        if poc.owner.id != self.visit.user_id:
            PersonAvatar(poc.owner.id, poc.owner.name, poc.owner.picture, face_look(poc.owner))
            person_name(poc.owner)
        status_chip(poc.status)
        side_bars(poc.progress)
        if poc.due:
            due_mark(poc.due, poc.today, is_done=poc.status.is_closed)
        else:
            text("span", "No end", "small task-due")

    def _figures(self, shown: Overview) -> None:
        with section():
            text("h2", "POCs of the organisation")
            with ui.element("ul").classes("home-figures"):
                for status in PocStatus:
                    with ui.element("li"):
                        link(
                            f"{shown.counts.get(status, 0):,}",
                            f"{self.base}/pocs?status={status.value}",
                            "home-figure",
                        ).props["aria-label"] = f"{shown.counts.get(status, 0)} {status.label}"
                        text("span", status.label, "small muted")
            if shown.overdue:
                text("p", f"{count_words(shown.overdue, 'open POC')} past the end date.", "danger")

    def _changes(self, changes: Sequence[Change], in_all: int, since: datetime | None) -> None:
        show_changes(self.base, changes, since)
        if in_all > len(changes) and may(self.visit.role, Permission.VIEW_AUDIT):
            link(f"Everything since then, in Audit ({in_all:,})", f"{self.base}/audit")
        elif in_all > len(changes):
            text("p", f"{in_all - len(changes):,} more, earlier.", "muted")


def _counted(tag: str, words: str, count: int) -> ui.element:
    """A heading with how many there are below it, if there are any."""
    with ui.element(tag) as heading:
        text("span", words)
        if count:
            text("span", f" {count:,}", "home-count")
    return heading


def _has_nothing_yet(shown: Overview, role: Role) -> bool:
    """Whether this role's work hasn't begun, however much the others have."""
    if may(role, Permission.RUN_POCS):
        return not shown.my_tasks and not shown.my_pocs
    if may(role, Permission.CREATE_TEMPLATES):
        return not shown.groups
    return not shown.counts


def _by_due(tasks: Sequence[MyTask], today: date) -> list[tuple[str, list[MyTask]]]:
    """The tasks under what should be seen first: overdue, today, this week, later."""
    groups: dict[str, list[MyTask]] = {"Overdue": [], "Today": [], "This week": [], LATER: []}
    for task in tasks:
        left = (task.due_on - today).days if task.due_on else None
        if left is None or left > 7:
            groups[LATER].append(task)
        else:
            groups["Overdue" if left < 0 else "Today" if left == 0 else "This week"].append(task)
    return [(label, some) for label, some in groups.items() if some]
