"""A part of a page that is built again only when what it shows has changed."""

from collections.abc import Callable

from nicegui import ui


class Part:
    """Fills `box` by `build`, and leaves the content alone until it changes, so that the focus and
    selected text are kept.

    A click on its way to a button that is built again is lost: buttons stand outside, or in a part
    of their own, beside facts that change while people work.

    Nothing is built once the page is gone: it may close while a handler waits for what to show.
    """

    def __init__(self, box: ui.element, build: Callable[..., None]) -> None:
        self.box = box
        self._build = build
        self._shown: object = None

    def show(self, *facts: object, key: object = None) -> None:
        """Build it from these facts, unless it shows these facts (or their `key`) already."""
        wanted = facts if key is None else key
        if wanted == self._shown or self.box.is_deleted:
            return
        self._shown = wanted
        self.box.clear()
        with self.box:
            self._build(*facts)
