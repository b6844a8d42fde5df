"""The stylesheet: one file to the browser, made of the readable ones in `ui/styles`."""

import hashlib
from pathlib import Path

from fastapi.responses import Response

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
