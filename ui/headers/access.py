"""The access log: one line per request, with an id that the answer carries too. It names the route
and never the path, which may contain a one-time token."""

import logging
import re
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core import logs

log = logging.getLogger("rollcall.access")

HEADER = "X-Request-Id"

# Ids as proxies and tracing systems write them; nothing that has a meaning for a reader of logs.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
# These are asked for too often to be logged each time.
_QUIET = ("/static", "/_nicegui", "/healthz", "/readyz", "/metrics")


class AccessLog:
    """Gives every connection an id, returns it in `X-Request-Id`, and logs how the request was
    answered.

    A request may bring its own id; `ForwardedHeaders`, outside of this, lets one through only from
    trusted proxies.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        began = time.monotonic()
        status = 0

        with logs.about(given if _SANE.fullmatch(given) else None) as scene:

            async def send_with_id(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    MutableHeaders(scope=message)[HEADER] = scene.request_id
                await send(message)

            try:
                await self.app(scope, receive, send_with_id)
            finally:
                if scope["type"] == "http":
                    level = logging.DEBUG if scope["path"].startswith(_QUIET) else logging.INFO
                    took = (time.monotonic() - began) * 1000
                    method, route = method_of(scope), route_of(scope)
                    log.log(level, "%s %s %d %.0f ms", method, route, status, took)


def route_of(scope: Scope) -> str:
    """The route's pattern, such as `/t/{slug}/users`; `-` where no route was found."""
    return getattr(scope.get("route"), "path", "") or "-"


def method_of(scope: Scope) -> str:
    """The method, if HTTP knows it; otherwise `-`: it is the client's own word."""
    method = str(scope.get("method", "-"))
    return method if method in _METHODS else "-"


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
