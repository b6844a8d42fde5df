"""Answers errors with plain pages that leave nothing on the server.

NiceGUI's own error pages are live pages: each stranger's 404 would leave a client behind, and so
would a page that fails while it is being built.
"""

import http
import importlib
import logging
from collections.abc import Awaitable, Callable, Mapping

from fastapi.exceptions import RequestValidationError
from nicegui import Client, core
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core.errors import SessionEndedError
from ui.headers.access import route_of
from ui.headers.kept import ASSETS
from ui.live.cut import CUT_URL
from ui.paths import customer_path, sign_in_url

log = logging.getLogger(__name__)

Render = Callable[[Request, int, str], Awaitable[Response]]

PAGE = "nicegui_page_path"
"""In a request's scope, from the moment when NiceGUI began to build a page for it."""

SENTENCES = {
    400: "This request isn't understood.",
    403: "You may not open this page.",
    404: "This page doesn't exist, or was removed.",
    405: "This address doesn't take such a request.",
    413: "This is more than Rollcall takes at once.",
    422: "This address isn't complete, or has a part that isn't understood.",
    500: "Something went wrong on our side. It was logged. Try again in a moment.",
    503: "Rollcall is busy or can't reach its database. Try again in a moment.",
}


class PageNotBuiltError(Exception):
    """NiceGUI gave up on a page: it was cut while it was built, or took too long."""


class CutPages:
    """Leads people to the sign-in page if their page was cut before it was answered.

    Then it doesn't matter how the building ended: NiceGUI raises many kinds of errors when elements
    are made for a client that is gone, a service refuses, or the page is whole.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        answered = False

        async def send_unless_cut(message: Message) -> None:
            nonlocal answered
            if answered or CUT_URL not in scope:
                answered = True
                await send(message)

        try:
            await self.app(scope, receive, send_unless_cut)
        except Exception as error:
            if answered or CUT_URL not in scope:
                raise
            log.debug("%s was cut while it was built: %r", route_of(scope), error)
        if scope["type"] == "http" and not answered and CUT_URL in scope:
            drop_clients(Request(scope))
            await _led_to(scope[CUT_URL])(scope, receive, send)


def sentence_for(status: int) -> str:
    """What a person reads for an HTTP status."""
    return SENTENCES.get(status) or f"{http.HTTPStatus(status).phrase}."


def plain_errors(render: Render, statuses: Mapping[type[Exception], int] | None = None) -> None:
    """Answer every error on NiceGUI's application by `render(request, status, sentence)`.

    `statuses` are our own refusals, whose text is the sentence; a derived type has its base's
    status. Call this after `ui.run_with`. Anything unforeseen is rendered as a 500 and raised
    again, so that the server logs it.
    """
    known = dict(statuses or {})

    async def refused(request: Request, error: Exception) -> Response:
        drop_clients(request)
        if isinstance(error, SessionEndedError) and PAGE in request.scope:
            # It ended before the page was registered, so that no cut found it.
            return _to_sign_in(request, error)
        status = next(known[kind] for kind in type(error).__mro__ if kind in known)
        return await render(request, status, str(error))

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        drop_clients(request)
        if error.status_code < 400:
            return Response(status_code=error.status_code, headers=error.headers)
        if error.status_code == 404 and (url := _with_a_slash_less(request)):
            return RedirectResponse(url)
        response = await render(request, error.status_code, _sentence_of(error))
        response.headers.update(error.headers or {})
        return response

    async def invalid(request: Request, _error: Exception) -> Response:
        return await render(request, 422, sentence_for(422))

    async def not_built(request: Request, error: Exception) -> Response:
        drop_clients(request)
        # One that was cut leads on (`CutPages`): nothing went wrong.
        level = logging.DEBUG if CUT_URL in request.scope else logging.ERROR
        log.log(level, "%s was not built: %s", route_of(request.scope), error)
        return await render(request, 503, sentence_for(503))

    async def unforeseen(request: Request, _error: Exception) -> Response:
        drop_clients(request)
        return await render(request, 500, sentence_for(500))

    app = core.app
    app.add_middleware(CutPages)
    app.add_exception_handler(404, http_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(PageNotBuiltError, not_built)
    app.add_exception_handler(Exception, unforeseen)
    for kind in known:
        app.add_exception_handler(kind, refused)
    # Instead of NiceGUI's "The client was deleted while the page was being built".
    importlib.import_module("nicegui.page").error_content = _give_up  # type: ignore[attr-defined]  # a module's name


def _with_a_slash_less(request: Request) -> str:
    """Where a page is that was asked for with a slash at its end, as people type it; empty for
    everything else: a file has one url."""
    path = request.url.path
    if request.method not in {"GET", "HEAD"} or path.startswith(ASSETS) or not path.endswith("/"):
        return ""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/{path.strip('/')}{query}"


def drop_clients(request: Request) -> None:
    """Forget what NiceGUI began to build for this request."""
    if PAGE not in request.scope:
        return
    for client in list(Client.instances.values()):
        if client._request is not None and client._request.scope is request.scope:
            client.delete()


def _sentence_of(error: HTTPException) -> str:
    is_default = error.detail == http.HTTPStatus(error.status_code).phrase
    return sentence_for(error.status_code) if is_default else str(error.detail)


def _to_sign_in(request: Request, error: SessionEndedError) -> Response:
    why = error.reason.value if error.reason else None
    slug = request.path_params.get("slug")
    if slug and request.url.path.startswith(f"{customer_path(slug)}/"):
        return _led_to(f"{customer_path(slug)}?why={why or ''}")
    return _led_to(sign_in_url(slug, why=why))


def _led_to(url: str) -> Response:
    return Response(status_code=303, headers={"Location": url, "Cache-Control": "no-store"})


def _give_up(_status: int, reason: str | Exception = "") -> None:
    raise PageNotBuiltError(str(reason))
