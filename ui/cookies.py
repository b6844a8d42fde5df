"""The cookies: the session's, the one by which a browser is known again, and those of a sign-in
that is under way."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection
from starlette.responses import Response

from services import known_devices, runtime, second_step_ticket
from services.sessions import Caller
from services.sign_in import SignedIn
from services.sso.attempts import ATTEMPT_LIFETIME

ATTEMPT = "rollcall-sso"
SECOND_STEP = "rollcall-second-step"


def session_token(cookies: Mapping[str, str]) -> str | None:
    """The session's token among a request's cookies."""
    return cookies.get(_name("rollcall"))


def caller_of(connection: HTTPConnection) -> Caller:
    """Where a request comes from."""
    return Caller(
        address=connection.client.host if connection.client else "",
        user_agent=connection.headers.get("user-agent", ""),
        device=connection.cookies.get(_name("rollcall-device"), ""),
    )


def set_session(response: Response, signed_in: SignedIn) -> None:
    """Have the browser keep the session, and be known from now on."""
    _set(
        response,
        "rollcall",
        signed_in.token,
        runtime.current().settings.session_max.total_seconds(),
    )
    _set(response, "rollcall-device", signed_in.device, known_devices.FORGET.total_seconds())


def clear_session(response: Response) -> None:
    """Have the browser forget the session; it stays known."""
    _set(response, "rollcall", "", 0)


def set_attempt(response: Response, slug: str, sealed: str) -> None:
    """Have the browser keep a single sign-on that was begun, for its tenant's addresses alone."""
    _set_attempt(response, slug, sealed, int(ATTEMPT_LIFETIME.total_seconds()))


def clear_attempt(response: Response, slug: str) -> None:
    """Have the browser forget it."""
    _set_attempt(response, slug, "", 0)


def attempt_of(cookies: Mapping[str, str]) -> str | None:
    """The single sign-on that this browser has begun."""
    return cookies.get(_narrow(ATTEMPT))


def set_second_step(response: Response, base: str, ticket: str) -> None:
    """Have the browser keep the first step of a sign-in, for the second step's address alone; an
    empty ticket has it forget that."""
    seconds = int(second_step_ticket.LIFETIME.total_seconds()) if ticket else 0
    response.set_cookie(
        _narrow(SECOND_STEP),
        ticket,
        max_age=seconds,
        path=f"{base}/login",
        httponly=True,
        samesite="strict",
        secure=runtime.current().settings.is_https,
    )


def second_step_of(cookies: Mapping[str, str]) -> str | None:
    """The ticket of a sign-in whose second step waits in this browser."""
    return cookies.get(_narrow(SECOND_STEP))


def _set_attempt(response: Response, slug: str, value: str, seconds: int) -> None:
    # Lax, not Strict: it comes back by a link from the provider's site.
    response.set_cookie(
        _narrow(ATTEMPT),
        value,
        max_age=seconds,
        path=f"/t/{slug}/sso",
        httponly=True,
        samesite="lax",
        secure=runtime.current().settings.is_https,
    )


def _set(response: Response, name: str, value: str, seconds: float) -> None:
    response.set_cookie(
        _name(name),
        value,
        max_age=int(seconds),
        path="/",
        httponly=True,
        samesite="lax",
        secure=runtime.current().settings.is_https,
    )


def _name(name: str) -> str:
    # The prefix has browsers refuse a cookie that another subdomain or plain http has set (RFC
    # 6265bis, section 4.1.3.2); it needs Secure.
    return f"__Host-{name}" if runtime.current().settings.is_https else name


def _narrow(name: str) -> str:
    # For some addresses alone, which the prefix above doesn't allow.
    return f"__Secure-{name}" if runtime.current().settings.is_https else name
