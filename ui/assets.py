"""Files that a browser may keep for good: their urls change with their content.

The stylesheet is one file to the browser, made of the readable ones in `ui/styles`.
"""

import hashlib
import mimetypes
from collections.abc import Iterable
from pathlib import Path

from fastapi.responses import Response
from starlette.exceptions import HTTPException

HERE = Path(__file__).parent


def digest_of(content: bytes) -> str:
    """The part of a url that depends on a file's content."""
    return hashlib.sha256(content).hexdigest()[:12]


_files: dict[str, bytes] = {}


def _keep(name: str, content: bytes) -> str:
    stem, _, ending = name.rpartition(".")
    kept = f"{stem}.{digest_of(content)}.{ending}"
    _files[kept] = content
    return f"/static/{kept}"


def keep_joined(name: str, paths: Iterable[Path]) -> str:
    """Have files served as one file; returns its url."""
    return _keep(name, "\n".join(path.read_text(encoding="utf-8") for path in paths).encode())


STYLE_URL = keep_joined("rollcall.css", sorted((HERE / "styles").glob("*.css")))
_addresses = {
    path.name: _keep(path.name, path.read_bytes()) for path in (HERE / "static").iterdir()
}


def url_of(name: str) -> str:
    """The url of a file of `ui/static`."""
    return _addresses[name]


def asset(name: str) -> Response:
    """Answers such a url; that of an earlier version isn't found."""
    if name not in _files:
        raise HTTPException(404)
    media_type, _ = mimetypes.guess_type(name)
    return Response(_files[name], media_type=media_type)
