"""The Platform Admins' tenants: list, create, rename, enter, close, reopen."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response

from services.access.permissions import Permission
from services.core.words import count_words
from services.sessions.sessions import Visit
from services.tenants import closing, tenants
from services.tenants.forms import NewTenant, TenantClosing, TenantName
from services.tenants.list import TENANTS, TenantRow
from ui.actions import told
from ui.components.refresher import Refresher
from ui.components.tenants_table import TenantsTable
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog, Helpers, Subject
from ui.frame import enter, frame
from ui.identity import require
from ui.page import add_file, add_page
from ui.tables.feed import list_room
from ui.tables.live_table import HeadItem, Opening, export_response, opened

MayManage = Annotated[Visit, Depends(require(Permission.MANAGE_TENANTS))]


def register() -> None:
    """Route the page and its export."""
    add_page("/platform/tenants")(tenants_page)
    add_file("/platform/tenants.csv")(export)


async def tenants_page(visit: MayManage) -> None:
    """Build the page."""
    enter(visit, list_room(TENANTS.noun, None))
    opening = await opened(visit, TENANTS, tenants.open_tenants, tenants.list_tenants)
    with frame(visit, "Organisations", current="tenants") as toast:
        _TenantsScreen(visit, toast).build(opening)


class _TenantsScreen:
    """The parts and the handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor = visit.actor
        self.toast = toast
        self.asked: TenantRow | None = None

    def build(self, opening: Opening) -> None:
        """Lay the page out."""
        self.create = FormDialog(
            self.toast,
            "Create organisation",
            NewTenant,
            submit="Create organisation",
            on_submit=self._create,
            helpers=Helpers(check=partial(tenants.check_field, self.actor)),
        )
        self.rename = FormDialog(
            self.toast,
            "Rename organisation",
            TenantName,
            submit="Save",
            helpers=Helpers(check=self._check_name),
        )
        self.closing = FormDialog(
            self.toast,
            "Close organisation",
            TenantClosing,
            submit="Close organisation",
            tone="danger",
        )
        create = partial(self.create.open)
        self.table = TenantsTable(
            self.visit,
            opening,
            title="Organisations",
            base_url="/t",
            head=[HeadItem("+ Create organisation", name="create", on_click=create, primary=True)],
            empty_hint="Create the first one, then invite its first Tenant Admin.",
            export_url="/platform/tenants.csv",
        )
        guarded = told(self.toast)
        self.table.on_row_act("rename", guarded(self._open_rename))
        self.table.on_row_act("close", guarded(self._open_close))
        self.table.on_row_act("reopen", guarded(self._reopen))
        Refresher(f"rollcall_{TENANTS.noun}", self._renew_question, self.toast)

    async def _renew_question(self) -> None:
        """Show in an open dialog what has changed about the organisation that it is about."""
        before = self.asked
        if before is None or not (self.rename.is_open or self.closing.is_open):
            return
        now = await tenants.get_row(self.actor, before.id)
        change = _changed_meanwhile(before, now)
        if self.asked is before:  # else a dialog about another one was opened meanwhile
            self.asked = now
        if change:
            for dialog in (self.rename, self.closing):
                dialog.update(_about(now), change=change)

    async def _open_rename(self, tenant_id: UUID) -> None:
        self.asked = row = await tenants.get_row(self.actor, tenant_id)
        named = Subject({"name": row.name}, partial(self._rename, row.id))
        self.rename.open(named, about=_about(row))

    async def _open_close(self, tenant_id: UUID) -> None:
        self.asked = row = await tenants.get_row(self.actor, tenant_id)
        if row.active:
            users = f"{count_words(row.active, 'active user')} can't sign in any more"
        else:
            users = "Nobody can sign in any more"
        self.closing.open(
            Subject({}, partial(self._close, row.id)),
            about=_about(row),
            title="Close {name}?",
            body=f"{users}, and whoever is in is signed out at once.\n"
            "Invitations and links for new passwords are dead for good. All data stays, and you "
            "can reopen the organisation.",
        )

    async def _close(self, tenant_id: UUID, form: TenantClosing) -> str:
        count = await closing.close_tenant(self.actor, tenant_id, form.name)
        if not count:
            return "The organisation is closed. Nobody was signed in."
        people = f"{count_words(count, 'person', 'people')} {'was' if count == 1 else 'were'}"
        return f"The organisation is closed. {people} signed out."

    async def _reopen(self, tenant_id: UUID) -> None:
        await closing.reopen_tenant(self.actor, tenant_id)
        row = await tenants.get_row(self.actor, tenant_id)
        self.toast.show(f"{row.name} is open again.", tone="success")

    async def _create(self, form: NewTenant) -> str:
        tenant = await tenants.create_tenant(self.actor, form.name, form.slug)
        self.table.bring(tenant.id)
        return f"{tenant.name} lives at /t/{tenant.slug} now."

    async def _check_name(self, field: str, value: str) -> tuple[str, str]:
        own = self.asked.id if self.asked else None
        return await tenants.check_field(self.actor, field, value, besides=own)

    async def _rename(self, tenant_id: UUID, form: TenantName) -> str:
        await tenants.rename_tenant(self.actor, tenant_id, form.name)
        return "The organisation is renamed."


async def export(request: Request, visit: MayManage) -> Response:
    """The organisations that the url's query finds, as a CSV file."""
    export_tenants = partial(tenants.export_tenants, visit.actor)
    return await export_response(request, TENANTS, export_tenants, "organisations")


def _changed_meanwhile(before: TenantRow, now: TenantRow) -> str:
    """What a dialog says that was opened about the tenant as it was before."""
    if before.name != now.name:
        return f"{before.name} is called {now.name} now."
    if before.closed_at is None and now.closed_at is not None:
        return f"{now.name} is closed now."
    return ""


def _about(row: TenantRow) -> About:
    return About(str(row.id), row.name, f"/t/{row.slug}")
