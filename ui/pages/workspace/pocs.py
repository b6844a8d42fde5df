"""The POCs of an organisation: a list with search and filters, and how one is begun."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends
from nicegui import ui

from models import PocStatus
from services.access.permissions import Permission, may
from services.core import clock
from services.core.form_fields import Option
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users import selection
from services.workspace import listing, plans, pocs, template_list
from services.workspace.listing import PocRow, PocSlice
from services.workspace.plans import Plan
from services.workspace.pocs import NewPocForm
from services.workspace.query import Due, PocQuery
from ui import notices, work_feed
from ui.actions import told
from ui.components.part import Part
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Helpers, Outcome
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.input import as_uuid
from ui.pages.workspace.parts import (
    button,
    due_mark,
    empty,
    link,
    person_name,
    progress_bar,
    status_chip,
)
from ui.paths import home_path
from ui.work_words import count_words, day_words

MayView = Annotated[Visit, Depends(require(Permission.VIEW_ALL_POCS))]


def register() -> None:
    """Route the page."""
    ui.page("/t/{slug}/pocs")(pocs_page)


async def pocs_page(visit: MayView) -> None:
    """Build the page."""
    tenant_id = visit.actor.tenant_id
    enter(visit, work_feed.work_room(tenant_id), notices.people_room(tenant_id))
    query = PocQuery.from_url(dict(ui.context.client.request.query_params))
    found = await listing.list_pocs(visit.actor, query)
    customers = await listing.list_customers(visit.actor)
    may_create = may(visit.role, Permission.RUN_POCS)
    templates = await template_list.list_templates(visit.actor) if may_create else None
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "POCs", current="pocs") as toast:
        screen = _PocsScreen(visit, toast, query)
        if templates is not None:
            groups = [
                Option(str(group.id), group.title, count_words(group.tasks, "task"))
                for group in templates.groups
            ]
            screen.build_new(groups)
        screen.build(found, customers)


class _PocsScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast, query: PocQuery) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.query = query
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

    def build(self, found: PocSlice, customers: Sequence[str]) -> None:
        """Lay the page out."""
        with ui.element("div").classes("page-head"):
            text("h1", "POCs")
            if self.new is not None:
                button("+ New POC", self._open_new, look="btn btn-primary")
        self._filters(customers)
        self.list = Part(section("card card-flush"), self._rows)
        self.list.show(found)
        Refresher("rollcall_work", self._refresh, self.toast)

    async def _refresh(self) -> None:
        self.list.show(await listing.list_pocs(self.actor, self.query))

    def _filters(self, customers: Sequence[str]) -> None:
        query = self.query
        with ui.element("form").classes("poc-filters").props('role="search"') as form:
            form.props["action"], form.props["method"] = self.base, "get"
            search = ui.element("input").props('name="q" type="search" aria-label="Search POCs"')
            search.props["placeholder"], search.props["value"] = "Search POCs", query.q
            owner = query.owner if isinstance(query.owner, str) else ""
            _select("owner", "Owner", {"": "Anybody", "me": "Me", "inactive": "Inactive"}, owner)
            statuses = {"": "Any status"} | {status.value: status.label for status in PocStatus}
            _select("status", "Status", statuses, query.status.value if query.status else "")
            names = {"": "Any customer"} | {name: name for name in customers}
            _select("customer", "Customer", names, query.customer)
            dues = {"": "Any due date"} | {due.value: due.label for due in Due}
            _select("due", "Due", dues, query.due.value if query.due else "")
            text("button", "Filter", "btn").props('type="submit"')
            if query != PocQuery():
                link("Clear", self.base)

    def _rows(self, found: PocSlice) -> None:
        today = clock.now().date()
        if not found.rows:
            self._empty()
            return
        text("p", count_words(found.total, "POC"), "muted list-count")
        with ui.element("ul").classes("home-rows"):
            for row in found.rows:
                self._row(row, today)
        if found.next:
            values = {**_url_values(self.query), "after": list(found.next)}
            link("Show the next ones", f"{self.base}?{urlencode(values, doseq=True)}", "list-more")

    def _row(self, row: PocRow, today: date) -> None:
        with ui.element("li").classes("poc-row"):
            with ui.element("div").classes("home-what"):
                link(row.title, f"{self.base}/{row.id}")
                text("span", row.customer, "small muted").props('dir="auto"')
            with ui.element("span").classes("poc-owner"):
                person_name(row.owner)
            status_chip(row.status)
            with ui.element("span").classes("progress"):
                progress_bar(row.progress)
            with ui.element("span").classes("poc-due"):
                due_mark(row.end_on, today, is_done=row.status.is_closed)

    def _empty(self) -> None:
        if self.query != PocQuery():
            empty("No POC matches", "Take a filter away, or search for less.")
        elif self.new is not None:
            empty("No POCs yet", "Begin the first one with “+ New POC”: from templates, or empty.")
        else:
            empty("No POCs yet", "Sales Engineers begin them. Each one shows here at that moment.")

    def _open_new(self) -> None:
        if self.new is not None:
            self.new.open({"start_on": clock.now().date()})

    async def _create(self, form: NewPocForm) -> Outcome:
        poc_id = await pocs.create_poc(self.actor, form)
        ui.navigate.to(f"{self.base}/{poc_id}")
        return f"{form.title} is begun."

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
        start_on = _day(values.get("start_on")) or clock.now().date()
        await told(self.toast)(partial(self._show_plan, [i for i in ids if i], start_on))()

    async def _show_plan(self, group_ids: list[UUID], start_on: date) -> None:
        plan = await plans.preview(self.actor, group_ids, start_on) if group_ids else None
        self.preview.show(plan, key=(group_ids, start_on))


def _select(name: str, label: str, options: Mapping[str, str], value: str) -> None:
    with ui.element("select") as select:
        select.props["name"], select.props["aria-label"] = name, label
        for key, words in options.items():
            option = text("option", words)
            option.props["value"] = key
            if key == value:
                option.props["selected"] = True


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _url_values(query: PocQuery) -> dict[str, Any]:
    owner = query.owner if isinstance(query.owner, str) else ""
    values = {
        "q": query.q,
        "owner": owner,
        "status": query.status.value if query.status else "",
        "customer": query.customer,
        "due": query.due.value if query.due else "",
    }
    return {name: value for name, value in values.items() if value}
