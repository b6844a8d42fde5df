"""One act on many rows of a list, at a url of its own: previewed, left and found again, undone."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from fastapi.responses import Response
from nicegui import ui

from models import BulkKind, BulkState, PocStatus
from services.access.permissions import may
from services.bulk import preview, results, runs
from services.bulk.runs import BulkForm, BulkView
from services.core.words import isolated
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users import selection
from services.workspace import bulk_handover
from services.workspace.bulk_handover import BulkHandOverForm, HeirsForm, When
from services.workspace.impact import get_work_of_many
from ui import notices, work_feed
from ui.actions import go_to, told
from ui.components.bulk_act import BulkActView
from ui.components.local_text import LocalText
from ui.components.toast import Toast
from ui.csv_answer import csv_answer
from ui.forms.dialog import FormDialog, Helpers
from ui.frame import enter, frame, text
from ui.identity import require
from ui.looks import version_of
from ui.page import add_file, add_page
from ui.pages.bulk_places import PLACES, ListShown, Place
from ui.paths import home_path
from ui.run_values import bulk_values
from ui.tables.feed import list_room
from ui.whose import whose
from ui.words import moment

# How many rows of a kind a page gets the names of.
MOST_NAMES = 200
STATES = {
    BulkState.RUNNING: "running",
    BulkState.DONE: "done",
    BulkState.STOPPED: "stopped",
    BulkState.FAILED: "ended early",
}


def register() -> None:
    """Route the pages, and the files with the results, of each place."""
    for place in PLACES:
        _register(place)


def _register(place: Place) -> None:
    may_look = Annotated[Visit, Depends(require(*place.looks))]

    async def acts_page(visit: may_look) -> None:
        await _show_acts(visit, place)

    async def act_page(visit: may_look, bulk_id: UUID) -> None:
        await _show_act(visit, place, bulk_id)

    async def results_file(visit: may_look, bulk_id: UUID) -> Response:
        content = await results.results_csv(visit.actor, bulk_id)
        return csv_answer(content, "bulk-act-results")

    base = f"/t/{{slug}}/{place.path}/bulk"
    add_page(base)(acts_page)
    add_page(f"{base}/{{bulk_id}}")(act_page)
    add_file(f"{base}/{{bulk_id}}/results.csv")(results_file)


async def _show_acts(visit: Visit, place: Place) -> None:
    """List the latest acts."""
    enter(visit)
    found = await runs.list_runs(visit.actor, [one.noun for one in place.lists])
    await sessions.touch(visit.actor, visit.seen_at)
    home = home_path(visit.tenant_slug)
    with frame(visit, "Bulk acts", current=place.current):
        back = text("a", f"← All {place.plural}", "back-link")
        back.props["href"] = f"{home}/{place.lists[0].path}"
        with ui.element("div").classes("page-head"):
            text("h1", "Bulk acts")
        if not found:
            words = f"Nothing was done in bulk yet. Select {place.plural} in the list to begin."
            text("p", words, "muted")
            return
        with ui.element("ul").classes("card bulk-acts"):
            for run in found:
                with ui.element("li"):
                    past, noun = run.act.words.past, _of(place, run)
                    words = f"{past}: {run.changed:,} of {run.people:,} {noun}"
                    link = text("a", words)
                    link.props["href"] = f"{home}/{place.path}/bulk/{run.id}"
                    who = isolated(run.started_by)
                    said = f"{STATES[run.state]}, by {who}, {moment(run.started_at)}"
                    LocalText("span", said).classes("muted")


def _of(place: Place, run: BulkView) -> str:
    """What was acted on, where a place has several lists."""
    return f"{run.act.words.noun}{'' if run.people == 1 else 's'}" if len(place.lists) > 1 else ""


async def _show_act(visit: Visit, place: Place, bulk_id: UUID) -> None:
    """Build the page of one act."""
    tenant_id = visit.actor.tenant_id
    rooms = [notices.people_room(tenant_id), work_feed.work_room(tenant_id)] * place.leaves_work
    for one in place.lists:
        rooms.append(list_room(one.noun, tenant_id))
        seen = {act.looks for act in one.acts if may(visit.role, act.looks)}
        rooms += [notices.bulk_room(tenant_id, one.noun, looks) for looks in seen]
    enter(visit, *rooms)
    run = await runs.get_run(visit.actor, bulk_id)
    shown = place.list_of(run.act.rows.noun)
    before, after = await _before(visit, run, shown), await _after(visit, run, shown)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Bulk act", current=place.current) as toast:
        home = home_path(visit.tenant_slug)
        back = text("a", f"← All {shown.plural}", "back-link")
        back.props["href"] = f"{home}/{shown.path}"
        _ActScreen(visit, toast, run.id, place, shown).build(run, before, after)


class _ActScreen:
    """The handlers of one open page."""

    def __init__(
        self, visit: Visit, toast: Toast, bulk_id: UUID, place: Place, shown: ListShown
    ) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast
        self.bulk_id = bulk_id
        self.shown = shown
        home = home_path(visit.tenant_slug)
        self.home, self.bulk = f"{home}/{shown.path}", f"{home}/{place.path}/bulk"

    def build(self, run: BulkView, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Lay the page out."""
        helpers = Helpers(people=partial(selection.list_selectable, self.actor))
        self.choosing: FormDialog[BulkHandOverForm] = FormDialog(
            self.toast,
            "Hand over",
            BulkHandOverForm,
            submit="Save",
            on_submit=self._choose,
            helpers=helpers,
        )
        self.giving: FormDialog[HeirsForm] = FormDialog(
            self.toast,
            "Hand over what is left",
            HeirsForm,
            submit="Hand over",
            on_submit=self._hand_over,
            helpers=helpers,
        )
        self.view = BulkActView(
            bulk_values(run),
            before,
            after,
            home=self.home,
            bulk=self.bulk,
            on_look=told(self.toast)(self._look),
            on_begin=self._answering(self._begin),
            buttons={
                "stop": self._answering(self._stop),
                "undo": self._answering(self._undo),
                "again": self._answering(self._again),
                "choose": self._answering(self._ask_heirs),
                "give": self._answering(self._ask_who),
            },
        )

    def _answering(self, handler: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """Show a handler's refusal, and release its button."""

        async def run(*values: Any) -> None:
            try:
                await told(self.toast)(handler)(*values)
            finally:
                self.view.answered()

        return run

    async def _look(self) -> None:
        run = await runs.get_run(self.actor, self.bulk_id)
        before = await _before(self.visit, run, self.shown)
        after = await _after(self.visit, run, self.shown)
        self.view.show(bulk_values(run), before, after)

    async def _begin(self, reason: str, tell: bool) -> None:
        await runs.begin(self.actor, self.bulk_id, BulkForm(reason=reason, tell=tell))
        await self._look()

    async def _stop(self) -> None:
        await runs.stop(self.actor, self.bulk_id)
        await self._look()

    async def _undo(self) -> None:
        go_to(f"{self.bulk}/{await runs.undo(self.actor, self.bulk_id)}")

    async def _ask_heirs(self) -> None:
        self.choosing.open({"when": When.NOW})

    async def _choose(self, form: BulkHandOverForm) -> None:
        await bulk_handover.choose_heirs(self.actor, self.bulk_id, form)
        await self._look()

    async def _ask_who(self) -> None:
        self.giving.open()

    async def _hand_over(self, form: HeirsForm) -> str:
        while await bulk_handover.hand_over_some(self.actor, self.bulk_id, form):
            pass
        await self._look()
        return "Handed over."

    async def _again(self) -> None:
        go_to(f"{self.bulk}/{await runs.try_again(self.actor, self.bulk_id)}")


async def _before(visit: Visit, run: BulkView, shown: ListShown) -> dict[str, Any]:
    """What would happen, as plain values."""
    if run.state is not BulkState.DRAFT:
        return {"kinds": [], "changes": 0, "left": [], "undoable": False, "tells": None}
    told_ = await preview.preview(visit.actor, run.id)
    kinds = [
        {
            "key": kind.key,
            "count": kind.count,
            "words": kind.words,
            "note": kind.note,
            "changes": kind.changes,
            "people": [
                {
                    "id": str(one.row_id),
                    **whose(one.name, one.email),
                    "href": shown.url_of(visit, one.row_id),
                }
                for one in kind.people
            ],
        }
        for kind in told_.kinds
    ]
    left = []
    if run.kind is BulkKind.DEACTIVATE:
        left = await _left(visit, told_.changed_ids, before=True)
    undoable = run.act.opposite is not None
    return {
        "kinds": kinds,
        "changes": told_.changes,
        "left": left,
        "undoable": undoable,
        "tells": told_.tells,
    }


LINKS, INVITED = "Their links stay valid.", "They stay valid."


async def _left(visit: Visit, ids: Sequence[UUID], *, before: bool = False) -> list[dict[str, Any]]:
    """What would be left without anybody active, as plain values."""
    work = await get_work_of_many(visit.actor, ids)
    pocs = f"{home_path(visit.tenant_slug)}/pocs"
    late = f"{work.overdue:,} overdue" if work.overdue else "none overdue"
    states = ", ".join(
        f"{work.states[status]:,} {status.label.lower()}"
        for status in PocStatus
        if work.states.get(status)
    )
    alone = " assigned to them alone"
    kinds = [
        ("pocs", len(work.pocs), "open POC", " owned", states, work.pocs),
        ("tasks", len(work.tasks), "open task", alone, late, work.tasks),
        ("groups", len(work.groups), "group", alone, "", work.groups),
    ]
    if before:
        kinds += [
            ("customers", work.customers, "customer", " invited, not here yet", LINKS, ()),
            ("links", work.invitations, "open invitation", " that they sent", INVITED, ()),
            ("screens", work.screens, "screen", " paired", "They go on.", ()),
        ]
    return [
        {
            "key": key,
            "count": count,
            "words": f"{noun}{'' if count == 1 else 's'}{rest}",
            "note": note,
            "changes": True,
            "people": [
                {"id": str(one.id), "name": one.title, "href": f"{pocs}/{one.poc_id}"}
                for one in found[:MOST_NAMES]
            ],
        }
        for key, count, noun, rest, note, found in kinds
        if count
    ]


async def _after(visit: Visit, run: BulkView, shown: ListShown) -> dict[str, Any]:
    """What became of each row, as plain values."""
    if run.state is BulkState.DRAFT:
        nothing: dict[str, Any] = {"people": [], "counts": {}, "fates": [], "left": []}
        return {**nothing, "pages": 0, "slowest_ms": None}
    left = []
    if run.kind is BulkKind.DEACTIVATE and run.ended_at and not run.undone_by:
        left = await _left(visit, await bulk_handover.list_away(visit.actor, run.id))
    found = await results.get_results(visit.actor, run.id)
    return {
        "people": [
            {
                "id": str(one.row_id),
                **whose(one.name, one.email),
                "href": shown.url_of(visit, one.row_id),
                "picture": version_of(one.picture),
                "kind": one.kind,
                "result": one.result,
                "pages": one.pages,
                "slowest_ms": one.slowest_ms,
                "link": one.link,
            }
            for one in found.people
        ],
        "counts": dict(found.counts),
        "fates": [
            {"count": found.fates[fate.key], "words": fate.result_of(found.fates[fate.key])}
            for fate in run.act.fates
            if fate.changes and found.fates.get(fate.key)
        ],
        "left": left,
        "pages": found.pages,
        "slowest_ms": found.slowest_ms,
    }
