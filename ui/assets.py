"""The stylesheet: one file to the browser, made of the readable ones in `ui/styles`. And what a
component has the browser fetch before it finds out by itself."""

import hashlib
from pathlib import Path

from fastapi.responses import Response
from nicegui import __version__
from nicegui.element import Element

_STYLE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parent / "styles").glob("*.css"))
)
# Its address changes with its content, so a browser may keep it for good.
STYLE_URL = f"/static/rollcall.{hashlib.sha256(_STYLE.encode()).hexdigest()[:12]}.css"


def stylesheet() -> Response:
    """The stylesheet, to be kept for a year."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_STYLE, media_type="text/css", headers=headers)


def preload(component: type[Element]) -> str:
    """Head elements that have the browser fetch what a component imports along with it, and not
    after it."""
    return "".join(
        f'<link rel="modulepreload" href="/_nicegui/{__version__}/libraries/{library.key}">'
        for library in component.exposed_libraries
    )
