"""The cookies: the session's, the one by which a browser is known again, and those of a sign-in
that is under way.

Cookies don't tell ports apart (RFC 6265, section 8.5), so their names do: otherwise two Rollcalls
on one host would sign each other out.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from models import SessionKind
from services.access.outsiders import CUSTOMER_LASTS, SCREEN_LONGEST
from services.database import runtime
from services.screens.pairing import LIFETIME
from services.sessions import known_devices
from services.sessions.sessions import Caller
from services.sign_in import second_step_ticket
from services.sign_in.sign_in import SignedIn
from services.sso.attempts import ATTEMPT_LIFETIME
from services.sso.flow import Departure

# A browser may be signed in as a user, let in as a customer's person, and be a screen: none of
# these ends another.
SESSIONS = {
    SessionKind.USER: "rollcall",
    SessionKind.CUSTOMER: "rollcall-customer",
    SessionKind.SCREEN: "rollcall-screen",
}
ATTEMPT = "rollcall-sso"
SECOND_STEP = "rollcall-second-step"
PAIRING = "rollcall-pairing"


def session_token(cookies: Mapping[str, str], kind: SessionKind = SessionKind.USER) -> str | None:
    """The token of a session of this kind among a request's cookies."""
    if kind is SessionKind.USER:
        return _read(cookies, SESSIONS[kind])
    return cookies.get(_name(SESSIONS[kind]))


def has_own_session(cookies: Mapping[str, str]) -> bool:
    """Whether a token came under the name with this port, and so is from this Rollcall."""
    return bool(cookies.get(_name(SESSIONS[SessionKind.USER])))


def caller_of(connection: HTTPConnection) -> Caller:
    """Where a request comes from."""
    return Caller(
        ip=connection.client.host if connection.client else "",
        user_agent=connection.headers.get("user-agent", ""),
        device=_read(connection.cookies, "rollcall-device") or "",
    )


def set_session(response: Response, signed_in: SignedIn) -> None:
    """Have the browser keep the session, and be known from now on."""
    _set(
        response,
        _name("rollcall"),
        signed_in.token,
        runtime.current().settings.session_max.total_seconds(),
    )
    _set(response, _name("rollcall-device"), signed_in.device, known_devices.FORGET.total_seconds())


def set_outside_session(response: Response, kind: SessionKind, token: str) -> None:
    """Have the browser keep the session of a customer's person or of a screen."""
    lasts = CUSTOMER_LASTS if kind is SessionKind.CUSTOMER else SCREEN_LONGEST
    _set(response, _name(SESSIONS[kind]), token, lasts.total_seconds())


def clear_outside_session(response: Response, kind: SessionKind) -> None:
    """Have the browser forget it."""
    _set(response, _name(SESSIONS[kind]), "", 0)


def clear_session(response: Response, cookies: Mapping[str, str], token: str | None) -> None:
    """Have the browser, which sent these cookies, forget its session, which had this token; the
    device stays known.

    What is under the old name goes only if it was that session: otherwise it is the session of
    another Rollcall on this host, at the usual port.
    """
    _set(response, _name("rollcall"), "", 0)
    if token and _port() and cookies.get(_old_name("rollcall")) == token:
        _set(response, _old_name("rollcall"), "", 0)


def set_attempt(response: Response, slug: str, departure: Departure) -> None:
    """Have the browser keep a single sign-on that was begun, only for its tenant's paths."""
    seconds = int(ATTEMPT_LIFETIME.total_seconds())
    _set_attempt(response, slug, departure.key, departure.sealed, seconds)


def clear_attempt(response: Response, slug: str, key: str) -> None:
    """Have the browser forget the one with this key."""
    _set_attempt(response, slug, key, "", 0)


def attempts_of(cookies: Mapping[str, str]) -> dict[str, str]:
    """The single sign-ons that this browser has begun, by their keys."""
    start = f"{_narrow(ATTEMPT)}."
    return {
        name.removeprefix(start): value for name, value in cookies.items() if name.startswith(start)
    }


def set_second_step(response: Response, base: str, ticket: str) -> None:
    """Have the browser keep the first step of a sign-in, only for the second step's path; an empty
    ticket makes the browser forget it."""
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


def set_pairing_key(response: Response, key: str) -> None:
    """Have a browser that shows a code for a screen keep the key to it, only for those paths; an
    empty key makes the browser forget it."""
    response.set_cookie(
        _narrow(PAIRING),
        key,
        max_age=int(LIFETIME.total_seconds()) if key else 0,
        path="/wall",
        httponly=True,
        samesite="strict",
        secure=runtime.current().settings.is_https,
    )


def pairing_key(cookies: Mapping[str, str]) -> str | None:
    """The key to the code that this browser shows."""
    return cookies.get(_narrow(PAIRING))


def _set_attempt(response: Response, slug: str, key: str, value: str, seconds: int) -> None:
    # Lax, not Strict: the browser comes back by a link from the provider's site.
    response.set_cookie(
        f"{_narrow(ATTEMPT)}.{key}",
        value,
        max_age=seconds,
        path=f"/t/{slug}/sso",
        httponly=True,
        samesite="lax",
        secure=runtime.current().settings.is_https,
    )


def _set(response: Response, name: str, value: str, seconds: float) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(seconds),
        path="/",
        httponly=True,
        samesite="lax",
        secure=runtime.current().settings.is_https,
    )


def _read(cookies: Mapping[str, str], name: str) -> str | None:
    # Also by the old name, so that the upgrade signs nobody out. Another Rollcall's cookie may have
    # that name now; its token is nobody's here.
    return cookies.get(_name(name)) or cookies.get(_old_name(name))


def _name(name: str) -> str:
    """A cookie for every url."""
    return _prefixed("__Host-", name + _port())


def _old_name(name: str) -> str:
    """As a cookie was named before 0.2, without the port."""
    return _prefixed("__Host-", name)


def _narrow(name: str) -> str:
    """A cookie for some urls only, which the prefix above doesn't allow."""
    return _prefixed("__Secure-", name + _port())


def _prefixed(prefix: str, name: str) -> str:
    # With this prefix, browsers refuse a cookie that another subdomain or plain http has set (RFC
    # 6265bis, section 4.1.3.2); it needs Secure.
    return f"{prefix}{name}" if runtime.current().settings.is_https else name


def _port() -> str:
    port = urlsplit(runtime.current().settings.public_url).port  # none if it is the usual one
    return f"-{port}" if port else ""
