"""One import of people: while it runs, and its result; people may leave the page and find it
again."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from fastapi.responses import Response
from nicegui import ui

from services.access.permissions import Permission
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users.imports import runs
from services.users.imports.runs import ImportView
from ui import notices
from ui.actions import told
from ui.components.import_run import ImportRun
from ui.components.toast import Toast
from ui.csv_answer import csv_answer
from ui.frame import enter, frame, text
from ui.identity import require
from ui.page import add_file, add_page
from ui.paths import home_path
from ui.run_values import import_values

MayInvite = Annotated[Visit, Depends(require(Permission.INVITE_USERS))]


def register() -> None:
    """Route the page and the file with the results."""
    add_page("/t/{slug}/users/imports/{import_id}")(run_page)
    add_file("/t/{slug}/users/imports/{import_id}/results.csv")(results)


async def run_page(visit: MayInvite, import_id: UUID) -> None:
    """Build the page."""
    enter(visit, notices.imports_room(visit.actor.tenant_id))
    run = await runs.get_import(visit.actor, import_id)
    details = await _details(visit, import_id)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Import", current="users") as toast:
        home = f"{home_path(visit.tenant_slug)}/users"
        back = text("a", "← All users", "back-link")
        back.props["href"] = home
        with ui.element("div").classes("page-head"):
            text("h1", f"Invitations from {run.file_name}").props["dir"] = "auto"
        _RunScreen(visit, toast, run).build(home, details)


class _RunScreen:
    """The handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast, run: ImportView) -> None:
        self.visit = visit
        self.toast = toast
        self.run = run

    def build(self, home: str, details: dict[str, Any]) -> None:
        """Lay the page out."""
        self.view = ImportRun(
            import_values(self.run),
            details,
            results_url=f"{home}/imports/{self.run.id}/results.csv",
            another_url=f"{home}/import",
            on_details=told(self.toast)(self._show),
            on_stop=told(self.toast)(self._stop),
        )

    async def _show(self) -> None:
        run = await runs.get_import(self.visit.actor, self.run.id)
        self.view.show(import_values(run), await _details(self.visit, self.run.id))

    async def _stop(self) -> None:
        await runs.stop(self.visit.actor, self.run.id)


async def results(visit: MayInvite, import_id: UUID) -> Response:
    """What became of each row, as a CSV file."""
    content = await runs.results_csv(visit.actor, import_id)
    return csv_answer(content, "invitations-results")


async def _details(visit: Visit, import_id: UUID) -> dict[str, Any]:
    """The rows that weren't invited, and the links to hand over, as plain values."""
    problems = await runs.list_problems(visit.actor, import_id)
    handovers = await runs.list_handovers(visit.actor, import_id)
    invited = await runs.list_invited(visit.actor, import_id)
    return {
        "invited": [{"line": one.line, "name": one.name, "email": one.email} for one in invited],
        "problems": [
            {"line": one.line, "name": one.name, "email": one.email, "problem": one.problem}
            for one in problems
        ],
        "handovers": [asdict(one) for one in handovers],
    }
