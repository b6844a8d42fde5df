"""What the building of a page leaves behind, and nobody needs as soon as the browser has it."""

from typing import Any

from nicegui import Client
from starlette.requests import Request, empty_receive, empty_send

# The parts of a request's scope that are needed later: by NiceGUI, and by the log of requests.
KEPT = {"type", "method", "path", "query_string", "headers", "client", "route"}

# What engine.io and NiceGUI ask a socket's environment for once it is connected.
ASKED_FOR = {"REQUEST_METHOD", "QUERY_STRING", "asgi.scope", "asgi.receive", "asgi.send"}


def drop(client: Client) -> None:
    """Free it: some 40 KiB of an open Users page.

    NiceGUI keeps a page's request and each element's properties until the page closes, and the
    request keeps everything that was used to answer it. The properties that a component needs only
    once are named in the `SENT_ONCE` of its class.
    """
    _strip(client.request)
    for element in client.elements.values():
        for name in getattr(element, "SENT_ONCE", ()):
            with element.props.suspend_updates():
                element.props[name] = None


def drop_environment(environ: dict[str, Any]) -> None:
    """Free what engine.io keeps of the request by which a socket came: all headers once more, and a
    class that it makes for each of them. It is some 5 KiB of an open page."""
    kept = {name: value for name, value in environ.items() if name in ASKED_FOR}
    environ.clear()
    environ.update(kept)


def _strip(request: Request) -> None:
    for name in request.scope.keys() - KEPT:
        del request.scope[name]
    request._receive = empty_receive
    request._send = empty_send
