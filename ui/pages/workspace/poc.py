"""One POC: its head, and its tabs, each at a path of its own."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from nicegui import ui

from models import PocStatus
from services.access.actor import Actor
from services.access.permissions import Permission
from services.core.errors import ConflictError, NotFoundError
from services.core.forms import Form, lines
from services.core.words import count_words, isolated_where_needed
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users import selection
from services.workspace import deleting, listing, pocs
from services.workspace.listing import PocDetails
from services.workspace.pocs import HandOverForm, PocForm, StatusForm
from services.workspace.states import words_of
from ui import notices, work_feed
from ui.actions import told
from ui.components.menu import Menu
from ui.components.part import Part
from ui.components.poc_head import PocHead
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome, Subject
from ui.frame import enter, frame
from ui.identity import require
from ui.input import as_uuid
from ui.own_versions import OwnVersions
from ui.page import add_page
from ui.pages.workspace import (
    poc_comments,
    poc_criteria,
    poc_history,
    poc_people,
    poc_resources,
    poc_tasks,
)
from ui.pages.workspace.archived_files import ArchivedFilesDialog
from ui.pages.workspace.parts import button, link
from ui.pages.workspace.poc_archived import ArchivedDialog
from ui.paths import home_path
from ui.work_values import head_values

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

MORE = (
    ("owner", "Hand over"),
    ("archived", "What was archived"),
    ("archived_files", "Delete archived files"),
    ("archive", "Archive"),
)


class CompletedForm(Form):
    """The outcome of a POC that is completed."""

    outcome: str = lines("Outcome", hint="What did it show?")


class CancelledForm(Form):
    """The outcome of a POC that is cancelled, if there is one."""

    outcome: str = lines("Outcome", optional=True, hint="What did it show?")


Ending = CompletedForm | CancelledForm
# What is asked before each end, under which title, and the button that does it. (The button that
# leaves a dialog is called "Cancel".)
ENDINGS: Mapping[PocStatus, tuple[type[Ending], str, str]] = {
    PocStatus.COMPLETED: (CompletedForm, "Complete this POC?", "Complete"),
    PocStatus.CANCELLED: (CancelledForm, "Cancel this POC?", "Cancel the POC"),
}


def register() -> None:
    """Route the page, and each of its tabs."""
    add_page("/t/{slug}/pocs/{poc_id}")(poc_page)
    add_page("/t/{slug}/pocs/{poc_id}/{tab}")(poc_page)


async def poc_page(visit: MayView, poc_id: str, tab: str = "") -> None:
    """Build the page; a POC of another organisation is shown as one that doesn't exist."""
    wanted = as_uuid(poc_id)
    if wanted is None or (tab not in TABS and tab not in LOOKS):
        raise NotFoundError("This POC doesn't exist.")
    tenant_id = visit.actor.tenant_id
    rooms = [work_feed.poc_room(wanted), work_feed.head_room(wanted)]
    rooms += [work_feed.workers_room(tenant_id), notices.people_room(tenant_id)]
    if tab == "people":
        rooms.append(work_feed.team_room(wanted))
    enter(visit, *rooms)
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
        self.own = OwnVersions()
        self.steps: Menu | None = None
        self.more: Menu | None = None

    def build(self, details: PocDetails, tab: str) -> None:
        """Lay the head out."""
        find_people = partial(selection.list_selectable, self.actor)
        self.edit = FormDialog(self.toast, "Edit POC", PocForm, submit="Save")
        self.endings = {
            status: FormDialog(self.toast, title, form, submit=submit)
            for status, (form, title, submit) in ENDINGS.items()
        }
        self.archive = FormDialog(
            self.toast,
            "Archive this POC?",
            Form,
            submit="Archive",
            tone="danger",
        )
        self.owner = FormDialog(
            self.toast,
            "Hand over",
            HandOverForm,
            submit="Hand over",
            helpers=Helpers(people=find_people),
        )
        self.archived = ArchivedDialog(self.actor, self.toast, self.poc_id, self.visit.time_zone)
        self.files = ArchivedFilesDialog(
            self.toast,
            partial(deleting.list_archived_files, self.actor, self.poc_id),
            partial(deleting.delete_file, self.actor),
            self.visit.time_zone,
        )
        link("← All POCs", self.base, "back-link")
        tabs = [
            (path, label, f"{self.base}/{self.poc_id}/{path}".rstrip("/"))
            for path, (label, _) in TABS.items()
        ]
        self.head = PocHead(
            head_values(details.head),
            tabs=tabs,
            current=tab,
            on_missed=told(self.toast)(self._show_anew),
        )
        with self.head:
            self.acts = Part(ui.element("div").classes("actions"), self._acts)
        self._show(details)
        Refresher("rollcall_poc", self._refresh, self.toast)

    async def _refresh(self) -> None:
        """Ask what the reader may do now; the rest comes by itself."""
        self._show(await listing.get_details(self.actor, self.poc_id))

    async def _show_anew(self) -> None:
        await self._refresh()
        self.head.show(head_values(self.details.head))

    def _show(self, details: PocDetails) -> None:
        self.details = details
        row = details.row
        # What is open or in focus stays so.
        self.acts.show(key=(row.archived, details.may_change, details.may_reassign))
        self._follow()
        if self.steps is not None:
            # The status is part of the value, so that a choice made before a change is refused.
            steps = [(f"{row.status} {then}", label) for then, label in details.steps.items()]
            self.steps.offer(steps)

    def _follow(self) -> None:
        if self.more is not None:
            self.more.follow("rollcall_poc_head", head_values(self.details.head)["some"])

    def _acts(self) -> None:
        details, row = self.details, self.details.row
        self.steps = self.more = None
        if details.may_change and row.archived:
            button("Restore", told(self.toast)(self._restore))
        elif details.may_change:
            button("Edit", self._open_edit)
            self.steps = Menu("Change status", (), self._open_status)
            self.more = Menu("More", MORE, self._open_more)
            self._follow()
        elif details.may_reassign and not row.archived:
            button("Reassign", self._open_owner)

    def _open_edit(self) -> None:
        self.edit.open(self._subject())

    async def _anew(self) -> Subject[PocForm]:
        await self._refresh()
        return self._subject()

    def _subject(self) -> Subject[PocForm]:
        row, head = self.details.row, self.details.head
        values = {
            "title": row.title,
            "customer": row.customer,
            "description": head.description,
            "objectives": head.objectives,
            "start_on": row.start_on,
            "end_on": row.due,
        }
        # What others change from here on isn't in the fields.
        return Subject(values, partial(self._edit, row.facts_version), self._anew)

    async def _edit(self, seen: int, form: PocForm) -> Outcome:
        await self._change(seen, partial(pocs.edit_poc, form=form))
        return "Saved."

    async def _change(self, seen: int, act: Callable[[Actor, UUID, int], Awaitable[int]]) -> None:
        """Change the POC, of which this page saw the version `seen`."""
        await self.own.change(self.poc_id, seen, partial(act, self.actor, self.poc_id))

    async def _open_status(self, value: str) -> None:
        try:
            before, then = map(PocStatus, value.split(" "))
        except ValueError:  # no browser of ours sent it
            return
        await told(self.toast)(partial(self._ask_status, before, then))()

    async def _ask_status(self, before: PocStatus, status: PocStatus) -> None:
        await self._look_again(before, status)
        row = self.details.row
        if status.is_closed and row.status is not status:
            self.endings[status].open(self._ending(before, status))
            return
        await self._set_status(status, row.facts_version)

    async def _look_again(self, before: PocStatus, status: PocStatus) -> None:
        """Read how the POC is now, as the question about an end says it. A step is refused if
        somebody else has brought the POC to a status that it doesn't begin from."""
        await self._refresh()
        row = self.details.row
        if row.status not in (before, status):
            raise ConflictError(
                f"{isolated_where_needed(row.title)} has changed meanwhile: "
                f"it is {words_of(row.status)} now. Look again, then decide."
            )

    def _ending(self, before: PocStatus, status: PocStatus) -> Subject[Ending]:
        close = partial(self._close, status, self.details.row.facts_version)
        anew = partial(self._ending_anew, before, status)
        return Subject({}, close, anew, body=self._end_of(status))

    async def _ending_anew(self, before: PocStatus, status: PocStatus) -> Subject[Ending]:
        await self._look_again(before, status)
        return self._ending(before, status)

    def _end_of(self, status: PocStatus) -> list[str]:
        """What is asked before the end: what a completed POC would leave undecided, too."""
        head, whole = self.details.head, self.details.row.progress.whole
        left = [
            count_words(count, one, many)
            for count, one, many in (
                (head.pending, "criterion is still pending", "criteria are still pending"),
                (whole.total - whole.done, "task isn’t done", "tasks aren’t done"),
            )
            if count
        ]
        if status is not PocStatus.COMPLETED or not left:
            return [self._cuts()]
        return [f"{' and '.join(left)}. They stay as they are.", self._cuts()]

    def _cuts(self) -> str:
        """What the end of the POC means for the customer's people."""
        count, row = self.details.with_access, self.details.row
        if not count:
            return f"Nobody at {isolated_where_needed(row.customer)} can open it now."
        people = count_words(count, "person", "people")
        whose = "their" if count > 1 else "that person’s"
        then = f"can’t open it any more, and {whose} open pages close at once."
        return f"{people} at {isolated_where_needed(row.customer)} {then}"

    async def _set_status(self, status: PocStatus, version: int) -> None:
        await self._change(version, partial(pocs.change_status, form=StatusForm(status=status)))
        title = isolated_where_needed(self.details.row.title)
        self.toast.show(f"{title}: {status.label}.", tone="success")

    async def _close(self, status: PocStatus, seen: int, form: Ending) -> Outcome:
        end = StatusForm(status=status, outcome=form.outcome)
        await self._change(seen, partial(pocs.change_status, form=end))
        return f"{isolated_where_needed(self.details.row.title)}: {status.label}."

    async def _open_more(self, value: str) -> None:
        if value == "archive":
            await told(self.toast)(self._open_archive)()
        elif value == "archived":
            await told(self.toast)(self.archived.open)()
        elif value == "archived_files":
            await told(self.toast)(self.files.open)()
        elif value == "owner":
            self._open_owner()

    def _open_owner(self) -> None:
        self.owner.open(self._owner_subject())

    def _owner_subject(self) -> Subject[HandOverForm]:
        seen = self.details.row.facts_version
        return Subject({}, partial(self._hand_over, seen), self._owner_anew)

    async def _owner_anew(self) -> Subject[HandOverForm]:
        await self._refresh()
        return self._owner_subject()

    async def _hand_over(self, seen: int, form: HandOverForm) -> Outcome:
        act = pocs.hand_over if self.details.may_change else pocs.reassign
        await self._change(seen, partial(act, form=form))
        return "Handed over."

    async def _open_archive(self) -> None:
        await self._refresh()
        if self.details.with_access:
            self.archive.open(self._archiving())
        else:
            await self._archive(self.details.row.facts_version, Form())

    def _archiving(self) -> Subject[Form]:
        archive = partial(self._archive, self.details.row.facts_version)
        body = [self._cuts(), "Everything in it is kept."]
        return Subject({}, archive, self._archiving_anew, body=body)

    async def _archiving_anew(self) -> Subject[Form]:
        await self._refresh()
        return self._archiving()

    async def _archive(self, seen: int, _form: Form) -> Outcome:
        row = self.details.row
        await self._change(seen, partial(pocs.set_archived, archived=True))
        restore = told(self.toast)(self._restore)
        title = isolated_where_needed(row.title)
        self.toast.show(f"{title} is archived.", "success", "Undo", restore)
        return None

    async def _restore(self) -> None:
        row = (await listing.get_details(self.actor, self.poc_id)).row
        await self._change(row.facts_version, partial(pocs.set_archived, archived=False))
        self.toast.show(f"{isolated_where_needed(row.title)} is back.", "success")
