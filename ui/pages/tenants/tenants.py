"""The Platform Admins' tenants: list, create, rename, enter, close, reopen."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from nicegui import ui

from services.access.permissions import Permission
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.tenants import closing, tenants
from services.tenants.forms import NewTenant, TenantClosing, TenantName
from services.tenants.tenants import TenantRow
from ui import notices
from ui.actions import told
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.words import moment

MayManage = Annotated[Visit, Depends(require(Permission.MANAGE_TENANTS))]


def register() -> None:
    """Route the page."""
    ui.page("/platform/tenants")(tenants_page)


async def tenants_page(visit: MayManage) -> None:
    """Build the page."""
    enter(visit, notices.TENANTS_ROOM)
    rows = await tenants.list_tenants(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Organisations", current="tenants") as toast:
        _TenantsScreen(visit, toast).build(rows)


class _TenantsScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.renaming: UUID | None = None
        self.ending: UUID | None = None

    def build(self, rows: Sequence[TenantRow]) -> None:
        """Lay the page out."""
        self.create = FormDialog(
            self.toast,
            "Create organisation",
            NewTenant,
            submit="Create organisation",
            on_submit=self._create,
        )
        self.rename = FormDialog(
            self.toast, "Rename organisation", TenantName, submit="Save", on_submit=self._rename
        )
        self.closing = FormDialog(
            self.toast,
            "Close organisation",
            TenantClosing,
            submit="Close organisation",
            on_submit=self._close,
            tone="danger",
        )
        with ui.element("div").classes("page-head"):
            text("h1", "Organisations")
            text("button", "+ Create organisation", "btn btn-primary").props('type="button"').on(
                "click", partial(self.create.open), args=[]
            )
        self.list = section("card card-flush")
        self._fill(rows)
        Refresher("rollcall_tenants", self._refresh, self.toast)

    async def _refresh(self) -> None:
        before = self.rows
        self._fill(await tenants.list_tenants(self.actor))
        for row in self.rows.values():
            change = _changed_meanwhile(before.get(row.id, row), row)
            if change:
                for dialog in (self.rename, self.closing):
                    dialog.update(_about(row), change=change)

    def _fill(self, rows: Sequence[TenantRow]) -> None:
        self.rows = {row.id: row for row in rows}
        self.list.clear()
        with self.list:
            if not rows:
                with ui.element("div").classes("empty"):
                    text("h2", "No organisation yet")
                    text("p", "Create the first one with “+ Create organisation”.", "muted")
                return
            with ui.element("ul").classes("tenant-list"):
                for row in rows:
                    self._row(row)

    def _row(self, row: TenantRow) -> None:
        with ui.element("li").classes("tenant-row"):
            with ui.element("div").classes("tenant-what"):
                link = text("a", row.name, "tenant-link").props('dir="auto"')
                link.props["href"] = f"/t/{row.slug}/users"
                text("span", f"/t/{row.slug}", "muted")
            users = "1 user" if row.users == 1 else f"{row.users:,} users"
            text("span", f"{users}, {row.active:,} active", "muted")
            if row.closed_at:
                text("span", "Closed", "chip chip-inactive").props["title"] = moment(row.closed_at)
            with ui.element("div").classes("tenant-actions"):
                self._button("Rename", row, partial(self._open_rename, row))
                if row.closed_at:
                    reopen = told(self.toast)(partial(self._reopen, row))
                    self._button("Reopen", row, reopen)
                else:
                    self._button("Close", row, partial(self._open_close, row))

    def _button(self, label: str, row: TenantRow, handler: Callable[[], object]) -> None:
        button = text("button", label, "btn btn-quiet").props('type="button"')
        button.props["aria-label"] = f"{label} {row.name}"
        button.on("click", handler, args=[])

    def _open_rename(self, row: TenantRow) -> None:
        self.renaming = row.id
        self.rename.open({"name": row.name}, about=_about(row))

    def _open_close(self, row: TenantRow) -> None:
        self.ending = row.id
        users = "1 active user" if row.active == 1 else f"{row.active:,} active users"
        self.closing.open(
            about=_about(row),
            title="Close {name}?",
            body=f"{users} can't sign in any more, and whoever is in is signed out at once.\n"
            "Invitations and links for new passwords are dead for good. All data stays, and you "
            "can reopen the organisation.",
        )

    async def _close(self, form: TenantClosing) -> str | None:
        if self.ending is None:
            return None
        count = await closing.close_tenant(self.actor, self.ending, form.name)
        people = "1 person was" if count == 1 else f"{count:,} people were"
        return f"The organisation is closed. {people} signed out."

    async def _reopen(self, row: TenantRow) -> None:
        await closing.reopen_tenant(self.actor, row.id)
        self.toast.show(f"{row.name} is open again.", tone="success")

    async def _create(self, form: NewTenant) -> str:
        tenant = await tenants.create_tenant(self.actor, form.name, form.slug)
        return f"{tenant.name} lives at /t/{tenant.slug} now."

    async def _rename(self, form: TenantName) -> str | None:
        if self.renaming is None:
            return None
        await tenants.rename_tenant(self.actor, self.renaming, form.name)
        return "The organisation is renamed."


def _changed_meanwhile(before: TenantRow, now: TenantRow) -> str:
    """What a dialog says that was opened about the tenant as it was before."""
    if before.name != now.name:
        return f"{before.name} is called {now.name} now."
    if before.closed_at is None and now.closed_at is not None:
        return f"{now.name} is closed now."
    return ""


def _about(row: TenantRow) -> About:
    return About(str(row.id), row.name, f"/t/{row.slug}")
