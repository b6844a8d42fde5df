"""The pages that stand beside each other under one entry of the navigation."""

from collections.abc import Sequence

from services.access.permissions import Permission, may
from services.sessions.sessions import Visit
from ui.components.shell import Link
from ui.paths import home_path

# The tabs under Users: the label, the last part of the path, and the permission that shows it. A
# single tab is no choice, and isn't shown.
USERS_TABS = (
    ("Users", "users", Permission.VIEW_USERS),
    ("Ends soon", "ends-soon", Permission.VIEW_USERS),
    ("Review", "review", Permission.VIEW_USERS),
    ("Customers", "customers", Permission.VIEW_USERS),
)


def users_tabs(visit: Visit, current: str) -> Sequence[Link]:
    """The tabs under Users, for `frame`; `current` is the last part of this page's path.

    Review shows how many people wait for a decision: the page is in the room of reviews.
    """
    shown = [(label, path) for label, path, needed in USERS_TABS if may(visit.role, needed)]
    if visit.tenant_slug is None or len(shown) == 1:
        return ()
    base = home_path(visit.tenant_slug)
    return [
        {
            "name": label,
            "href": f"{base}/{path}",
            "current": path == current,
            "counts": path == "review",
        }
        for label, path in shown
    ]
