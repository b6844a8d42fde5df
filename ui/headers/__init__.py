"""What stands around the whole application: which requests come in, and what every answer says.

Small ASGI middlewares; `harden` stacks them in the order that they depend on.

The forms have no anti-forgery tokens. Every browser of the last years says with each request where
it was made (`Sec-Fetch-Site`), and all of them say with each POST from which origin (`Origin`); a
page can forge neither. `CrossOriginDefence` demands one of the two, as `CrossOriginProtection` of
Go's standard library does, and refuses a request that has neither. In addition, the session's
cookie is `SameSite=Lax`.
"""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from ui.headers.access import AccessLog
from ui.headers.answers import LastResort, Render, SecurityHeaders
from ui.headers.kept import Compression, KeptAssets
from ui.headers.requests import (
    CAME_BY,
    BodyLimit,
    CrossOriginDefence,
    ForwardedHeaders,
    TrustedHosts,
    origin_of,
)

__all__ = [
    "BODY_LIMIT",
    "CAME_BY",
    "AccessLog",
    "BodyLimit",
    "Compression",
    "CrossOriginDefence",
    "ForwardedHeaders",
    "KeptAssets",
    "LastResort",
    "SecurityHeaders",
    "TrustedHosts",
    "harden",
    "origin_of",
]

BODY_LIMIT = 64 * 1024
"""The most bytes of a request's body. The largest form has a few hundred; only files are larger."""


def _in_plain_words(_request: Request, status: int, sentence: str) -> Response:
    return PlainTextResponse(sentence, status)


def harden(
    app: Starlette,
    *,
    public_url: str,
    trusted_proxies: Sequence[str] = (),
    body_limit: int = BODY_LIMIT,
    most_of_file: int = 0,
    render: Render = _in_plain_words,
    in_turn: Callable[[ASGIApp], ASGIApp] | None = None,
    carries: Callable[[tuple[str, int], str], None] | None = None,
) -> None:
    """Put all of the above around an application; `Compression` goes around it, and is added later.

    `carries` is told whose request a trusted proxy's connection carries (`ForwardedHeaders`).

    `in_turn` is put around what refuses requests. It knows from where they come, and what it does
    is logged.

    `render(request, status, sentence)` makes the answers of refusals. Over plain http, the machine
    itself may be asked for by its local names, too.
    """
    public = urlsplit(public_url)
    names = [public.hostname or ""]
    if public.scheme == "http":
        names += ["localhost", "127.0.0.1", "::1"]
    # Each is put around those before it.
    app.add_middleware(KeptAssets, render=render)
    app.add_middleware(BodyLimit, limit=body_limit, most_of_file=most_of_file, render=render)
    app.add_middleware(CrossOriginDefence, origin=origin_of(public_url), render=render)
    app.add_middleware(TrustedHosts, names=names, render=render)
    if in_turn is not None:
        app.add_middleware(in_turn)
    app.add_middleware(LastResort, render=render)
    app.add_middleware(SecurityHeaders, https=public.scheme == "https")
    app.add_middleware(AccessLog)
    app.add_middleware(ForwardedHeaders, trusted=trusted_proxies, carries=carries)
