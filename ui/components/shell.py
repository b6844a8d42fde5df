"""The surroundings of a signed-in page, as one element."""

from collections.abc import Mapping, Sequence

from ui.assets import url_of
from ui.components.component import Component

Link = dict[str, str | bool]


class Shell(Component, script="shell.js", imports=["live_socket.js"]):
    """Header, navigation and the person's menu; what is built inside is the page's main part.

    The organisation's name and logo follow what its admins make of them, by a socket event.
    """

    def __init__(
        self,
        *,
        base: str,
        home_title: str,
        person: Mapping[str, str],
        navigation: Sequence[Link] = (),
        menu: Sequence[Link] = (),
        inside: bool = False,
        home_logo: str | None = None,
    ) -> None:
        super().__init__()
        self._props["home"] = base
        self._props["logo"] = url_of("logo.svg")
        self._props["home_title"] = home_title
        self._props["home_logo"] = home_logo
        # A Platform Admin at work in an organisation is told so, and led out again.
        self._props["inside"] = inside
        self._props["navigation"] = tuple(navigation)  # tuples aren't watched for changes
        self._props["menu"] = tuple(menu)
        self._props["person"] = dict(person)
        self._props["sign_out"] = f"{base}/logout"
