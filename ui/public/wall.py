"""Shared screens: the page that hangs on a wall, its pairing, and where an admin pairs it."""

from functools import cache
from urllib.parse import urlsplit

import segno
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from markupsafe import Markup

from models import Role, SessionKind
from services.core.errors import SessionEndedError, TooManyAttemptsError
from services.database import runtime
from services.screens import pairing, screens
from services.sessions import sessions
from services.tenants import tenants
from services.tenants.organisation import find_looks
from ui.cookies import (
    caller_of,
    pairing_key,
    session_token,
    set_outside_session,
    set_pairing_key,
)
from ui.paths import home_path, sign_in_url
from ui.public.allowances import Allowance
from ui.public.answers import form_of, go, page, paused
from ui.wall import assets

router = APIRouter(include_in_schema=False)

SCREENS = "settings/screens"
NO_STORE = {"Cache-Control": "no-store"}
# Enough for a wall of screens that start at the same moment.
CODES = Allowance("codes of screens", burst=60, per_second=1)


@cache
def _square(url: str) -> Markup:
    """The QR code of the page where a code is typed. It never holds the code."""
    drawn = segno.make(url, micro=False).svg_inline(
        omitsize=True, border=0, dark="#0b0c0f", svgclass="qr", lineclass=None
    )
    named = drawn.replace("<svg ", f'<svg role="img" aria-label="QR code of {url}" ', 1)
    return Markup(named)  # noqa: S704 - of our own url


@router.get("/wall")
async def wall(request: Request) -> Response:
    """The page of a screen: the same for all. Its socket tells it what to show."""
    url = f"{runtime.current().settings.public_url.rstrip('/')}/pair"
    parts = urlsplit(url)
    answer = page(
        "wall.html",
        build=assets.BUILD,
        style_url=assets.STYLE_URL,
        script_url=assets.SCRIPT_URL,
        hatch=Markup(assets.HATCH),  # noqa: S704 - a constant
        pair_words=f"{parts.netloc}{parts.path}",
        qr=_square(url),
    )
    token = session_token(request.cookies, SessionKind.SCREEN)
    if token:
        try:
            await screens.recognise(token, caller_of(request))
        except SessionEndedError:
            return answer
        # A browser keeps a cookie for 400 days at most, counted from when it got it last.
        set_outside_session(answer, SessionKind.SCREEN, token)
    return answer


@router.post("/wall/code")
async def new_code(request: Request) -> Response:
    """A new code for a browser that isn't paired; its key is in a cookie that no script reads."""
    caller = caller_of(request)
    try:
        if not CODES.spend(caller.ip):
            raise TooManyAttemptsError(60)
        offer = await pairing.offer_code(caller, pairing_key(request.cookies))
    except TooManyAttemptsError as error:
        return paused(JSONResponse({"error": str(error)}, 429, NO_STORE), error)
    answer = JSONResponse({"code": offer.code, "seconds": offer.seconds}, headers=NO_STORE)
    set_pairing_key(answer, offer.key)
    return answer


@router.post("/wall/claim")
async def claim(request: Request) -> Response:
    """The session of a screen whose code an admin has typed."""
    try:
        token = await pairing.claim_session(caller_of(request), pairing_key(request.cookies))
    except SessionEndedError:
        return Response(status_code=409, headers=NO_STORE)
    answer = Response(status_code=204, headers=NO_STORE)
    set_outside_session(answer, SessionKind.SCREEN, token)
    set_pairing_key(answer, "")
    return answer


@router.get("/pair")
async def pair(request: Request) -> Response:
    """To the page where a code is typed: at once for people who are signed in, for others after the
    sign-in. Platform Admins, whose organisation it is not, say first which one gets the screen."""
    home = await sessions.home_of(session_token(request.cookies))
    if home is not None and home[0] is not Role.PLATFORM_ADMIN:
        return _to_screens(home[1])
    slug = await tenants.find_only_slug()
    if slug is None:
        return page("workspace.html", action="/pair", is_above=home is not None)
    return _to_sign_in(slug) if home is None else _to_screens(slug)


@router.post("/pair")
async def choose_workspace(request: Request) -> Response:
    """To the sign-in page of the organisation that was typed, and from there to its screens; for a
    Platform Admin who is signed in, straight to them."""
    home = await sessions.home_of(session_token(request.cookies))
    values = await form_of(request, "workspace")
    slug = values["workspace"].strip().strip("/").rpartition("/")[2].lower()
    if await find_looks(slug) is None:
        wrong = "There is no organisation at this address. Check the link in your invitation."
        return page(
            "workspace.html",
            status=404,
            action="/pair",
            errors={"workspace": wrong},
            values=values,
            is_above=home is not None,
        )
    is_above = home is not None and home[0] is Role.PLATFORM_ADMIN
    return _to_screens(slug) if is_above else _to_sign_in(slug)


def _to_screens(slug: str | None) -> Response:
    return go(f"{home_path(slug)}/{SCREENS}")


def _to_sign_in(slug: str) -> Response:
    return go(sign_in_url(slug, after=f"{home_path(slug)}/{SCREENS}"))
