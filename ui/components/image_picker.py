"""An image that can be replaced and removed: a logo, or somebody's picture."""

import base64
import binascii
from collections.abc import Awaitable, Callable

from nicegui.events import GenericEventArguments

from services.core.errors import InvalidInputError, TooMuchAtOnceError
from services.tenants.images import MAX_BYTES, TOO_LONG
from ui.actions import told
from ui.components.component import Component
from ui.components.toast import Toast

HINT = "PNG, JPEG or WebP, up to 2 MB."


class ImagePicker(Component, script="image_picker.js"):
    """Shows the image at a url, and sends another one as soon as it is chosen.

    `on_image` gets the file's bytes; what it refuses is shown here. `show` shows the image that is
    stored by now.
    """

    def __init__(
        self,
        toast: Toast,
        label: str,
        url: str,
        *,
        on_image: Callable[[bytes], Awaitable[None]],
        on_remove: Callable[[], Awaitable[None]],
        initials: str = "",
        hint: str = HINT,
    ) -> None:
        super().__init__()
        self._props["label"] = label
        self._props["url"] = url
        self._props["initials"] = initials
        self._props["round"] = bool(initials)
        self._props["hint"] = hint
        self._props["most"] = MAX_BYTES
        self._props["tooLong"] = TOO_LONG
        self._pieces: list[bytes] = []
        self._toast = toast
        self._on_image = told(toast)(self._take)
        self._handler = on_image
        self.on("piece", self._piece)
        self.on("remove", told(toast)(on_remove), args=[])

    def show(self, url: str) -> None:
        """Show the image that is there by now; none if the url is empty."""
        self.run_method("show", url)

    async def _piece(self, event: GenericEventArguments) -> None:
        sent = event.args if isinstance(event.args, dict) else {}
        data, last = sent.get("data"), sent.get("last")
        if not (isinstance(data, str) and isinstance(last, bool)):
            return
        try:
            self._pieces.append(base64.b64decode(data, validate=True))
        except (binascii.Error, ValueError):
            return  # no browser of ours sends this
        if sum(map(len, self._pieces)) > MAX_BYTES:
            self._pieces = []
            self.run_method("refused", TOO_LONG)
        elif not last:
            self.run_method("more")
        else:
            data_of_all, self._pieces = b"".join(self._pieces), []
            await self._on_image(data_of_all)

    async def _take(self, data: bytes) -> None:
        try:
            await self._handler(data)
        except (InvalidInputError, TooMuchAtOnceError) as error:
            self.run_method("refused", str(error))
