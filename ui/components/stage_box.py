"""The views of the wall in a box of a page."""

from typing import Any

from services.screens.reading import Dashboard
from ui.components.component import Component
from ui.wall import assets, frames


class StageBox(Component, script="stage_box.js"):
    """Draws what the screens of an organisation could show, with as much of names as it is
    given."""

    def __init__(self, shown: Dashboard) -> None:
        super().__init__()
        self._props["script"] = assets.SCRIPT_URL
        self._props["sheet"] = assets.STYLE_URL
        self._props["hatch"] = assets.HATCH
        self._props["shown"] = _values(shown)

    def show(self, shown: Dashboard) -> None:
        """Draw it again."""
        self.run_method("show", _values(shown))


def _values(shown: Dashboard) -> dict[str, Any]:
    return {
        "organisation": shown.organisation,
        "zone": shown.zone,
        "names": shown.names,
        "dwell": 20,
        "now": frames.now(),
        "views": {view.value: frames.plain(data) for view, data in shown.views.items()},
    }
