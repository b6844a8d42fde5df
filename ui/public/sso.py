"""Single sign-on: to the provider, back from it, and what the provider itself sends."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from models import EndReason
from services.access.permissions import Permission
from services.core.errors import ConflictError, TooManyAttemptsError
from services.sessions.sessions import Visit
from services.sso import flow
from services.sso.attempts import Purpose, key_of, too_many
from services.sso.errors import SsoError
from services.sso.flow import Departure
from services.sso.logout import end_by_provider
from ui.cookies import attempts_of, caller_of, clear_attempt, set_attempt
from ui.identity import require
from ui.paths import sign_in_url
from ui.public.answers import form_of, go, page, signed_in_answer
from ui.public.sign_in import local_path, refused_page

router = APIRouter(include_in_schema=False)

MayManage = Annotated[Visit, Depends(require(Permission.MANAGE_SIGN_IN))]
# The longest path to come back to, in characters: it has to fit into a cookie.
LONGEST_AFTER = 1000


@router.get("/t/{slug}/sso/start")
async def start(request: Request, slug: str) -> Response:
    """To the provider's sign-in page."""
    after = local_path(request.query_params.get("next", "")[:LONGEST_AFTER], slug)
    return await _leave(request, slug, Purpose.SIGN_IN, after=after)


@router.get("/t/{slug}/sso/invitation/{token}")
async def start_with_invitation(request: Request, slug: str, token: str) -> Response:
    """To the provider's sign-in page, to accept an invitation."""
    return await _leave(request, slug, Purpose.INVITATION, invitation=token)


@router.get("/t/{slug}/sso/test")
async def start_test(request: Request, slug: str, _visit: MayManage) -> Response:
    """To the provider's sign-in page, for a test; the answer begins no session."""
    try:
        departure = await flow.leave(slug, Purpose.TEST, caller_of(request))
    except SsoError as error:
        return page("sso_report.html", status=400, token=True, report=None, problem=str(error))
    return _depart(request, slug, departure)


@router.get("/t/{slug}/sso/callback")
async def callback(request: Request, slug: str) -> Response:
    """Back from the provider."""
    given = dict(request.query_params)
    key = key_of(given.get("state", ""))
    sealed = attempts_of(request.cookies).get(key)
    if flow.purpose_of(sealed) is Purpose.TEST:
        answer = await _report(request, slug, sealed, given)
    else:
        try:
            arrival = await flow.arrive(slug, sealed, given, caller_of(request))
        except (SsoError, TooManyAttemptsError, ConflictError) as error:
            answer = await refused_page(slug, error)
        else:
            answer = await signed_in_answer(request, arrival.signed_in, arrival.after)
    clear_attempt(answer, slug, key)
    return answer


@router.get("/t/{slug}/sso/signed-out")
async def signed_out(slug: str) -> Response:
    """Back from the provider's sign-out page."""
    return go(sign_in_url(slug, why=EndReason.SIGNED_OUT.value))


@router.post("/t/{slug}/sso/backchannel-logout")
async def backchannel_logout(request: Request, slug: str) -> Response:
    """The provider's server ends sessions (OpenID Connect Back-Channel Logout 1.0, section 2.5)."""
    values = await form_of(request, "logout_token")
    try:
        await end_by_provider(slug, values["logout_token"], caller_of(request).ip)
    except SsoError as error:
        answer = {"error": "invalid_request", "error_description": str(error)}
        return JSONResponse(answer, 400, {"Cache-Control": "no-store"})
    return Response(status_code=200, headers={"Cache-Control": "no-store"})


async def _leave(
    request: Request, slug: str, purpose: Purpose, *, after: str = "", invitation: str = ""
) -> Response:
    try:
        departure = await flow.leave(
            slug, purpose, caller_of(request), after=after, invitation=invitation
        )
    except (SsoError, TooManyAttemptsError) as error:
        return await refused_page(slug, error)
    return _depart(request, slug, departure)


def _depart(request: Request, slug: str, departure: Departure) -> Response:
    answer = go(departure.url)
    answer.headers["Referrer-Policy"] = "no-referrer"
    for key in too_many(attempts_of(request.cookies)):
        clear_attempt(answer, slug, key)
    set_attempt(answer, slug, departure)
    return answer


async def _report(
    request: Request, slug: str, sealed: str | None, given: dict[str, str]
) -> Response:
    visit = await require(Permission.MANAGE_SIGN_IN)(request)
    try:
        report, problem = await flow.finish_test(visit.actor, slug, sealed, given), ""
    except (SsoError, TooManyAttemptsError) as error:
        report, problem = None, str(error)
    status = 200 if report else 400
    return page("sso_report.html", status=status, token=True, report=report, problem=problem)
