"""Sign-in and sign-out, of a tenant's users and of Platform Admins."""

from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models import EndReason
from services.core.errors import (
    DatabaseUnavailableError,
    NoTenantError,
    NotFoundError,
    OtherDoorError,
    SecondStepNeededError,
    SessionEndedError,
    SignInFailedError,
    SsoRequiredError,
    TooManyAttemptsError,
)
from services.sessions import sessions
from services.sign_in.second_factors.passkey_host import are_offered
from services.sign_in.sign_in import sign_in
from services.sso.connections import find_offer
from services.sso.logout import provider_sign_out
from services.tenants.organisation import Looks, find_looks
from ui.cookies import caller_of, clear_session, has_own_session, session_token
from ui.paths import home_path, sign_in_url
from ui.public.answers import (
    form_of,
    go,
    home_of,
    page,
    paused,
    second_step_answer,
    signed_in_answer,
)
from ui.public.unwritten import forgotten

router = APIRouter(include_in_schema=False)

WHY = {
    EndReason.SIGNED_OUT: "You signed out.",
    EndReason.DEACTIVATED: "Your account was deactivated. Contact your admin.",
    EndReason.PASSWORD_CHANGED: "Your password was changed. Sign in with the new one.",
    EndReason.EXPIRED: "Your session has expired. Sign in again.",
    EndReason.REVOKED: "You were signed out from another place.",
    EndReason.REPLACED: "You signed in as someone else in this browser.",
    EndReason.ORGANISATION: "Your organisation signed you out.",
    EndReason.POC_CLOSED: "The POC was closed.",
    EndReason.TENANT_CLOSED: "This organisation was closed. Contact whoever runs Rollcall.",
}


@router.get("/t/{slug}/login")
async def tenant_sign_in_page(request: Request, slug: str) -> Response:
    """The sign-in page of a tenant."""
    return await _show(request, slug)


@router.get("/platform/login")
async def platform_sign_in_page(request: Request) -> Response:
    """The sign-in page of the Platform Admins."""
    return await _show(request, None)


@router.post("/t/{slug}/login")
async def tenant_sign_in(request: Request, slug: str) -> Response:
    """Sign in to a tenant."""
    return await _sign_in(request, slug)


@router.post("/platform/login")
async def platform_sign_in(request: Request) -> Response:
    """Sign in as a Platform Admin."""
    return await _sign_in(request, None)


@router.post("/t/{slug}/logout")
async def tenant_sign_out(request: Request, slug: str) -> Response:
    """Sign out."""
    return await _sign_out(request, slug)


@router.post("/platform/logout")
async def platform_sign_out(request: Request) -> Response:
    """Sign out."""
    return await _sign_out(request, None)


async def looks_of(slug: str | None) -> Looks:
    """The name and the looks of what one signs in to. Raises `NoTenantError`."""
    if slug is None:
        return Looks("Rollcall Platform")
    looks = await find_looks(slug)
    if looks is None:
        raise NoTenantError
    return looks


def local_path(target: str, slug: str | None) -> str:
    """Where to go after signing in, if it is a page of this tenant; otherwise nothing. Platform
    Admins come from any tenant's page."""
    within = (f"{home_path(slug)}/",) if slug else (f"{home_path(None)}/", "/t/")
    is_ours = target.startswith(within)
    if not is_ours or "\\" in target or not target.isprintable():
        return ""
    path = target.partition("#")[0].partition("?")[0]
    # A browser goes up for "..", and for "%2e%2e" too (URL Standard, "double-dot URL segment").
    goes_up = ".." in unquote(path).split("/")
    return "" if goes_up else target


async def _show(request: Request, slug: str | None) -> Response:
    await looks_of(slug)
    query = request.query_params
    target = local_path(query.get("next", ""), slug)
    why = query.get("why", "")
    try:
        visit = await sessions.recognise(session_token(request.cookies), slug, caller_of(request))
    except (SessionEndedError, NotFoundError):
        notice = WHY[EndReason(why)] if why in set(EndReason) else ""
        return await sign_in_page(slug, next=target, notice=notice)
    return go(target or home_of(visit.role, slug))


async def sign_in_page(slug: str | None, **shown: Any) -> Response:
    """The sign-in page, with the messages on it."""
    values = {"next": "", "notice": "", "door": "", **shown}
    looks = await looks_of(slug)
    sso = await find_offer(slug)
    return page(
        "sign_in.html",
        look=(slug, looks),
        base=home_path(slug),
        name=looks.name,
        sso=sso,
        passkeys=are_offered(),
        **values,
    )


async def refused_page(slug: str | None, error: Exception, **shown: Any) -> Response:
    """The sign-in page, with the reason why somebody isn't let in."""
    if isinstance(error, TooManyAttemptsError):
        return paused(await sign_in_page(slug, status=429, alert=str(error), **shown), error)
    status = 403 if isinstance(error, SsoRequiredError) else 400
    return await sign_in_page(slug, status=status, alert=str(error), **shown)


async def _sign_in(request: Request, slug: str | None) -> Response:
    values = await form_of(request, "email", "password", "next")
    target = local_path(values["next"], slug)
    try:
        signed_in = await sign_in(slug, values["email"], values["password"], caller_of(request))
    except SecondStepNeededError as error:
        return second_step_answer(slug, error.ticket, target)
    except OtherDoorError as error:
        door = sign_in_url(error.slug, after=local_path(target, error.slug))
        shown = {"alert": str(error), "door": door, "values": {"email": values["email"]}}
        return await sign_in_page(slug, status=400, next=target, **shown)
    except (SignInFailedError, SsoRequiredError, TooManyAttemptsError) as error:
        email = {"email": values["email"]}
        return await refused_page(slug, error, next=target, values=email)
    return await signed_in_answer(request, signed_in, target)


async def _sign_out(request: Request, slug: str | None) -> Response:
    session_id, token, away = None, session_token(request.cookies), None
    is_ours = has_own_session(request.cookies)
    try:
        home = await sessions.home_of(token)
        is_ours = home is not None
        if home is not None:
            # The cookie goes, so its session must end, from whichever tenant's page this was sent;
            # and a Platform Admin can't sign in under a tenant's slug.
            _, slug = home
            with suppress(SessionEndedError):  # it ended by itself meanwhile
                visit = await sessions.recognise(token, slug, caller_of(request))
                session_id = visit.actor.session_id
                await sessions.sign_out(visit.actor)
                away = await provider_sign_out(session_id, slug) if slug else None
        # A form may post only to our own origin, redirects included: a page leads on from here.
        answer: Response = (
            page("sso_leave.html", token=True, url=away)
            if away
            else go(sign_in_url(slug, why=EndReason.SIGNED_OUT.value))
        )
    except DatabaseUnavailableError as error:
        if not is_ours:
            raise  # nothing was done: only the database knows whose session it is
        answer = await forgotten(session_id, error)
    # What isn't ours may be the session of another Rollcall.
    clear_session(answer, request.cookies, token if is_ours else None)
    return answer
