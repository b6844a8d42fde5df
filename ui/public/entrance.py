"""The front door: which organisation is it?"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.operations import setup
from services.sessions import sessions
from services.tenants import tenants
from services.tenants.organisation import find_looks
from ui.cookies import session_token
from ui.paths import home_path
from ui.public.answers import form_of, go, home_of, page

router = APIRouter(include_in_schema=False)


@router.get("/")
async def front_door(request: Request) -> Response:
    """Home for people who are signed in; the Platform Admins' sign-in page if there is nobody else;
    the only tenant's if there is one; otherwise it asks."""
    if not await setup.is_set_up():
        return page("not_set_up.html")
    home = await sessions.home_of(session_token(request.cookies))
    if home is not None:
        return go(home_of(*home))
    if not await tenants.has_active_users():
        return go("/platform/login")
    slug = await tenants.find_only_slug()
    return (
        go(f"{home_path(slug)}/login")
        if slug
        else page("workspace.html", action="/", is_above=False)
    )


@router.post("/")
async def choose_workspace(request: Request) -> Response:
    """To the sign-in page of the organisation that was typed."""
    values = await form_of(request, "workspace")
    slug = values["workspace"].strip().strip("/").rpartition("/")[2].lower()
    if await find_looks(slug) is None:
        wrong = "There is no organisation at this address. Check the link in your invitation."
        errors = {"workspace": wrong}
        return page(
            "workspace.html", status=404, action="/", errors=errors, values=values, is_above=False
        )
    return go(f"/t/{slug}/login")


@router.get("/t/{slug}")
@router.get("/t/{slug}/")
async def tenant_door(request: Request, slug: str) -> Response:
    """Home in this tenant, or its sign-in page."""
    return await _door(request, slug)


@router.get("/platform")
@router.get("/platform/")
async def platform_door(request: Request) -> Response:
    """The tenants, or the Platform Admins' sign-in page."""
    return await _door(request, None)


async def _door(request: Request, slug: str | None) -> Response:
    home = await sessions.home_of(session_token(request.cookies))
    if home is None:
        return go(f"{home_path(slug)}/login")
    role, own_slug = home
    return go(home_of(role, slug if own_slug is None else own_slug))
