"""A field for one day outside of a form."""

from collections.abc import Awaitable, Callable
from datetime import date

from nicegui.events import GenericEventArguments

from ui.components.component import Component
from ui.input import as_day


class DayField(Component, script="day_field.js"):
    """Shows a day, and calls `on_day` with each new day that is chosen."""

    def __init__(self, label: str, day: date, on_day: Callable[[date], Awaitable[None]]) -> None:
        super().__init__()
        self._on_day = on_day
        self._props["label"] = label
        self._props["day"] = day.isoformat()
        self.on("day", self._chosen)

    async def _chosen(self, event: GenericEventArguments) -> None:
        day = as_day(event.args)
        if day is not None:
            await self._on_day(day)
