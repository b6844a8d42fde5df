"""A button that opens a menu."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui.events import GenericEventArguments

from ui.components.component import Component


class Menu(Component, script="menu.js"):
    """Offers `items`, each a value and its label; `on_choose` gets the value of one of them."""

    def __init__(
        self,
        label: str,
        items: Sequence[tuple[str, str]],
        on_choose: Callable[[str], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._on_choose = on_choose
        self._props["label"] = label
        self.offer(items)
        self.on("choose", self._chosen)

    def offer(self, items: Sequence[tuple[str, str]]) -> None:
        """Offer these from now on; an open menu stays open."""
        self._values = {value for value, _ in items}
        self._props["items"] = [list(item) for item in items]
        self.update()

    async def _chosen(self, event: GenericEventArguments) -> None:
        # What a browser sent: anything else isn't offered.
        if isinstance(event.args, str) and event.args in self._values:
            await self._on_choose(event.args)
