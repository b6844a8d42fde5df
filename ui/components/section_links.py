"""Links to the sections of a page, of which one is shown."""

from collections.abc import Sequence

from ui.components.component import Component
from ui.components.shell import Link


class SectionLinks(Component, script="section_links.js", imports=["open_tab.js"]):
    """The links; on a narrow screen they are a row that has the current one in sight."""

    def __init__(self, label: str, links: Sequence[Link]) -> None:
        super().__init__()
        self._props["label"] = label
        self._props["links"] = tuple(links)
