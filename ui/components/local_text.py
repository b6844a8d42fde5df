"""A sentence with times, which the server writes in UTC, shown by the reader's own clock."""

from services.core.words import with_nothing_deceiving
from ui.components.component import Component


class LocalText(Component, script="local_text.js", imports=["breaking.js", "local_times.js"]):
    """A plain HTML element with a text, in which each time of `ui.words.moment` is a local one with
    UTC as its tooltip. Emails break behind their @, and the text reads as it was written."""

    def __init__(self, tag: str, sentence: str) -> None:
        super().__init__()
        self._props["tag"] = tag
        self._props["sentence"] = with_nothing_deceiving(sentence)
