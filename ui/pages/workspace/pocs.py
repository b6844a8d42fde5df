"""The POCs of an organisation: their list, and how one is begun."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response
from nicegui import ui

from services.access.permissions import Permission, may
from services.core.days import today_in
from services.core.form_fields import Option
from services.core.words import count_words, isolated_where_needed
from services.sessions.sessions import Visit
from services.users import selection
from services.workspace import listing, plans, pocs, template_list
from services.workspace.plans import Plan
from services.workspace.poc_list import POCS
from services.workspace.pocs import NewPocForm
from ui import notices, work_feed
from ui.actions import go_to, told
from ui.components.part import Part
from ui.components.pocs_table import PocsTable
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome
from ui.frame import enter, frame, text
from ui.identity import require
from ui.input import as_day, as_uuid, to_do
from ui.page import add_file, add_page
from ui.pages.bulk_offers import BulkActs, bulk_item
from ui.paths import home_path
from ui.tables.feed import list_room
from ui.tables.live_table import HeadItem, Opening, export_response, opened
from ui.work_words import day_words

MayView = Annotated[Visit, Depends(require(Permission.VIEW_ALL_POCS))]


def register() -> None:
    """Route the page and its export."""
    add_page("/t/{slug}/pocs")(pocs_page)
    add_file("/t/{slug}/pocs.csv")(export)


async def pocs_page(visit: MayView) -> None:
    """Build the page."""
    tenant_id = visit.actor.tenant_id
    rooms = (list_room(POCS.noun, tenant_id), work_feed.workers_room(tenant_id))
    enter(visit, *rooms, notices.people_room(tenant_id))
    opening = await opened(visit, POCS, listing.open_pocs, listing.list_pocs)
    customers = await listing.list_customers(visit.actor)
    owners = await listing.list_owners(visit.actor)
    may_create = may(visit.role, Permission.RUN_POCS)
    templates = await template_list.list_to_begin_from(visit.actor) if may_create else None
    with frame(visit, "POCs", current="pocs") as toast:
        screen = _PocsScreen(visit, toast)
        if templates is not None:
            screen.build_new(
                [
                    Option(str(group.id), group.title, count_words(group.tasks, "task"))
                    for group in templates
                ]
            )
        await screen.build(opening, customers, owners)


class _PocsScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast
        self.base = f"{home_path(visit.tenant_slug)}/pocs"
        self.new: FormDialog[NewPocForm] | None = None

    def build_new(self, groups: Sequence[Option]) -> None:
        """Make the dialog that begins a POC."""
        self.new = FormDialog(
            self.toast,
            "New POC",
            NewPocForm,
            submit="Create POC",
            on_submit=self._create,
            helpers=Helpers(
                options={"group_ids": groups},
                people=partial(selection.list_selectable, self.actor),
                beside=self._build_preview,
                on_change=self._changed,
            ),
        )

    async def build(
        self, opening: Opening, customers: Sequence[str], owners: Sequence[tuple[UUID, str]]
    ) -> None:
        """Lay the page out."""
        head = []
        if self.new is not None:
            if to_do(ui.context.client) == "new":
                self._open_new()
            head = [HeadItem("+ New POC", name="new", on_click=self._open_new, primary=True)]
        head += bulk_item(self.visit, POCS)
        workers = await self._offered(opening.query.filters.get("works"))
        hint = "Begin the first one, from templates or empty. Your team sees it at that moment."
        others = "Sales Engineers begin them. Each one shows here at that moment."
        table = PocsTable(
            self.visit,
            opening,
            title="POCs",
            export_url=f"{self.base}.csv",
            base_url=self.base,
            head=head,
            options={
                "customer": [(name, name) for name in customers],
                "owner": self._owners(owners),
                "works": workers or (),
            },
            empty_hint=others if self.new is None else hint,
        )
        table.count_days_in(self.visit.time_zone)
        if workers is None:
            table.offer_late("works", self._workers)
        BulkActs(self.visit, self.toast, table, POCS).offer()

    async def _offered(self, asked: str | None) -> list[tuple[str, str]] | None:
        """Who can be looked for by what they work on; none if that is read when it is needed.
        Whoever runs POCs looks for their own, unless a link asks for somebody else's."""
        me = str(self.visit.user_id)
        if self.new is not None and asked in (None, me):
            return [(me, "Me")]
        return await self._workers() if asked else None

    async def _workers(self) -> list[tuple[str, str]]:
        found = await listing.list_workers(self.actor)
        return [(str(user_id), name) for user_id, name in found]

    def _owners(self, owners: Sequence[tuple[UUID, str]]) -> list[tuple[str, str]]:
        """The owners to choose from. Who runs POCs is looked for most by themselves, and first."""
        me = self.visit.user_id
        if self.new is None:
            return [(str(owner_id), name) for owner_id, name in owners]
        others = [(str(owner_id), name) for owner_id, name in owners if owner_id != me]
        return [(str(me), "Me"), *others]

    def _open_new(self) -> None:
        if self.new is not None:
            self.new.open({"start_on": today_in(self.visit.time_zone)})

    async def _create(self, form: NewPocForm) -> Outcome:
        poc_id = await pocs.create_poc(self.actor, form)
        go_to(f"{self.base}/{poc_id}")
        return f"{isolated_where_needed(form.title)} is begun."

    def _build_preview(self) -> None:
        self.preview = Part(ui.element("div").classes("poc-preview"), self._preview)
        self.preview.show(None)

    def _preview(self, plan: Plan | None) -> None:
        text("h3", "What it would get")
        if plan is None or not plan.groups:
            text("p", "No templates chosen. The POC starts empty.", "muted")
            return
        for group in plan.groups:
            text("h4", group.title).props('dir="auto"')
            with ui.element("ul").classes("preview-rows"):
                for task in group.tasks:
                    with ui.element("li"):
                        text("span", task.title).props('dir="auto"')
                        text("span", f"due {day_words(task.due_on)}", "small muted")

    async def _changed(self, values: Mapping[str, Any]) -> None:
        sent = values.get("group_ids")
        ids = [as_uuid(value) for value in sent] if isinstance(sent, list) else []
        start_on = as_day(values.get("start_on")) or today_in(self.visit.time_zone)
        await told(self.toast)(partial(self._show_plan, [i for i in ids if i], start_on))()

    async def _show_plan(self, group_ids: list[UUID], start_on: date) -> None:
        plan = await plans.preview(self.actor, group_ids, start_on) if group_ids else None
        self.preview.show(plan, key=(group_ids, start_on))


async def export(request: Request, visit: MayView) -> Response:
    """The POCs that the url's query finds, as a CSV file."""
    export_pocs = partial(listing.export_pocs, visit.actor)
    return await export_response(request, POCS, export_pocs, f"pocs-{visit.tenant_slug}")
