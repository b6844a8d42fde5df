"""The Users page: the grid, the toggle, the invitation."""

from functools import partial
from typing import Annotated, Any

from fastapi import Depends
from nicegui import ui

from models import Role
from services.access.actor import Actor
from services.access.permissions import Permission, invitable_roles
from services.core.errors import NotFoundError, RollcallError, SessionEndedError
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users import accounts, listing
from services.users.counts import lacks_tenant_admin
from services.users.listing import UserPage
from services.users.query import PAGE_SIZE, UserQuery
from ui import notices
from ui.actions import told
from ui.components.toast import Toast
from ui.components.users_grid import UsersGrid
from ui.dialogs.deactivate import DeactivateDialog
from ui.dialogs.invite import InviteDialog
from ui.frame import enter, frame
from ui.identity import require
from ui.input import as_uuid, as_version
from ui.pages.first_admin import FirstAdminNotice
from ui.paths import home_path
from ui.rows import row_values

MayView = Annotated[Visit, Depends(require(Permission.VIEW_USERS))]


def register() -> None:
    """Route the page, for a tenant's users and for the Platform Admins."""
    ui.page("/t/{slug}/users")(users_page)
    ui.page("/platform/users")(users_page)


async def users_page(visit: MayView) -> None:
    """Build the page."""
    request = ui.context.client.request
    enter(visit, notices.users_room(visit.actor.tenant_id))
    query = UserQuery.from_address(dict(request.query_params))
    first = await listing.list_users(visit.actor, query)
    lacks_admin = visit.above_tenants and await lacks_tenant_admin(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)
    title = "Users" if visit.tenant_slug else "Platform Admins"
    with frame(visit, title, current="users") as toast:
        screen = _UsersScreen(visit, toast)
        screen.build(title, query, first, lacks_admin=lacks_admin)


class _UsersScreen:
    """The handlers of one open page."""

    def __init__(self, visit: Visit, toast: Toast) -> None:
        self.visit = visit
        self.actor: Actor = visit.actor
        self.toast = toast

    def build(self, title: str, query: UserQuery, first: UserPage, *, lacks_admin: bool) -> None:
        """Lay the page out."""
        above_tenants = self.visit.tenant_slug is None
        self.notice: FirstAdminNotice | None = None
        invite = InviteDialog(self.visit, self.toast, on_invited=self._invited)
        if lacks_admin:
            self.notice = FirstAdminNotice(self.visit, partial(invite.open, Role.TENANT_ADMIN))
        self.deactivation = DeactivateDialog(self.actor, self.toast)
        roles = invitable_roles(self.visit.role, above_tenants=above_tenants)
        shown = roles if above_tenants else (*roles, Role.TENANT_ADMIN)
        home = home_path(self.visit.tenant_slug)
        self.grid = UsersGrid(
            title=title,
            **page_values(first),
            query=query.to_address(),
            page_size=PAGE_SIZE,
            me=str(self.visit.user_id),
            roles=[[role.value, role.label] for role in dict.fromkeys(shown)],
            can_manage=True,
            base_url=f"{home}/users",
            import_url="" if above_tenants else f"{home}/users/import",
            empty_hint="Invite the first one with “+ Invite User”.",
            on_query=self._query,
            on_toggle=told(self.toast)(self._toggle),
            on_invite=invite.open,
        )

    def _invited(self, role: Role) -> None:
        if self.notice is not None and role is Role.TENANT_ADMIN:
            self.notice.hide()

    async def _query(self, values: dict[str, Any]) -> None:
        seq = as_version(values.get("seq")) or 0
        try:
            page = await listing.list_users(self.actor, UserQuery.from_address(values))
        except SessionEndedError:
            return
        except RollcallError as error:
            self.grid.failed(str(error), seq)
            return
        self.grid.show(page_values(page) | {"seq": seq})
        await sessions.touch(self.actor)

    async def _toggle(self, values: dict[str, Any]) -> None:
        user_id = as_uuid(values.get("id"))
        if user_id is None:
            raise NotFoundError
        if not values.get("active"):
            await self.deactivation.ask(user_id)
            return
        self.grid.pending(str(user_id), True)
        try:
            version = as_version(values.get("version"))
            change = await accounts.set_active(self.actor, user_id, True, seen_version=version)
        finally:
            self.grid.pending(str(user_id), False)
        if change.changed:
            hint = " Send a new invitation from their details." if change.invited else ""
            self.toast.show(f"{change.name} is active again.{hint}", tone="success")


def page_values(page: UserPage) -> dict[str, Any]:
    """A page of users as plain values, for the grid."""
    return {
        "rows": [row_values(row) for row in page.rows],
        "total": page.total,
        "counts": page.counts,
        "page": page.page,
        "pages": page.pages,
        "folded_q": page.folded_q,
        "place": page.place.to_values() if page.place else None,
    }
