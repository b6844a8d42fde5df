"""How a customer's people come to their POC: by a link, or by asking for one; and how they
leave."""

from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models import EndReason, SessionKind
from services.core.errors import (
    DatabaseUnavailableError,
    NotFoundError,
    PasskeyRefusedError,
    SessionEndedError,
    TooManyAttemptsError,
)
from services.mail import outbox
from services.sessions.outside import CustomerVisit, recognise_customer
from services.sign_in.second_factors.passkey_host import are_offered
from services.tenants.organisation import Looks
from services.workspace.customers import passkeys, shared, visits
from services.workspace.customers.visits import StartedSession
from ui.cookies import caller_of, clear_outside_session, session_token, set_outside_session
from ui.paths import customer_path
from ui.public.answers import form_of, go, json_answer, page, paused
from ui.public.sign_in import looks_of
from ui.public.unwritten import forgotten

router = APIRouter(include_in_schema=False)

WHY = {
    EndReason.SIGNED_OUT: "You signed out.",
    EndReason.DEACTIVATED: "Your access was ended. Ask your contact if that was a mistake.",
    EndReason.REVOKED: "This POC isn’t shown to you any more. Ask your contact.",
    EndReason.POC_CLOSED: "This POC was closed, and its page with it. "
    "If it goes on, a new link lets you in.",
    EndReason.EXPIRED: "You were last let in 30 days ago. Ask for a new link.",
    EndReason.TENANT_CLOSED: "This organisation was closed.",
}


@router.get("/t/{slug}/customer")
async def entrance(request: Request, slug: str) -> Response:
    """To the POC for people who are let in; for others the form that asks for a link."""
    looks = await looks_of(slug)
    token = session_token(request.cookies, SessionKind.CUSTOMER)
    try:
        visit = await recognise_customer(token, slug, caller_of(request))
        pocs = await shared.list_own(visit.actor)
    except (SessionEndedError, NotFoundError) as error:
        reason = request.query_params.get("why") or getattr(error, "reason", None) or ""
        return _entrance(slug, looks, notice=_said(reason))
    notice = _said(request.query_params.get("why", ""))
    if len(pocs) == 1 and not notice:
        return go(f"{customer_path(slug)}/{pocs[0][0]}")
    return page(
        "customer_pocs.html",
        look=(slug, looks),
        name=looks.name,
        base=customer_path(slug),
        pocs=pocs,
        notice=notice,
    )


@router.post("/t/{slug}/customer")
async def ask_for_link(request: Request, slug: str) -> Response:
    """Mail a link, if there is anyone to mail it to; the answer is the same for everybody."""
    looks = await looks_of(slug)
    values = await form_of(request, "email")
    try:
        await visits.ask(slug, values["email"], caller_of(request))
    except TooManyAttemptsError as error:
        shown: dict[str, Any] = {"status": 429, "alert": str(error), "values": values}
        return paused(_entrance(slug, looks, **shown), error)
    return _entrance(slug, looks, sent=True)


@router.get("/t/{slug}/customer/link/{token}")
async def link_page(slug: str, token: str) -> Response:
    """Whom the link is for, and the button that uses it. Opening the page doesn't use the
    link up."""
    link = await visits.open_link(slug, token)
    look = (slug, await looks_of(slug))
    return page("customer_link.html", token=True, look=look, link=link)


@router.post("/t/{slug}/customer/link/{token}")
async def use_link(request: Request, slug: str, token: str) -> Response:
    """Let them in: this browser keeps their session."""
    return await _started(
        request, slug, await visits.start_session_by_link(slug, token, caller_of(request))
    )


async def _started(request: Request, slug: str, started: StartedSession) -> Response:
    await _end_session(await _visit_of(request, slug))
    only = f"/{started.poc_ids[0]}" if len(started.poc_ids) == 1 else ""
    answer = go(customer_path(slug) + only)
    set_outside_session(answer, SessionKind.CUSTOMER, started.token)
    return answer


@router.get("/t/{slug}/customer/passkey")
async def passkey_options(slug: str) -> Response:
    """What the browser needs to ask for a passkey."""
    await looks_of(slug)
    if not are_offered():
        raise NotFoundError
    return json_answer(passkeys.sign_in_options(slug))


@router.post("/t/{slug}/customer/passkey")
async def use_passkey(request: Request, slug: str) -> Response:
    """Let them in by what the browser answered."""
    looks = await looks_of(slug)
    values = await form_of(request, "credential")
    try:
        started = await passkeys.sign_in(slug, values["credential"], caller_of(request))
    except PasskeyRefusedError:
        alert = "This passkey didn’t work here. Ask for a link instead."
        return _entrance(slug, looks, status=401, alert=alert)
    except TooManyAttemptsError as error:
        return paused(_entrance(slug, looks, status=429, alert=str(error)), error)
    return await _started(request, slug, started)


@router.post("/t/{slug}/customer/logout")
async def leave(request: Request, slug: str) -> Response:
    """End the session."""
    answer: Response = go(f"{customer_path(slug)}?why={EndReason.SIGNED_OUT.value}")
    visit = None
    try:
        visit = await _visit_of(request, slug)
        await _end_session(visit)
    except DatabaseUnavailableError as error:
        session_id = visit.actor.session_id if visit else None
        answer = await forgotten(session_id, error, if_copied="tell your contact")
    clear_outside_session(answer, SessionKind.CUSTOMER)
    return answer


async def _visit_of(request: Request, slug: str) -> CustomerVisit | None:
    """Who is let in here with this browser, if anybody is."""
    token = session_token(request.cookies, SessionKind.CUSTOMER)
    with suppress(SessionEndedError, NotFoundError):
        return await recognise_customer(token, slug, caller_of(request))
    return None


async def _end_session(visit: CustomerVisit | None) -> None:
    """End their session, if it hasn't ended meanwhile."""
    if visit is not None:
        with suppress(SessionEndedError, NotFoundError):
            await visits.leave(visit.actor)


def _said(reason: str) -> str:
    return next((said for known, said in WHY.items() if known.value == reason), "")


def _entrance(slug: str, looks: Looks, *, sent: bool = False, **shown: Any) -> Response:
    return page(
        "customer.html",
        look=(slug, looks),
        name=looks.name,
        sent=sent,
        by_mail=outbox.is_configured(),
        passkeys=are_offered(),
        base=customer_path(slug),
        sign_in_url=f"/t/{slug}/login",
        **{"notice": "", **shown},
    )
