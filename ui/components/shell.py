"""The surroundings of a signed-in page, as one element."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

from nicegui import ui
from nicegui.events import GenericEventArguments

from services.core.errors import RollcallError, SessionEndedError
from services.lists.query import LONGEST_SEARCH
from ui.assets import url_of
from ui.components.component import Component
from ui.input import as_text, as_version

log = logging.getLogger(__name__)

Link = dict[str, str | bool]
Find = Callable[[str], Awaitable[Sequence[Mapping[str, Any]]]]


class Shell(
    Component,
    script="shell.js",
    imports=[
        "kept_place.js",
        "live_socket.js",
        "palette.js",
        "single_keys.js",
        "icons.js",
        "table_rows.js",
        "open_tab.js",
    ],
):
    """Header, navigation and the person's menu; what is built inside is the page's main part.

    `find` gets the words of "Go to or do", and returns what they find, by kinds (`palette.js`). The
    organisation's name and logo, and whether it is closed, change as its admins and Platform Admins
    set them, by a socket event.
    """

    def __init__(
        self,
        *,
        base: str,
        home_title: str,
        person: Mapping[str, str],
        navigation: Sequence[Link] = (),
        menu: Sequence[Link] = (),
        inside: Literal["", "open", "closed"] = "",
        home_logo: str | None = None,
        find: Find | None = None,
    ) -> None:
        super().__init__()
        self.begin_with(
            home=base,
            logo=url_of("logo.svg"),
            home_title=home_title,
            home_logo=home_logo,
            # A Platform Admin at work in an organisation is told so, and whether it is closed, and
            # has a link that leads out.
            inside=inside,
            navigation=tuple(navigation),
            menu=tuple(menu),
            tabs=(),
            person=person,
            sign_out=f"{base}/logout",
            # What "Go to or do" may offer to this person.
            finds=find is not None,
        )
        self._find = find
        self.on("find", self._asked)

    def show_tabs(self, tabs: Sequence[Link]) -> None:
        """Show the pages that stand beside this one, under one entry of the navigation."""
        self._props["tabs"] = tuple(tabs)

    def date_in(self, zone: str) -> None:
        """The page's dates are in this time zone: once it isn't the organisation's any more, the
        page says that it has to be loaded again."""
        self._props["zone"] = zone

    def renew(self, read: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        """Show what this reads of the organisation, once a page that was away is back: nobody told
        it what changed meanwhile."""

        async def show() -> None:
            try:
                self.run_method("changed", await read())
            except SessionEndedError:
                return  # the cut brings the page that says it
            except RollcallError as error:
                log.warning("What the header shows can't be read now: %s", error)

        self.on("missed", show, args=[])

    def count(self, read: Callable[[], Awaitable[int]]) -> None:
        """Show in its tab the count that this reads, once the page is there: the page itself
        doesn't wait for it."""

        async def show() -> None:
            try:
                self.run_method("count", await read())
            except SessionEndedError:
                return  # the cut brings the page that says it
            except RollcallError as error:
                log.warning("The count of a tab can't be read now: %s", error)

        ui.context.client.on_connect(show)

    async def _asked(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        seq = as_version(sent.get("seq"))
        if self._find is None or seq is None:
            return
        try:
            found = await self._find(as_text(sent, "words")[:LONGEST_SEARCH])
        except SessionEndedError:
            return
        except RollcallError as error:
            self.run_method("found", seq, [], str(error))
            return
        self.run_method("found", seq, found, "")
