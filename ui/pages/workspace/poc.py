"""One POC: its head, and its tabs, each at a path of its own."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from nicegui import ui

from models import PocStatus
from services.access.permissions import Permission
from services.core import clock
from services.core.errors import NotFoundError
from services.core.forms import Form, lines
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users import selection
from services.workspace import listing, pocs
from services.workspace.listing import PocDetails
from services.workspace.pocs import HandOverForm, PocForm, StatusForm
from ui import notices, work_feed
from ui.actions import told
from ui.components.facts import fact
from ui.components.menu import Menu
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.input import as_uuid
from ui.pages.workspace import (
    poc_comments,
    poc_criteria,
    poc_history,
    poc_people,
    poc_resources,
    poc_tasks,
)
from ui.pages.workspace.parts import (
    both_sides,
    button,
    link,
    person_name,
    side_progress,
    status_chip,
)
from ui.paths import home_path
from ui.work_words import day_words, due_words

MayView = Annotated[Visit, Depends(require(Permission.VIEW_ALL_POCS))]
Build = Callable[[Visit, Toast, PocDetails], Awaitable[None]]
# The tabs: the last part of the path, the label, and what builds it.
TABS: dict[str, tuple[str, Build]] = {
    "": ("Tasks", partial(poc_tasks.build, look="list")),
    "criteria": ("Criteria", poc_criteria.build),
    "resources": ("Resources", poc_resources.build),
    "comments": ("Comments", poc_comments.build),
    "people": ("People", poc_people.build),
    "history": ("History", poc_history.build),
}
# Other ways to look at the tasks, each at a path of its own as well.
LOOKS: dict[str, Build] = {
    path: partial(poc_tasks.build, look=look) for look, (path, _) in poc_tasks.LOOKS.items() if path
}


class OutcomeForm(Form):
    """What came of a POC that ends."""

    outcome: str = lines("Outcome", optional=True, hint="What did it show?")


def register() -> None:
    """Route the page, and each of its tabs."""
    ui.page("/t/{slug}/pocs/{poc_id}")(poc_page)
    ui.page("/t/{slug}/pocs/{poc_id}/{tab}")(poc_page)


async def poc_page(visit: MayView, poc_id: str, tab: str = "") -> None:
    """Build the page; a POC of another organisation is told as one that doesn't exist."""
    wanted = as_uuid(poc_id)
    if wanted is None or (tab not in TABS and tab not in LOOKS):
        raise NotFoundError("This POC doesn't exist.")
    tenant_id = visit.actor.tenant_id
    rooms = (work_feed.poc_room(wanted), work_feed.workers_room(tenant_id))
    enter(visit, *rooms, notices.people_room(tenant_id))
    details = await listing.get_details(visit.actor, wanted)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, details.row.title, current="pocs") as toast:
        screen = _PocScreen(visit, wanted, toast)
        screen.build(details, "" if tab in LOOKS else tab)
        build = LOOKS[tab] if tab in LOOKS else TABS[tab][1]
        await build(visit, toast, details)


class _PocScreen:
    """The head of one open page."""

    def __init__(self, visit: Visit, poc_id: UUID, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.poc_id = poc_id
        self.toast = toast
        self.base = f"{home_path(visit.tenant_slug)}/pocs"
        self.closing = PocStatus.COMPLETED

    def build(self, details: PocDetails, tab: str) -> None:
        """Lay the head out."""
        find_people = partial(selection.list_selectable, self.actor)
        self.edit = FormDialog(self.toast, "Edit POC", PocForm, submit="Save", on_submit=self._edit)
        self.status = FormDialog(
            self.toast, "Change status", OutcomeForm, submit="Save", on_submit=self._close
        )
        self.archive = FormDialog(
            self.toast,
            "Archive this POC?",
            Form,
            submit="Archive",
            on_submit=self._archive,
            tone="danger",
        )
        self.owner = FormDialog(
            self.toast,
            "Hand over",
            HandOverForm,
            submit="Hand over",
            on_submit=self._hand_over,
            helpers=Helpers(people=find_people),
        )
        link("← All POCs", self.base, "back-link")
        self.head = Part(ui.element("div").classes("page-head"), self._head)
        self.facts = Part(section("card poc-facts"), self._facts)
        nav = ui.element("nav").classes("tabs").props('aria-label="POC"')
        self.tabs = Part(nav, partial(self._tabs, tab))
        self._show(details)
        for event in ("rollcall_poc", "rollcall_people"):
            Refresher(event, self._refresh, self.toast)

    async def _refresh(self) -> None:
        self._show(await listing.get_details(self.actor, self.poc_id))

    def _show(self, details: PocDetails) -> None:
        self.details = details
        row = details.row
        seen = (row.title, row.status, row.archived, details.may_change, details.may_reassign)
        self.head.show(key=seen)  # a menu that is open stays so
        self.facts.show(replace(details, members=(), criteria=0, resources=0, comments=0))
        counts = {
            "criteria": details.criteria,
            "resources": details.resources,
            "comments": details.comments,
            "people": len(details.members),
        }
        self.tabs.show({path: count for path, count in counts.items() if count})

    def _tabs(self, current: str, counts: Mapping[str, int]) -> None:
        for path, (label, _) in TABS.items():
            url = f"{self.base}/{self.poc_id}" + (f"/{path}" if path else "")
            shown = link(f"{label} " if path in counts else label, url, "tab")
            if path == current:
                shown.props["aria-current"] = "page"
            if path in counts:
                with shown:
                    text("span", f"{counts[path]:,}", "small muted tab-count")

    def _head(self) -> None:
        details, row = self.details, self.details.row
        with ui.element("div").classes("details-title"):
            text("h1", row.title).props('dir="auto"')
            status_chip(row.status)
            if row.archived:
                text("span", "Archived", "chip chip-inactive")
        with ui.element("div").classes("actions"):
            if details.may_change and row.archived:
                button("Restore", told(self.toast)(self._restore))
            elif details.may_change:
                button("Edit", self._open_edit)
                steps = [(status.value, label) for status, label in details.steps.items()]
                Menu("Change status", steps, self._open_status)
                Menu("More", [("owner", "Hand over"), ("archive", "Archive")], self._open_more)
            elif details.may_reassign and not row.archived:
                button("Reassign", self._open_owner)

    def _facts(self, details: PocDetails) -> None:
        row = details.row
        with ui.element("dl").classes("poc-figures"):
            fact("Customer", row.customer)
            with ui.element("div").classes("fact"):
                text("dt", "Owner")
                with ui.element("dd"):
                    person_name(row.owner)
            end = due_words(row.due, clock.now().date(), is_done=row.status.is_closed)[0]
            with ui.element("div").classes("fact"):
                text("dt", "Start to end")
                with ui.element("dd"):
                    text("span", f"{day_words(row.start_on)} to {day_words(row.due, 'no end')}")
                    if row.is_overdue:
                        text("span", end, "small task-due danger")
            side_progress("Team", row.progress.team)
            side_progress("Customer", row.progress.customer)
            both_sides("Whole", row.progress)
        for label, words in (
            ("Description", details.description),
            ("Objectives", details.objectives),
            ("Outcome", details.outcome),
            ("Handover note", details.handover_note),
        ):
            if words:
                with ui.element("div").classes("poc-text"):
                    text("h2", label)
                    text("p", words, "lines").props('dir="auto"')

    def _open_edit(self) -> None:
        row = self.details.row
        self.edit.open(
            {
                "title": row.title,
                "customer": row.customer,
                "description": self.details.description,
                "objectives": self.details.objectives,
                "start_on": row.start_on,
                "end_on": row.due,
            }
        )

    async def _edit(self, form: PocForm) -> Outcome:
        await pocs.edit_poc(self.actor, self.poc_id, self.details.row.facts_version, form)
        return "Saved."

    async def _open_status(self, value: str) -> None:
        status, row = PocStatus(value), self.details.row
        if status.is_closed:
            self.closing = status
            step = self.details.steps.get(status, "Close")
            self.status.open({}, title=f"{step} this POC?", body=self._cuts())
            return
        await told(self.toast)(partial(self._set_status, status, row.facts_version))()

    def _cuts(self) -> str:
        """What the end of the POC means for the customer's people."""
        count, row = self.details.with_access, self.details.row
        if not count:
            return f"Nobody at {row.customer} can open it now."
        people = "1 person" if count == 1 else f"{count:,} people"
        whose = "their" if count > 1 else "that person’s"
        then = f"can’t open it any more, and {whose} open pages close at once."
        return f"{people} at {row.customer} {then}"

    async def _set_status(self, status: PocStatus, version: int) -> None:
        await pocs.change_status(self.actor, self.poc_id, version, StatusForm(status=status))
        self.toast.show(f"{self.details.row.title}: {status.label}.", tone="success")

    async def _close(self, form: OutcomeForm) -> Outcome:
        row, status = self.details.row, StatusForm(status=self.closing, outcome=form.outcome)
        await pocs.change_status(self.actor, self.poc_id, row.facts_version, status)
        return f"{row.title}: {self.closing.label}."

    async def _open_more(self, value: str) -> None:
        if value == "archive":
            await told(self.toast)(self._open_archive)()
        else:
            self._open_owner()

    def _open_owner(self) -> None:
        self.owner.open({})

    async def _hand_over(self, form: HandOverForm) -> Outcome:
        act = pocs.hand_over if self.details.may_change else pocs.reassign
        await act(self.actor, self.poc_id, self.details.row.facts_version, form)
        return "Handed over."

    async def _open_archive(self) -> None:
        if self.details.with_access:
            self.archive.open({}, body=[self._cuts(), "Everything in it is kept."])
        else:
            await self._archive(Form())

    async def _archive(self, _form: Form) -> Outcome:
        row = self.details.row
        await pocs.set_archived(self.actor, self.poc_id, row.facts_version, archived=True)
        restore = told(self.toast)(self._restore)
        self.toast.show(f"{row.title} is archived.", "success", "Undo", restore)
        return None

    async def _restore(self) -> None:
        row = (await listing.get_details(self.actor, self.poc_id)).row
        await pocs.set_archived(self.actor, self.poc_id, row.facts_version, archived=False)
        self.toast.show(f"{row.title} is back.", "success")
