"""The surroundings of a signed-in page, as one element."""

from collections.abc import Sequence

from nicegui.element import Element

from services.sessions import Visit

Link = dict[str, str | bool]


class Shell(Element, component="shell.js"):
    """Header, navigation and the person's menu; what is built inside is the page's main part."""

    def __init__(
        self, visit: Visit, *, base: str, navigation: Sequence[Link], menu: Sequence[Link]
    ) -> None:
        super().__init__()
        self._props["home"] = base
        self._props["place"] = visit.tenant_name or "Platform"
        self._props["navigation"] = tuple(navigation)  # tuples aren't watched for changes
        self._props["menu"] = tuple(menu)
        self._props["person"] = {
            "name": visit.name,
            "email": visit.email,
            "role": visit.role.label,
        }
        self._props["sign_out"] = f"{base}/logout"
