"""The pages of the links about a changed email: the confirmation, and the way back.

Opening one doesn't use the link up, because mail programs open links by themselves; its button
does.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.users import email_change
from services.users.email_change import Offered
from ui.cookies import caller_of
from ui.paths import home_path
from ui.public.answers import page
from ui.public.sign_in import looks_of

router = APIRouter(include_in_schema=False)


@router.get("/t/{slug}/email/confirm/{token}")
@router.get("/platform/email/confirm/{token}")
async def confirmation_page(token: str, slug: str | None = None) -> Response:
    """Which email is confirmed."""
    return await _page("email_confirm.html", await email_change.open_confirmation(slug, token))


@router.post("/t/{slug}/email/confirm/{token}")
@router.post("/platform/email/confirm/{token}")
async def confirm(request: Request, token: str, slug: str | None = None) -> Response:
    """Change the email."""
    done = await email_change.confirm(slug, token, caller_of(request))
    return await _page("email_confirm.html", done, is_done=True)


@router.get("/t/{slug}/email/take-back/{token}")
@router.get("/platform/email/take-back/{token}")
async def way_back_page(token: str, slug: str | None = None) -> Response:
    """Which change is taken back."""
    return await _page("email_take_back.html", await email_change.open_way_back(slug, token))


@router.post("/t/{slug}/email/take-back/{token}")
@router.post("/platform/email/take-back/{token}")
async def take_back(request: Request, token: str, slug: str | None = None) -> Response:
    """Take the change back."""
    done = await email_change.take_back(slug, token, caller_of(request))
    return await _page("email_take_back.html", done, is_done=True)


async def _page(template: str, offered: Offered, *, is_done: bool = False) -> Response:
    slug = offered.tenant_slug
    looks = await looks_of(slug)
    return page(
        template,
        token=True,
        look=(slug, looks),
        name=looks.name,
        base=home_path(slug),
        offered=offered,
        is_done=is_done,
    )
