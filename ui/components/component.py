"""What our Vue components have in common: urls that change with what is in them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nicegui import __version__
from nicegui.dependencies import register_library, register_vue_component
from nicegui.element import Element

from ui.assets import digest_of

# The folder of our scripts, each beside the Python that shows it.
FOLDERS = tuple(Path(__file__).parents[1] / name for name in ("components", "forms", "tables"))
SCRIPTS = {path.name: path for folder in FOLDERS for path in sorted(folder.glob("*.js"))}
# NiceGUI puts a file's time into its url, which may stay the same when the content changes (in an
# image built with fixed times); this number takes its place. It is one number for all scripts,
# because they import each other.
_STAMP = float(int(digest_of(b"".join(path.read_bytes() for path in SCRIPTS.values())), 16))


class Component(Element):
    """An element that is one of our scripts; `imports` are the scripts that it imports."""

    def __init_subclass__(cls, *, script: str, imports: Sequence[str] = ()) -> None:
        super().__init_subclass__()
        cls.component = register_vue_component(SCRIPTS[script], max_time=_STAMP)
        cls.exposed_libraries = [
            register_library(SCRIPTS[name], max_time=_STAMP) for name in imports
        ]

    def begin_with(self, **props: Any) -> None:
        """Give a new element its properties at once: nobody has seen it otherwise, and NiceGUI
        needn't hear of each. What they hold isn't watched for changes."""
        dict.update(self._props, props)

    @classmethod
    def preload(cls, *, beside: "type[Component] | None" = None) -> str:
        """Head elements with which the browser fetches a script's imports at the same time as the
        script, and not after it; `beside` is a component whose imports are fetched already."""
        fetched = {library.key for library in beside.exposed_libraries} if beside else set()
        keys = [library.key for library in cls.exposed_libraries]
        return "".join(preloading(f"libraries/{key}") for key in keys if key not in fetched)


def preloading(path: str) -> str:
    """A head element with which the browser fetches a script of NiceGUI's server before it finds
    out who imports it."""
    return f'<link rel="modulepreload" href="/_nicegui/{__version__}/{path}">'
