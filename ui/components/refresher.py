"""Calls a handler when a notice says that what the page shows has changed."""

from collections.abc import Awaitable, Callable

from services.core.errors import DatabaseUnavailableError, RollcallError, SessionEndedError
from ui.components.component import Component
from ui.components.toast import Toast

MINUTE = 60


class Refresher(Component, script="refresher.js", imports=["live_socket.js"]):
    """Listens for one socket event. `on_stale` runs soon after it, once for many events in a row;
    and after each `every` seconds, if time alone changes what is shown and somebody looks. There
    are `rest` seconds at least between two times: for what takes the server long to read.

    A page never stays out of date in silence: if the database doesn't answer, `on_stale` runs again
    until it does; any other refusal is shown. If the session has ended, the cut brings the sign-in
    page by itself.
    """

    def __init__(
        self,
        event: str,
        on_stale: Callable[[], Awaitable[None]],
        toast: Toast,
        *,
        every: int = 0,
        rest: int = 0,
    ) -> None:
        super().__init__()
        self._props["event"] = event
        self._props["every"] = every
        self._props["rest"] = rest
        self._on_stale = on_stale
        self._toast = toast
        self.on("stale", self._refresh, args=[])

    async def _refresh(self) -> None:
        try:
            await self._on_stale()
        except SessionEndedError:
            return
        except DatabaseUnavailableError:
            self.run_method("retry")
        except RollcallError as error:
            self._toast.show(str(error), tone="error")
