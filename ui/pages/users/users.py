"""The Users page: the table, the toggle, the invitation."""

from functools import cached_property, partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import Response
from nicegui import ui

from models import Role
from services.access.actor import Actor
from services.access.permissions import Permission, invitable_roles
from services.core.errors import NotFoundError
from services.sessions.sessions import Visit
from services.users import listing
from services.users.counts import lacks_tenant_admin
from services.users.list import USERS
from ui import notices
from ui.actions import told
from ui.components.tabs import users_tabs
from ui.components.toast import Toast
from ui.components.users_table import UsersTable
from ui.dialogs.invite import InviteDialog, InviteSeveralDialog
from ui.dialogs.user_acts import UserActs, values_of_acts
from ui.frame import enter, frame
from ui.identity import require
from ui.input import as_text, as_uuid, as_version, to_do
from ui.page import add_file, add_page
from ui.pages.bulk_offers import BulkActs, bulk_item
from ui.pages.tenants.first_admin import FirstAdminNotice
from ui.paths import home_path
from ui.tables.live_table import HeadItem, Opening, Options, export_response, opened

MayView = Annotated[Visit, Depends(require(Permission.VIEW_USERS))]


def register() -> None:
    """Route the page and its export, for a tenant's users and for the Platform Admins."""
    add_page("/t/{slug}/users")(users_page)
    add_page("/platform/users")(users_page)
    add_file("/t/{slug}/users.csv")(export)
    add_file("/platform/users.csv")(export)


async def users_page(visit: MayView) -> None:
    """Build the page."""
    tenant_id = visit.actor.tenant_id
    rooms = (notices.users_room, notices.people_room, notices.reviews_room)
    enter(visit, *(room(tenant_id) for room in rooms))
    opening = await opened(visit, USERS, listing.open_users, listing.list_users)
    inviters = await _inviters(visit.actor) if _shows_inviters(opening) else None
    lacks_admin = visit.above_tenants and await lacks_tenant_admin(visit.actor)
    title = "Users" if visit.tenant_slug else "Platform Admins"
    with frame(visit, title, current="users", tabs=users_tabs(visit, "users")) as toast:
        screen = _UsersScreen(visit, toast)
        await screen.build(title, opening, inviters, lacks_admin=lacks_admin)


def _shows_inviters(opening: Opening) -> bool:
    """Whether the page begins with the column or the filter of who invited, which are hidden at
    first."""
    return "inviter" in opening.query.filters or "invited_by" in opening.query.columns


async def _inviters(actor: Actor) -> Options:
    return [(str(user_id), name) for user_id, name in await listing.list_inviters(actor)]


class _UsersScreen:
    """The handlers of one open page. Dialogs are made when somebody first wants one: otherwise they
    would take a tenth of each open page's memory."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor: Actor = visit.actor
        self.toast = toast

    @cached_property
    def acts(self) -> UserActs:
        """What can be done to one user."""
        return UserActs(self.visit, self.toast)

    @cached_property
    def invitation(self) -> InviteDialog:
        """The form for one."""
        return InviteDialog(self.visit, self.toast, on_invited=self._invited)

    @cached_property
    def several(self) -> InviteSeveralDialog:
        """The form for several."""
        return InviteSeveralDialog(self.visit, self.toast)

    async def build(
        self,
        title: str,
        opening: Opening,
        inviters: Options | None,
        *,
        lacks_admin: bool,
    ) -> None:
        """Lay the page out."""
        above_tenants = self.visit.tenant_slug is None
        self.notice: FirstAdminNotice | None = None
        open_form = told(self.toast)(self._invite)
        if lacks_admin:
            self.notice = FirstAdminNotice(self.visit, partial(open_form, Role.TENANT_ADMIN))
        roles = invitable_roles(self.visit.role, above_tenants=above_tenants)
        shown = roles if above_tenants else (*roles, Role.TENANT_ADMIN)
        home = home_path(self.visit.tenant_slug)
        head = [HeadItem("+ Invite User", name="invite", on_click=open_form, primary=True)]
        if not above_tenants:
            open_several = told(self.toast)(self._invite_several)
            if to_do(ui.context.client) == "several":
                await self._invite_several()
            head.append(HeadItem("Invite several", name="several", on_click=open_several))
            head.append(HeadItem("Invite from a file", url=f"{home}/users/import"))
            head += bulk_item(self.visit, USERS)
        if to_do(ui.context.client) == "invite":
            await self._invite()
        self.table = UsersTable(
            self.visit,
            opening,
            title=title,
            base_url=f"{home}/users",
            head=head,
            options={
                "role": [(role.value, role.label) for role in dict.fromkeys(shown)],
                "inviter": inviters or (),
            },
            export_url=f"{home}/users.csv",
            empty_hint="Invite the first one: by email, or by a link that you hand over.",
        )
        if inviters is None:
            self.table.offer_late("inviter", partial(_inviters, self.actor))
        self.table.on_toggle(told(self.toast)(self._toggle))
        self.table.offer(values_of_acts(self.visit), told(self.toast)(self._act))
        if not above_tenants:
            BulkActs(self.visit, self.toast, self.table, USERS).offer()

    async def _invite(self, role: Role | None = None) -> None:
        await self.invitation.open(role)

    async def _invite_several(self) -> None:
        await self.several.open()

    def _invited(self, user_id: UUID, role: Role) -> None:
        self.table.bring(user_id)
        if self.notice is not None and role is Role.TENANT_ADMIN:
            self.notice.hide()

    async def _toggle(self, values: dict[str, Any]) -> None:
        user_id = as_uuid(values.get("id"))
        if user_id is None:
            raise NotFoundError
        if not values.get("active"):
            await self.acts.deactivation.ask(user_id)
            return
        self.table.pending(str(user_id), True)
        try:
            await self.acts.activate(user_id, as_version(values.get("version")))
        finally:
            self.table.pending(str(user_id), False)

    async def _act(self, values: dict[str, Any]) -> None:
        user_id = as_uuid(values.get("id"))
        if user_id is None:
            raise NotFoundError
        await self.acts.do_named(as_text(values, "act"), user_id)


async def export(request: Request, visit: MayView) -> Response:
    """The users that the url's query finds, as a CSV file."""
    export_users = partial(listing.export_users, visit.actor)
    name = f"users-{visit.tenant_slug or 'platform'}"
    return await export_response(request, USERS, export_users, name)
