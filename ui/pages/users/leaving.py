"""A departure: what it left, who has the work by now, and its receipt, which can be printed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission
from services.core.errors import NotFoundError
from services.core.forms import Form
from services.core.words import isolated_where_needed
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users import selection
from services.workspace import handover, leaving
from services.workspace.handover import HandoverView
from services.workspace.impact import LoneGroup, LoneTask, WorkImpact, get_work_impact
from services.workspace.leaving import Departure
from services.workspace.pocs import HandOverForm
from ui import notices, work_feed
from ui.actions import told
from ui.components.local_text import LocalText
from ui.components.part import Part
from ui.components.print_button import PrintButton
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.dialogs.telling import active_again
from ui.forms.dialog import About, FormDialog, Helpers, Subject
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.input import as_uuid
from ui.page import add_page
from ui.pages.users.leaving_receipt import build_sheet
from ui.pages.workspace.parts import button, link
from ui.paths import home_path
from ui.words import moment
from ui.work_words import work_words

MaySwitch = Annotated[Visit, Depends(require(Permission.SWITCH_USERS))]


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/users/{user_id}/leaving")(leaving_page)


async def leaving_page(visit: MaySwitch, user_id: str) -> None:
    """Build the page; a user of another tenant is shown as one that doesn't exist."""
    wanted = as_uuid(user_id)
    if wanted is None:
        raise NotFoundError("This user doesn't exist.")
    tenant_id = visit.actor.tenant_id
    rooms = (notices.user_room(wanted), notices.people_room(tenant_id))
    enter(visit, *rooms, work_feed.work_room(tenant_id))
    screen = _LeavingScreen(visit, wanted)
    await screen.read()
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Leaving receipt", current="users") as toast:
        screen.build(toast)


class _LeavingScreen:
    """The parts and the handlers of one open page."""

    departure: Departure
    left: WorkImpact
    handed: Sequence[HandoverView]
    toast: Toast

    def __init__(self, visit: Visit, user_id: UUID) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.user_id = user_id
        self.home = home_path(visit.tenant_slug)
        self.taken: list[HandoverView] = []

    async def read(self) -> None:
        """Read what the page shows."""
        self.departure = await leaving.get_departure(self.actor, self.user_id)
        self.left = await get_work_impact(self.actor, self.user_id)
        found = {one.id: one for one in await handover.list_handovers(self.actor, self.user_id)}
        # What was taken back here stays in its place: else the next one's button would come under
        # the pointer.
        kept = [one for one in self.taken if one.id not in found]
        self.handed = sorted([*found.values(), *kept], key=lambda one: one.at, reverse=True)

    def build(self, toast: Toast) -> None:
        """Lay the page out."""
        self.toast = toast
        self.giving: FormDialog[HandOverForm] = FormDialog(
            toast,
            "Hand over",
            HandOverForm,
            submit="Hand over",
            helpers=Helpers(people=partial(selection.list_selectable, self.actor)),
        )
        self.undoing: FormDialog[Form] = FormDialog(
            toast, "Undo", Form, submit="Undo", on_submit=self._undo
        )
        link(f"← {self.departure.receipt.name}", f"{self.home}/users/{self.user_id}", "back-link")
        with ui.element("div").classes("page-head"):
            text("h1", "Leaving receipt")
            with ui.element("div").classes("actions"):
                PrintButton()
                self.undo = button("Undo", told(toast)(self._ask_undo))
        self.work = Part(section("card leaving-work"), self._work)
        self.sheet = Part(section("card receipt"), build_sheet)
        self._show()
        for event in ("rollcall_details", "rollcall_work", "rollcall_audit"):
            Refresher(event, self._refresh, toast)

    async def _refresh(self) -> None:
        await self.read()
        self._show()

    def _show(self) -> None:
        self.undo.set_visibility(self.departure.receipt.can_be_undone)
        self.sheet.show(self.departure, self.left)
        self.work.show(self.left, self.handed, key=(self.left, self.handed, len(self.taken)))
        is_away = self.departure.receipt.returned_at is None
        self.work.box.set_visibility(is_away and (self.left.is_work or bool(self.handed)))

    def _work(self, left: WorkImpact, handed: Sequence[HandoverView]) -> None:
        if left.is_work:
            with ui.element("div").classes("card-head"):
                text("h2", "Work without anybody active")
                button("Hand over all", partial(self._open, None, "all of it"))
            with ui.element("ul").classes("session-list"):
                for poc_id, (title, what) in _by_poc(left).items():
                    with ui.element("li"):
                        link(title, f"{self.home}/pocs/{poc_id}")
                        text("span", what, "muted small")
                        open_one = partial(self._open, (poc_id,), title)
                        button("Hand over", open_one, look="btn btn-small", about=title)
        if handed:
            text("h2", "Handed over")
            with ui.element("ul").classes("session-list"):
                for one in handed:
                    with ui.element("li"):
                        what = work_words(one.pocs, one.tasks, one.groups)
                        text("span", f"{what} to {isolated_where_needed(one.to)}").props(
                            'dir="auto"'
                        )
                        said = f"{moment(one.at)}, by {isolated_where_needed(one.by)}"
                        LocalText("span", said).classes("muted small").props('dir="auto"')
                        if one in self.taken:
                            text("span", "Taken back", "muted small")
                        elif one.can_be_undone:
                            back = told(self.toast)(partial(self._take_back, one))
                            about = f"{what} from {one.to}"
                            button("Take back", back, look="btn btn-small", about=about)

    def _open(self, among: tuple[UUID, ...] | None, what: str) -> None:
        # One person's work, but what of it is handed over differs: only an answer about the same
        # part of it counts.
        part = among[0] if among else self.user_id
        about = replace(self._about(), id=str(part))
        given = Subject({}, partial(self._hand_over, among))
        self.giving.open(given, title=f"Hand over {what}", about=about)

    def _about(self) -> About:
        return About.person(self.user_id, self.departure.receipt.name, self.departure.email)

    async def _hand_over(self, among: tuple[UUID, ...] | None, form: HandOverForm) -> str:
        given = await handover.hand_over_work(self.actor, self.user_id, form, among)
        return "Handed over." if given else "Somebody else has handed it over already."

    async def _take_back(self, one: HandoverView) -> None:
        await handover.take_back(self.actor, one.id)
        self.taken.append(one)
        await self._refresh()
        self.toast.show("Taken back.", tone="success")

    async def _ask_undo(self) -> None:
        gone = any(one not in self.taken for one in self.handed)
        back = " The work that was handed over comes back to them." if gone else ""
        self.undoing.open(
            title="Undo this departure?",
            body="{name} can sign in again." + back,
            about=self._about(),
        )

    async def _undo(self, _form: Form) -> str:
        change = await leaving.undo(self.actor, self.user_id)
        return active_again(change)


def _by_poc(left: WorkImpact) -> dict[UUID, tuple[str, str]]:
    """For each POC: its title, and what in it nobody active has."""
    titles = {poc.id: poc.title for poc in left.pocs}
    owned = frozenset(titles)
    inside: list[LoneTask | LoneGroup] = [*left.tasks, *left.groups]
    for one in inside:
        titles.setdefault(one.poc_id, one.poc_title)
    tasks = Counter(task.poc_id for task in left.tasks)
    groups = Counter(group.poc_id for group in left.groups)
    found = {}
    for poc_id, title in titles.items():
        owner = "no active owner" if poc_id in owned else ""
        more = work_words(0, tasks[poc_id], groups[poc_id])
        found[poc_id] = (title, ", ".join(filter(None, (owner, more))))
    return found
