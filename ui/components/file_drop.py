"""A place where files are dropped, pasted or chosen, and sent to a url of ours."""

from ui.components.component import Component


class FileDrop(Component, script="file_drop.js", imports=["live_socket.js"]):
    """Sends files to `url`, one after the other, each with its progress and a Cancel.

    Each file is a request of its own, so that the page's socket stays free and the server checks
    the visitor before it reads. `used` of `most` bytes are taken, and a file may have
    `most_of_file`.
    """

    def __init__(self, url: str, *, used: int, most: int, most_of_file: int) -> None:
        super().__init__()
        self._props["url"] = url
        self._props["most"] = most
        self._props["most_of_file"] = most_of_file
        self._props["used"] = used

    def show_used(self, used: int) -> None:
        """Show how much is taken by now."""
        if self._props["used"] != used:
            self._props["used"] = used
            self.update()
