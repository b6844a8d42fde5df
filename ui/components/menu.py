"""A button that opens a menu."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from nicegui.events import GenericEventArguments

from ui.components.component import Component


class Menu(Component, script="menu.js", imports=["live_socket.js"]):
    """Offers `items`, each a value and its label; `on_choose` gets the value that was chosen,
    also one that was replaced by others while the choice was on its way."""

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
        self._props["items"] = [list(item) for item in items]
        self.update()

    def follow(self, event: str, some: Mapping[str, bool]) -> None:
        """Leave out the items of whose kind there are none: by now, and by the `some` that comes
        with this event."""
        self._props["event"] = event
        self._props["some"] = dict(some)
        self.update()

    async def _chosen(self, event: GenericEventArguments) -> None:
        if isinstance(event.args, str):
            await self._on_choose(event.args)
