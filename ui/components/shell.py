"""The surroundings of a signed-in page, as one element."""

from collections.abc import Sequence

from services.sessions.sessions import Visit
from ui.assets import address_of
from ui.components.component import Component
from ui.looks import logo_url

Link = dict[str, str | bool]


class Shell(Component, script="shell.js", imports=["live_socket.js"]):
    """Header, navigation and the person's menu; what is built inside is the page's main part.

    The organisation's name and logo follow what its admins make of them, by a socket event.
    """

    def __init__(
        self, visit: Visit, *, base: str, navigation: Sequence[Link], menu: Sequence[Link]
    ) -> None:
        super().__init__()
        self._props["home"] = base
        self._props["logo"] = address_of("logo.svg")
        self._props["place"] = visit.tenant_name or "Platform"
        self._props["place_logo"] = logo_url(visit.tenant_slug, visit.tenant_logo)
        # A Platform Admin at work in an organisation is told so, and led out again.
        self._props["inside"] = visit.tenant_slug is not None and visit.above_tenants
        self._props["navigation"] = tuple(navigation)  # tuples aren't watched for changes
        self._props["menu"] = tuple(menu)
        self._props["person"] = {
            "name": visit.name,
            "email": visit.email,
            "role": visit.role.label,
        }
        self._props["sign_out"] = f"{base}/logout"
