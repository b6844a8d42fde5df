"""What every answer says, and what is answered when everything else failed."""

import logging
import re
import secrets
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
# run by the nonce. Nothing is embedded, and forms post home only.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; object-src 'none'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"

_SCRIPT = re.compile(rb"<script(?=[\s>])")
_STATIC = ("/static/", "/_nicegui/")
_DATA = ("text/html", "text/plain", "text/csv", "application/json")


class SecurityHeaders:
    """Gives every answer its policy; NiceGUI's pages one with a nonce for their scripts.

    Must see bodies before they are compressed. Answers that say nothing about caching and hold
    data are kept from caches; static assets never are.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        page: list[Message] = []  # the start of a NiceGUI page, held back until it is complete
        body = bytearray()

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                self._add(headers)
                is_asset = scope["path"].startswith(_STATIC) and message["status"] < 400
                if not is_asset and headers.get("content-type", "").startswith(_DATA):
                    headers.setdefault("Cache-Control", "no-store")
                if headers.get("x-nicegui-content") == "page":
                    page.append(message)
                else:
                    await send(message)
            elif page and message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    whole = bytes(body)
                    body.clear()  # NiceGUI keeps the request and what hangs on it
                    await self._send_page(page[0], whole, send)
            else:
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

    async def _send_page(self, start: Message, body: bytes, send: Send) -> None:
        nonce = secrets.token_urlsafe(16)
        marked = _SCRIPT.sub(f'<script nonce="{nonce}"'.encode(), body)
        headers = MutableHeaders(scope=start)
        headers["Content-Security-Policy"] = PAGE_POLICY.format(nonce=nonce)
        headers["Content-Length"] = str(len(marked))
        await send(start)
        await send({"type": "http.response.body", "body": marked})


class LastResort:
    """Logs what nobody foresaw, once, and answers it if nothing was answered yet."""

    def __init__(self, app: ASGIApp, *, render: Render) -> None:
        self.app = app
        self.render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception:
            if scope["type"] != "http":
                raise
            log.exception("%s %s failed", method_of(scope), route_of(scope))
            if not started:
                sentence = "Something went wrong on our side. It was logged. Try again in a moment."
                await self.render(Request(scope), 500, sentence)(scope, receive, send)
