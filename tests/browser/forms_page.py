"""A page of the tests: a form with a field of every kind, beside a preview."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from nicegui import app, ui

from services.access.permissions import Permission
from services.core.form_fields import Option
from services.core.forms import (
    Form,
    checkbox,
    choice,
    day,
    file,
    lines,
    number,
    people,
    person,
    several,
    text,
)
from services.sessions.sessions import Visit
from services.users import selection
from ui import notices
from ui.forms.dialog import FormDialog, Helpers
from ui.frame import enter, frame
from ui.frame import text as element
from ui.identity import require

# The code by which a server gets the page, at /t/<slug>/forms.
REGISTER = "from tests.browser import forms_page; forms_page.register()"
FILE_ID = UUID("01234567-89ab-7cde-8f01-23456789abcd")
MayView = Annotated[Visit, Depends(require(Permission.SELECT_USERS))]


class Status(StrEnum):
    """An enum, as the type of a choice."""

    DRAFT = "draft"
    ACTIVE = "active"


class EveryKind(Form):
    """A field of every kind."""

    title: str = text("Title", most=40)
    description: str = lines("Description", optional=True)
    start_on: date = day("Start Date", half=True)
    end_on: date | None = day("End Date", optional=True, not_before="start_on", half=True)
    days: int | None = number("Days", optional=True, least=1, most=30)
    status: Status = choice(
        "Status",
        [Option("draft", "Draft", "Nobody is told"), Option("active", "Active", "It begins")],
        as_list=True,
    )
    templates: tuple[str, ...] = several(
        "Start from",
        [Option("kick-off", "Kick-off", "3 tasks"), Option("review", "Review", "6 tasks")],
        optional=True,
    )
    owner: UUID = person("Owner", among=Permission.RUN_POCS)
    members: tuple[UUID, ...] = people("Members", optional=True)
    plan: UUID | None = file("Plan", optional=True)
    agreed: bool = checkbox("The customer has agreed")


def register() -> None:
    """Route the page."""
    ui.page("/t/{slug}/forms")(forms_page)
    app.post("/t/{slug}/forms/files")(take_file)


async def take_file(request: Request, name: str) -> JSONResponse:
    """Take a file, as an upload of the product would, and refuse one that is empty."""
    content = await request.body()
    if not content:
        return JSONResponse({"error": f"{name} is empty."}, status_code=422)
    return JSONResponse({"id": str(FILE_ID)})


async def forms_page(visit: MayView) -> None:
    """Build the page."""
    enter(visit, notices.people_room(visit.actor.tenant_id))
    with frame(visit, "Forms") as toast:
        preview = _Preview()
        dialog = FormDialog(
            toast,
            "New thing",
            EveryKind,
            submit="Create thing",
            on_submit=_tell,
            helpers=Helpers(
                people=partial(selection.list_selectable, visit.actor),
                beside=preview.build,
                on_change=preview.follow,
                uploads={"plan": f"/t/{visit.tenant_slug}/forms/files"},
            ),
        )
        button = element("button", "+ New thing", "btn btn-primary").props('type="button"')
        button.on("click", lambda: dialog.open({"start_on": date(2026, 11, 30)}), args=[])


class _Preview:
    """What stands beside the form."""

    def build(self) -> None:
        """Lay it out again."""
        element("h3", "Preview", "dialog-title")
        self.line = element("p", "", "muted")

    async def follow(self, values: Mapping[str, Any]) -> None:
        """Show what is filled in."""
        self.line.set_text(f"{values['title']}: {len(values['templates'])} templates")


async def _tell(form: EveryKind) -> str:
    said = form.model_dump_json(exclude={"owner", "members", "plan"})
    return f"{said} owned by {form.owner}, with {len(form.members)}, by {form.plan}"
