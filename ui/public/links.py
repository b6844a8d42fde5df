"""The pages of one-time links: an invitation, and a new password."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.core.errors import InvalidInputError, SecondStepNeededError, TooManyAttemptsError
from services.database import runtime
from services.mail import outbox
from services.sessions.sessions import Caller
from services.sign_in import password_change
from services.sign_in.personal_links import LinkView
from services.sign_in.sign_in import SignedIn
from services.sso.connections import find_offer
from services.users import invitations
from ui.cookies import caller_of
from ui.paths import home_path
from ui.public.answers import form_of, page, paused, second_step_answer, signed_in_answer
from ui.public.sign_in import looks_of

router = APIRouter(include_in_schema=False)

Open = Callable[[str | None, str], Awaitable[LinkView]]
Use = Callable[[str | None, str, str, Caller], Awaitable[SignedIn]]


@router.get("/t/{slug}/invitation/{token}")
@router.get("/platform/invitation/{token}")
async def invitation_page(token: str, slug: str | None = None) -> Response:
    """Who is invited, to what, and the field for their password. Opening the page doesn't use the
    link up."""
    link = await invitations.open_invitation(slug, token)
    return await _password_page("invitation.html", link, **await _sso_offer(slug, token))


@router.post("/t/{slug}/invitation/{token}")
@router.post("/platform/invitation/{token}")
async def accept_invitation(request: Request, token: str, slug: str | None = None) -> Response:
    """Choose the password, and be signed in."""
    template, opened, used = "invitation.html", invitations.open_invitation, invitations.accept
    return await _use(request, slug, token, template, opened, used)


@router.get("/t/{slug}/password/reset/{token}")
@router.get("/platform/password/reset/{token}")
async def reset_page(token: str, slug: str | None = None) -> Response:
    """The field for a new password. Opening the page doesn't use the link up."""
    return await _password_page("reset.html", await password_change.open_reset(slug, token))


@router.post("/t/{slug}/password/reset/{token}")
@router.post("/platform/password/reset/{token}")
async def reset(request: Request, token: str, slug: str | None = None) -> Response:
    """Set the new password, and be signed in here and nowhere else."""
    template, opened, used = "reset.html", password_change.open_reset, password_change.reset
    return await _use(request, slug, token, template, opened, used)


@router.get("/t/{slug}/password/forgot")
@router.get("/platform/password/forgot")
async def forgot_page(slug: str | None = None) -> Response:
    """Ask for a link."""
    return await _forgot_page(slug, sent=False)


@router.post("/t/{slug}/password/forgot")
@router.post("/platform/password/forgot")
async def forgot(request: Request, slug: str | None = None) -> Response:
    """Send a link, if there is anyone to send it to; the answer is the same for everybody."""
    await looks_of(slug)  # if there is no such tenant, nothing is counted or logged
    values = await form_of(request, "email")
    try:
        await password_change.request_reset(slug, values["email"], caller_of(request))
    except TooManyAttemptsError as error:
        return paused(await _forgot_page(slug, status=429, alert=str(error), values=values), error)
    return await _forgot_page(slug, sent=True, values=values)


async def _forgot_page(slug: str | None, *, sent: bool = False, **shown: Any) -> Response:
    looks = await looks_of(slug)
    return page(
        "forgot.html",
        look=(slug, looks),
        name=looks.name,
        base=home_path(slug),
        sent=sent,
        by_mail=outbox.is_configured(),
        **shown,
    )


async def _use(
    request: Request, slug: str | None, token: str, template: str, opened: Open, used: Use
) -> Response:
    values = await form_of(request, "password")
    try:
        signed_in = await used(slug, token, values["password"], caller_of(request))
    except InvalidInputError as error:
        shown = {"errors": error.fields, **await _sso_offer(slug, token)}
        return await _password_page(template, await opened(slug, token), status=422, **shown)
    except SecondStepNeededError as error:
        return second_step_answer(slug, error.ticket)
    return await signed_in_answer(request, signed_in)


async def _sso_offer(slug: str | None, token: str) -> dict[str, Any]:
    url = f"{home_path(slug)}/sso/invitation/{token}"
    return {"sso": await find_offer(slug), "sso_url": url}


async def _password_page(
    template: str, link: LinkView, *, status: int = 200, **shown: Any
) -> Response:
    slug = link.tenant_slug
    return page(
        template,
        look=(slug, await looks_of(slug)),
        status=status,
        token=True,
        link=link,
        minimum=runtime.current().settings.password_min_length,
        **shown,
    )
