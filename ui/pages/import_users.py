"""Inviting many at once, from a CSV file."""

from dataclasses import asdict
from typing import Annotated

from fastapi import Depends
from nicegui import Client, ui

from models import Role
from services.access.permissions import Permission
from services.core.errors import InvalidInputError, RollcallError, SessionEndedError
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.sign_in import confirmation
from services.users.invitation_import import (
    BATCH,
    MAX_LENGTH,
    ImportRow,
    invite_rows,
    read_csv,
    results_csv,
    results_end,
)
from ui.actions import told
from ui.components.csv_import import CsvImport
from ui.components.toast import Toast
from ui.frame import enter, frame, text
from ui.identity import require
from ui.paths import home_path

MayInvite = Annotated[Visit, Depends(require(Permission.INVITE_USERS))]
ORDINARY = {Role.ADMINISTRATOR.value, Role.SALES_ENGINEER.value}


def register() -> None:
    """Route the page."""
    ui.page("/t/{slug}/users/import")(import_page)


async def import_page(visit: MayInvite) -> None:
    """Build the page."""
    enter(visit)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Import users", current="users") as toast:
        back = text("a", "← All users", "back-link")
        back.props["href"] = f"{home_path(visit.tenant_slug)}/users"
        with ui.element("div").classes("page-head"):
            text("h1", "Invite from a CSV file")
        _Import(visit, toast, ui.context.client).build()


class _Import:
    """One file at a time: its pieces, its rows, and how far it came."""

    def __init__(self, visit: Visit, toast: Toast, client: Client) -> None:
        self.actor = visit.actor
        self.client = client
        self.pieces: list[str] = []
        self.rows: list[ImportRow] = []
        self.stopped = False
        self.start = told(toast)(self._start)

    def build(self) -> None:
        """Lay the page out."""
        self.view = CsvImport(on_piece=self._piece, on_start=self.start, on_stop=self._stop)

    async def _piece(self, piece: str, last: bool) -> None:
        self.pieces.append(piece)
        if sum(map(len, self.pieces)) > MAX_LENGTH:
            last = True  # the reader says that it is too long
        if not last:
            self.view.more()
            return
        whole = "".join(self.pieces)
        self.pieces = []
        try:
            self.rows = read_csv(whole)
        except InvalidInputError as error:
            self.view.refused(str(error))
        else:
            self.view.ready(len(self.rows))

    async def _start(self) -> None:
        if any(row.values["role"] not in ORDINARY for row in self.rows):
            await confirmation.require_fresh(self.actor)
        rows, self.rows, self.stopped = self.rows, [], False
        why, done = "", 0
        try:
            for first in range(0, len(rows), BATCH):
                if self.stopped or self.client.is_deleted:
                    why = f"Stopped after {first:,} rows; whoever was invited stays invited."
                    break
                outcomes = await invite_rows(self.actor, rows[first : first + BATCH])
                lines = results_csv(outcomes, first=not done)
                done += len(outcomes)
                self.view.progress([asdict(outcome) for outcome in outcomes], lines)
        except SessionEndedError:
            return  # the page is closed, and says why
        except RollcallError as error:
            why = f"{error} Whoever was invited so far stays invited."
        if not self.client.is_deleted:
            heads = "" if done else results_csv([], first=True)
            self.view.finished(why, heads + results_end(done))

    def _stop(self) -> None:
        self.stopped = True
