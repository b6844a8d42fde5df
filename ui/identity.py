"""Who opens a page: the dependency that every signed-in page has, and where strangers are sent."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import HTTPException, Request

from models import Role, SessionKind
from services.access.permissions import Permission, may
from services.access.second_factor_policy import WITHOUT
from services.core.errors import NotAllowedError, SessionEndedError
from services.sessions.outside import CustomerVisit, recognise_customer
from services.sessions.sessions import Visit, recognise
from ui import live
from ui.cookies import caller_of, session_token
from ui.paths import customer_path, home_path, sign_in_url


def require(*permissions: Permission) -> Callable[..., Coroutine[Any, Any, Visit]]:
    """A dependency that lets in only visitors who are signed in here and have this permission, or
    one of these.

    It runs before anything of the page exists, so a stranger leaves nothing behind on the server.
    Others are sent to sign in; people who lack a second factor that their organisation requires are
    sent to My account; people who may not open the page, or ask for another tenant's, are told so
    by the error that the services raise.
    """

    async def visitor(request: Request) -> Visit:
        slug, token = request.path_params.get("slug"), session_token(request.cookies)
        try:
            visit = await recognise(token, slug, caller_of(request))
        except SessionEndedError as error:
            after = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            why = error.reason.value if error.reason else None
            location = sign_in_url(slug, why=why, after=after)
            raise _sent_to(location) from error
        live.known_as(token, visit.actor.holder_id)
        live.require_calm(visit.actor.session_id)
        if not any(may(visit.role, one) for one in permissions):
            raise NotAllowedError(_who_may(permissions, visit.role))
        if visit.lacks_second_factor and WITHOUT.isdisjoint(permissions):
            raise _sent_to(f"{home_path(slug)}/account")
        return visit

    return visitor


async def require_customer(request: Request) -> CustomerVisit:
    """Requires the session of a customer's person; others are sent to the page that mails a
    link."""
    slug = request.path_params["slug"]
    token = session_token(request.cookies, SessionKind.CUSTOMER)
    try:
        visit = await recognise_customer(token, slug, caller_of(request))
    except SessionEndedError as error:
        why = f"?why={error.reason.value}" if error.reason else ""
        raise _sent_to(f"{customer_path(slug)}{why}") from error
    live.known_as(token, visit.actor.holder_id)
    live.require_calm(visit.actor.session_id)
    return visit


def _who_may(permissions: Sequence[Permission], role: Role) -> str:
    roles = [f"{one.label}s" for one in Role if any(may(one, asked) for asked in permissions)]
    return f"This is open to {' and '.join(roles)}. Your role is {role.label}."


def _sent_to(location: str) -> HTTPException:
    return HTTPException(303, headers={"Location": location, "Cache-Control": "no-store"})
