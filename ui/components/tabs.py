"""The pages that stand beside each other under one entry of the navigation."""

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from services.access.permissions import Permission, may
from services.sessions.sessions import Visit
from ui.paths import home_path

# Under Users: the label, the last part of the path, and the permission that shows it. One alone is
# no choice, and isn't shown.
USERS_TABS = (
    ("Users", "users", Permission.VIEW_USERS),
    ("Ends soon", "ends-soon", Permission.VIEW_USERS),
    ("Review", "review", Permission.VIEW_USERS),
    ("Customers", "customers", Permission.VIEW_USERS),
)


def users_tabs(visit: Visit, current: str) -> None:
    """The tabs under Users; `current` is the last part of this page's path."""
    shown = [(label, path) for label, path, needed in USERS_TABS if may(visit.role, needed)]
    if visit.tenant_slug is None or len(shown) == 1:
        return
    with ui.element("nav").classes("tabs").props('aria-label="Users"'):
        for label, path in shown:
            # The page that is open is no link, so that one alone is called "Users" there.
            tab = TextElement(tag="span" if path == current else "a", text=label).classes("tab")
            if path == current:
                tab.props["aria-current"] = "page"
            else:
                tab.props["href"] = f"{home_path(visit.tenant_slug)}/{path}"
