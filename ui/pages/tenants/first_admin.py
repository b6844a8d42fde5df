"""What a Platform Admin is told in an organisation that nobody else can manage yet."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from services.sessions.sessions import Visit
from ui.frame import text


class FirstAdminNotice:
    """Leads to the invitation of the first Tenant Admin, until one is invited."""

    def __init__(self, visit: Visit, on_invite: Callable[[], Awaitable[None]]) -> None:
        self.box = ui.element("div").classes("banner-box").props('role="note"')
        with self.box, ui.element("div").classes("banner banner-info"):
            text("span", f"{visit.tenant_name} has no Tenant Admin yet.")
            button = text("button", "Invite the first Tenant Admin", "btn btn-primary")
            button.props('type="button"').on("click", on_invite, args=[])
            with ui.element("span"):
                text("span", "You aren’t in this list: you are among the ")
                text("a", "Platform Admins").props["href"] = "/platform/users"
                text("span", ".")

    def hide(self) -> None:
        """Take the sentence away: there is an admin."""
        self.box.set_visibility(False)
