"""A small picture beside what it stands for; screen readers leave it out."""

from ui.components.component import Component


class Icon(Component, script="icon.js", imports=["icons.js"]):
    """The icon of this name in `icons.js`; `size` in CSS pixels."""

    def __init__(self, name: str, size: int = 16) -> None:
        super().__init__()
        self._props["name"] = name
        self._props["size"] = size
