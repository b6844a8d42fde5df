"""The time of day where somebody is."""

from ui.components.component import Component


class ZoneClock(Component, script="zone_clock.js"):
    """The time in a time zone, by the browser's clock."""

    def __init__(self, zone: str) -> None:
        super().__init__()
        self._props["zone"] = zone
