"""Inviting many people from a file: what would become of each row is shown before anything is
sent."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends
from nicegui import ui

from models import Role
from services.access.permissions import Permission, invitable_roles
from services.core.errors import InvalidInputError, RollcallError
from services.mail import outbox
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users.imports import runs
from services.users.imports.columns import (
    FIELDS,
    OPTIONAL,
    Columns,
    find_columns,
    known_field,
    to_rows,
)
from services.users.imports.encodings import ENCODINGS
from services.users.imports.files import (
    MAX_BYTES,
    SHOWN,
    TOO_LONG,
    ImportFile,
    read_file,
    readings,
)
from services.users.imports.preview import Fate, JudgedRow, judge, to_correct
from ui import notices
from ui.actions import told
from ui.components import import_file
from ui.components.toast import Toast
from ui.frame import enter, frame, text
from ui.identity import require
from ui.input import as_version
from ui.page import add_page
from ui.paths import home_path
from ui.run_values import import_values

MayInvite = Annotated[Visit, Depends(require(Permission.INVITE_USERS))]
PAGE_SIZE = 100
# How many letters of a cell the list of rows shows: all of a correct name or email.
LONGEST = 300


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/users/import")(import_page)


async def import_page(visit: MayInvite) -> None:
    """Build the page."""
    enter(visit, notices.imports_room(visit.actor.tenant_id))
    latest = await runs.list_imports(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Invite from a file", current="users") as toast:
        home = f"{home_path(visit.tenant_slug)}/users"
        back = text("a", "← All users", "back-link")
        back.props["href"] = home
        with ui.element("div").classes("page-head"):
            text("h1", "Invite from a file")
        screen = _ImportScreen(visit, toast, f"{home}/imports")
        screen.build([import_values(run) for run in latest])


class _ImportScreen:
    """One file at a time: its bytes, how it is read, and what would become of its rows."""

    def __init__(self, visit: Visit, toast: Toast, imports_url: str) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.imports_url = imports_url
        roles = invitable_roles(visit.role, above_tenants=False)
        self.roles = {role.value: role.label for role in roles}
        self.pieces: list[bytes] = []
        self.data = b""
        self.file: ImportFile | None = None
        self.columns = Columns()
        self.chosen: set[str] = set()
        self.judged: list[JudgedRow] = []
        self.fate, self.page = "", 1
        self.lines: Mapping[str, Mapping[int, str]] = {}
        self.is_starting = False

    def build(self, latest: list[dict[str, Any]]) -> None:
        """Lay the page out."""
        self.view = import_file.ImportFile(
            imports=latest,
            imports_url=self.imports_url,
            max_bytes=MAX_BYTES,
            on_piece=self._piece,
            on_choose=told(self.toast)(self._choose),
            on_start=told(self.toast)(self._start),
            on_rest=self._save_rest,
        )

    async def _piece(self, name: str, piece: bytes, last: bool) -> None:
        self.pieces.append(piece)
        if sum(map(len, self.pieces)) > MAX_BYTES:
            self.pieces = []
            self.view.refused(TOO_LONG)
            return
        if not last:
            self.view.more()
            return
        self.data, self.pieces = b"".join(self.pieces), []
        self.chosen = set()
        await self._read(name)

    async def _read(self, name: str, encoding: str = "") -> None:
        try:
            self.file = await read_file(name, self.data, encoding)
        except InvalidInputError as error:
            self.view.refused(str(error))
            return
        self.lines = await asyncio.to_thread(readings, self.file, self.data)
        if not self.chosen:
            self.columns = find_columns(self.file.headings, self.file.rows)
        try:
            await self._judge()
        except RollcallError as error:
            self.view.refused(str(error))

    async def _judge(self) -> None:
        file, columns = self.file, self.columns
        if file is None:
            return
        rows = await asyncio.to_thread(to_rows, file.rows, columns)
        judged = await judge(self.actor, rows)
        if file is not self.file or columns is not self.columns:
            return  # another one was chosen meanwhile, and its rows are being judged
        self.judged = judged
        self.fate, self.page = "", 1
        self._show()

    async def _choose(self, values: dict[str, Any]) -> None:
        if self.file is None:
            return
        encoding, name, column = (values.get(key) for key in ("encoding", "field", "column"))
        if encoding in self.file.encodings:
            await self._read(self.file.name, str(encoding))
        elif isinstance(name, str) and name in FIELDS and isinstance(column, str):
            self.columns = self._with_column(name, column)
            self.chosen.add(name)
            await self._judge()
        elif "fate" in values:
            self.fate = str(values["fate"]) if values["fate"] in tuple(Fate) else ""
            self.page = as_version(values.get("page")) or 1
            self._show()

    def _with_column(self, name: str, column: str) -> Columns:
        """The columns with one field in another column, as the browser says it."""
        indexes = {key: at for key, at in self.columns.indexes.items() if key != name}
        role = "" if name == "role" else self.columns.role_for_all
        if name == "role" and column.removeprefix("=") in self.roles:
            return Columns(indexes, column.removeprefix("="))
        width = len(self.file.headings) if self.file else 0
        if column.isascii() and column.isdigit() and len(column) < 4 and int(column) < width:
            indexes[name] = int(column)
        return Columns(indexes, role)

    async def _start(self) -> None:
        rows = [judged.row for judged in self.judged if judged.fate is Fate.INVITE]
        if self.file is None or self.is_starting:
            return
        self.is_starting = True
        try:
            import_id = await runs.start(self.actor, self.file.name, rows)
        finally:
            self.is_starting = False
        self.file, self.judged, self.data = None, [], b""
        self.view.go(f"{self.imports_url}/{import_id}")

    def _save_rest(self) -> None:
        if self.file is not None:
            self.view.save("rows-to-correct.csv", to_correct(self.file, self.judged))

    def _show(self) -> None:
        file = self.file
        if file is None:
            return
        counts = Counter(judged.fate.value for judged in self.judged)
        listed = [one for one in self.judged if self.fate in {"", one.fate.value}]
        pages = max(1, -(-len(listed) // PAGE_SIZE))
        page = min(max(self.page, 1), pages)
        shown = listed[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        self.view.show(
            {
                "name": file.name,
                "kind": file.kind,
                "rows": len(file.rows),
                "by_mail": outbox.is_configured(),
                "encodings": self._encodings(file),
                "headings": list(file.headings),
                "fields": [self._field(file, name) for name in FIELDS],
                "roles": list(self.roles.items()),
                "counts": {"all": len(self.judged), **{fate.value: counts[fate] for fate in Fate}},
                "fate": self.fate,
                "page": page,
                "pages": pages,
                "shown": [_row_values(judged) for judged in shown],
            }
        )

    def _encodings(self, file: ImportFile) -> list[dict[str, Any]]:
        return [
            {
                "key": encoding,
                "label": ENCODINGS[encoding],
                "chosen": encoding == file.encoding,
                "lines": list(self.lines.get(encoding, {}).items()),
            }
            for encoding in file.encodings
        ]

    def _field(self, file: ImportFile, name: str) -> dict[str, Any]:
        at = self.columns.indexes.get(name)
        column, samples = "" if at is None else str(at), ""
        if at is not None:
            cells = [row.cells[at].strip() if at < len(row.cells) else "" for row in file.rows[:3]]
            samples = ", ".join(cell[:SHOWN] or "empty" for cell in cells)
        if name == "role" and self.columns.role_for_all:
            column = f"={self.columns.role_for_all}"
        is_known = at is not None and known_field(file.headings[at]) == name
        found = "found by its heading" if is_known else "found by what is in it"
        return {
            "key": name,
            "label": FIELDS[name],
            "optional": name in OPTIONAL,
            "column": column,
            "samples": samples,
            "found": "" if not column else "chosen by you" if name in self.chosen else found,
        }


def _row_values(judged: JudgedRow) -> dict[str, Any]:
    values, fate = judged.row.values, judged.fate
    labels = {role.value: role.label for role in Role}
    invite = f"Invite: {judged.why.lower()}" if judged.why else "Invite"
    return {
        "line": judged.row.line,
        "first_name": values["first_name"][:LONGEST],
        "last_name": values["last_name"][:LONGEST],
        "email": values["email"][:LONGEST],
        "role": labels.get(values["role"], values["role"])[:LONGEST],
        "fate": fate.value,
        "text": invite if fate is Fate.INVITE else judged.why,
    }
