"""An organisation's logo and colours, which anybody may see: the sign-in page shows them."""

import hashlib

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from services.tenants.organisation import find_looks
from services.tenants.pictures import Served, find_logo
from ui.looks import DIGITS, brand_style

router = APIRouter(include_in_schema=False)

FOR_GOOD = "public, max-age=31536000, immutable"


@router.get("/t/{slug}/logo")
async def logo(request: Request, slug: str) -> Response:
    """The organisation's logo."""
    picture = await find_logo(slug)
    if picture is None:
        raise HTTPException(404)
    return picture_answer(request, picture)


@router.get("/t/{slug}/brand.css")
async def brand(request: Request, slug: str) -> Response:
    """The organisation's brand colour, as a stylesheet."""
    looks = await find_looks(slug)
    if looks is None or looks.brand is None:
        raise HTTPException(404)
    style = brand_style(looks.brand).encode()
    digest = hashlib.sha256(style).hexdigest()
    is_it = request.query_params.get("v") == looks.brand.chosen[1:]
    return kept_answer(request, Served("text/css; charset=utf-8", digest, style), is_it=is_it)


def picture_answer(request: Request, picture: Served, keep: str = FOR_GOOD) -> Response:
    """A picture; the url with its digest may be kept for good, any other is asked for again."""
    is_it = request.query_params.get("v") == picture.digest[:DIGITS]
    return kept_answer(request, picture, is_it=is_it, keep=keep)


def kept_answer(request: Request, file: Served, *, is_it: bool, keep: str = FOR_GOOD) -> Response:
    """A file with its ETag, or the answer that the browser's copy is still right."""
    etag = f'"{file.digest[:32]}"'
    headers = {"ETag": etag, "Cache-Control": keep if is_it else "no-cache"}
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


def is_known(request: Request, etag: str) -> bool:
    """Whether the asker has what bears this tag, weak or not (RFC 9110, section 13.1.2)."""
    known = request.headers.get("if-none-match", "").split(",")
    return etag.removeprefix("W/") in {tag.strip().removeprefix("W/") for tag in known}
