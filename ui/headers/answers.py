"""What every answer says, and what is answered if everything else failed."""

import logging
import secrets
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core.errors import RollcallError
from ui.headers.access import method_of, route_of

log = logging.getLogger(__name__)

Render = Callable[[Request, int, str], Response]

HSTS_SECONDS = 365 * 24 * 3600

PLAIN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# NiceGUI compiles Vue templates in the browser (unsafe-eval) and sets inline styles; its scripts
# run because of the nonce. Nothing is embedded, and forms post only to us.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; object-src 'none'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"

NONCE = "rollcall.nonce"
"""In a request's scope: the nonce of its page's scripts, without which the policy doesn't let them
run."""
_STATIC = ("/static/", "/_nicegui/")
_DATA = ("text/html", "text/plain", "text/csv", "application/json")


class SecurityHeaders:
    """Gives every answer its policy; NiceGUI's pages get one with a nonce for their scripts.

    The nonce is in the request's scope as `NONCE`, for the template of those scripts. Answers with
    data that say nothing about caching are kept out of caches; static assets aren't.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = scope[NONCE] = secrets.token_urlsafe(16)

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                self._add(headers)
                is_asset = scope["path"].startswith(_STATIC) and message["status"] < 400
                if not is_asset and headers.get("content-type", "").startswith(_DATA):
                    headers.setdefault("Cache-Control", "no-store")
                if headers.get("x-nicegui-content") == "page":
                    headers["Content-Security-Policy"] = PAGE_POLICY.format(nonce=nonce)
            await send(message)

        await self.app(scope, receive, send_hardened)

    def _add(self, headers: MutableHeaders) -> None:
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Permissions-Policy"] = PERMISSIONS
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Content-Security-Policy"] = PLAIN_POLICY
        headers.setdefault("Referrer-Policy", "same-origin")
        if self.https:  # over plain http, browsers ignore both, the first with a complaint
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"


class LastResort:
    """Logs what nobody foresaw, once, and answers it if nothing was answered yet.

    If an answer in pieces fails on the way, it breaks off: no last piece is sent. (Starlette's
    BaseHTTPMiddleware would end it as if it were whole, and then raise the error; nothing here may
    be one.) A client that hangs up meanwhile gets no answer, and isn't logged.
    """

    def __init__(self, app: ASGIApp, *, render: Render) -> None:
        self.app = app
        self.render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        except ClientDisconnect:
            log.debug("%s %s: the other side hung up", method_of(scope), route_of(scope))
        except Exception as error:
            what = method_of(scope), route_of(scope)
            refusal = error.__cause__
            if is_begun and isinstance(refusal, RollcallError):
                log.info("%s %s broke off: %s", *what, refusal)
                return
            log.exception("%s %s failed", *what)
            if not is_begun:
                sentence = "Something went wrong on our side. It was logged. Try again in a moment."
                await self.render(Request(scope), 500, sentence)(scope, receive, send)
