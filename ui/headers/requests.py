"""Which requests come in, and what they may say about themselves."""

import asyncio
import ipaddress
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core.networks import as_people_write
from services.operations.doctor_web import ECHO_PATH
from ui.headers.answers import Render

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# An IPv6 ip stands in brackets if a port follows it (RFC 3986, section 3.2.2); a port may be a
# made-up name, too (RFC 7239, section 6.2).
_NODE = re.compile(r"(?:\[([^\]]*)\]|([0-9.]+))(?::[\w.-]+)?", re.ASCII)
_MADE_UP = re.compile(r"_[A-Za-z0-9._-]{1,63}")

CAME_BY = "rollcall.came_by"
"""In the scope of a request to `ECHO_PATH`: from whom it came, before anything was believed."""
ADDED = frozenset({"forwarded", "via", "x-real-ip"})

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked for under a container's ip, not the public name."""


def origin_of(url: str) -> str:
    """A url's origin, as a browser writes it: in lower case, without the usual port."""
    parts = urlsplit(url.lower())
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def client_of(hop: str) -> str | None:
    """The ip in one hop of `X-Forwarded-For` or `Forwarded`, with or without quotes, brackets and a
    port; or the name that stands for it (RFC 7239, section 6.3). None if there is neither."""
    node = hop.strip().strip('"').strip()
    if _MADE_UP.fullmatch(node):
        return node
    match = _NODE.fullmatch(node)
    with suppress(ValueError):
        ip = ipaddress.ip_address((match[1] or match[2]) if match else node)
        return as_people_write(str(ip))
    return None


def parse_forwarded(value: str) -> list[dict[str, str]]:
    """The elements of a `Forwarded` header (RFC 7239, section 4), from the client's end on: their
    parameters by name in lower case."""
    elements = []
    for element in _split(value, ","):
        parameters = {}
        for pair in _split(element, ";"):
            name, is_pair, given = pair.partition("=")
            if is_pair:
                unquoted = re.sub(r"\\(.)", r"\1", given.strip().strip('"'))
                parameters[name.strip().lower()] = unquoted
        elements.append(parameters)
    return [element for element in elements if element]


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that aren't quoted; in one pass, because a stranger writes
    this."""
    parts, begin, is_quoted, is_escaped = [], 0, False, False
    for position, char in enumerate(text):
        if is_escaped:
            is_escaped = False
        elif char == "\\":
            is_escaped = is_quoted
        elif char == '"':
            is_quoted = not is_quoted
        elif char == separator and not is_quoted:
            parts.append(text[begin:position])
            begin = position + 1
    return [*parts, text[begin:]]


class ForwardedHeaders:
    """Believes `X-Forwarded-For`, `-Proto`, `Forwarded` (RFC 7239) and `X-Request-Id` only from
    trusted proxies, and drops them otherwise.

    From a trusted proxy, the client is the last hop in the list that isn't a trusted proxy. If a
    proxy makes up a name instead of giving an ip (RFC 7239, section 6.3), the client is known by
    that name; if nothing can be read, by the ip of the proxy that said so. `Forwarded` counts if
    there is no `X-Forwarded-For`. No request says by which host or prefix it came (NiceGUI would
    load its scripts from there): those headers are always dropped.

    `carries` is told from which ip and port a trusted proxy's request came, and of whose ip it is.
    """

    DROPPED = frozenset(
        {b"forwarded", b"x-real-ip", b"x-original-url", b"x-rewrite-url", b"x-script-name"}
        | {b"x-original-host", b"x-host", b"x-client-ip", b"x-http-method-override"}
    )

    def __init__(
        self,
        app: ASGIApp,
        trusted: Sequence[str | Network] = (),
        carries: Callable[[tuple[str, int], str], None] | None = None,
    ) -> None:
        self.app = app
        self.carries = carries
        self.trusted = [ipaddress.ip_network(str(network), strict=False) for network in trusted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] in {"http", "websocket"}:
            came_from = scope.get("client") or ("", 0)
            peer = as_people_write(came_from[0])
            scope["client"] = (peer, came_from[1])
            headers = Headers(scope=scope)
            dropped = self.DROPPED
            if scope["path"] == ECHO_PATH:
                scope[CAME_BY] = {"peer": peer, "headers": _added_by_proxies(headers)}
            if self._is_trusted(peer):
                self._believe(scope, headers, peer)
                if self.carries is not None:
                    self.carries(came_from, scope["client"][0])
            else:
                dropped |= {b"x-request-id"}
            scope["headers"] = [
                (name, value)
                for name, value in scope["headers"]
                if name not in dropped and not name.startswith(b"x-forwarded-")
            ]
        await self.app(scope, receive, send)

    def _is_trusted(self, host: str) -> bool:
        with suppress(ValueError):
            ip = ipaddress.ip_address(host)
            return any(ip in network for network in self.trusted)
        return False

    def _believe(self, scope: Scope, headers: Headers, peer: str) -> None:
        forwarded = parse_forwarded(",".join(headers.getlist("forwarded")))
        hops = [
            hop for hop in ",".join(headers.getlist("x-forwarded-for")).split(",") if hop.strip()
        ]
        if not hops:
            hops = [element["for"] for element in forwarded if "for" in element]
        scope["client"] = (self._client_of(hops, peer), 0)
        proto = headers.get("x-forwarded-proto", "").rsplit(",", 1)[-1].strip().lower()
        if not proto and forwarded:
            proto = forwarded[-1].get("proto", "").lower()
        if proto in {"http", "https"}:
            is_socket = scope["type"] == "websocket"
            scope["scheme"] = proto.replace("http", "ws") if is_socket else proto

    def _client_of(self, hops: Sequence[str], peer: str) -> str:
        said_by = peer
        for hop in reversed(hops):
            client = client_of(hop)
            if client is None:
                break
            said_by = client
            if not self._is_trusted(client):
                break
        return said_by


def _added_by_proxies(headers: Headers) -> dict[str, str]:
    named = (name for name in headers if name.startswith("x-forwarded-") or name in ADDED)
    return {name: ",".join(headers.getlist(name)) for name in named}


class TrustedHosts:
    """Takes only requests for our own names, so that no link is ever built from another name."""

    def __init__(self, app: ASGIApp, *, names: Sequence[str], render: Render) -> None:
        self.app = app
        self.names = frozenset(names)
        self.render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] not in {"http", "websocket"} or self._is_ours(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            sentence = (
                "Rollcall isn't set up to answer under this address. Use the one that you were "
                "given, or have ROLLCALL_PUBLIC_URL set to this one."
            )
            await self.render(Request(scope), 400, sentence)(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        hosts = Headers(scope=scope).getlist("host")
        if scope["path"] in PROBES:
            return True
        if len(hosts) != 1:
            return False
        with suppress(ValueError):
            return urlsplit(f"//{hosts[0]}").hostname in self.names
        return False


class CrossOriginDefence:
    """Refuses what another site's page makes a browser send; see the package's docstring."""

    SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
    SECRET_PATHS = re.compile(
        r"/setup/[\w-]+"
        r"|(?:/t/[^/]+|/platform)/(?:invitation|password/reset|email/(?:confirm|take-back))/[\w-]+"
        r"|/t/[^/]+/customer/link/[\w-]+"
        r"|/password/strength"
    )
    """Paths that are secrets, and the one path that their pages ask without changing anything.

    Such pages tell nobody where a request comes from, which makes the origin "null" (Fetch, "append
    a request Origin header"), and over plain http a browser says nothing else. Somebody who knows
    such a path has its token, and needs no forged request.
    """

    FROM_SERVERS = re.compile(r"/t/[^/]+/sso/backchannel-logout")
    """Where identity providers' servers post: no browser's cookie counts there, only a signed
    token."""

    def __init__(self, app: ASGIApp, *, origin: str, render: Render) -> None:
        self.app = app
        self.origin = origin
        self.render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] != "http" or scope["method"] in self.SAFE or self._is_from_here(scope):
            await self.app(scope, receive, send)
            return
        sentence = "This was sent by another site's page, so nothing was done. Open it here again."
        await self.render(Request(scope), 403, sentence)(scope, receive, send)

    def _is_from_here(self, scope: Scope) -> bool:
        if self.FROM_SERVERS.fullmatch(scope["path"]):
            return True
        headers = Headers(scope=scope)
        site = headers.get("sec-fetch-site", "none")
        if site == "none":  # an old browser or plain http; or by a person's own hand
            if headers.get("origin") == "null":
                return self.SECRET_PATHS.fullmatch(scope["path"]) is not None
            own = f"{scope['scheme']}://{headers.get('host')}"
            return headers.get("origin") in {self.origin, own}
        return site == "same-origin"


class _BodyTooLargeError(HTTPException):
    """An HTTP error, so that code that parses the body doesn't take it for its own."""


class BodyLimit:
    """Refuses a body of more than `limit` bytes by its announced length, or as soon as it is
    longer.

    Where files are posted to, `most_of_file` bytes count instead.
    """

    FILES = re.compile(r"/t/[^/]+/(?:pocs|templates)/[^/]+/files")

    DRAINED = 16 * 1024 * 1024
    """This many bytes are read and thrown away, so that a browser which is still sending hears the
    answer instead of a broken connection; for at most `DRAIN_SECONDS`."""

    DRAIN_SECONDS = 5.0

    def __init__(self, app: ASGIApp, *, limit: int, most_of_file: int, render: Render) -> None:
        self.app = app
        self.limit = limit
        self.most_of_file = most_of_file
        self.render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        takes_file = scope["method"] == "POST" and self.FILES.fullmatch(scope["path"])
        # A file that is only a little too large is refused later, by the code that stores it, with
        # the file's name.
        limit = self.limit + self.most_of_file if takes_file else self.limit
        if not length.isdecimal() or int(length) > limit:
            await self._refuse(scope, receive, send, limit)
            return
        read, started = 0, False

        async def receive_counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise _BodyTooLargeError(413, _too_large(limit))
            return message

        async def send_unless_refused(message: Message) -> None:
            nonlocal started
            if read <= limit or started:
                started = True
                await send(message)

        try:
            await self.app(scope, receive_counted, send_unless_refused)
        except _BodyTooLargeError:
            if started:
                raise
        if read > limit and not started:
            await self._refuse(scope, receive, send, limit)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._drain(receive), self.DRAIN_SECONDS)
        await self.render(Request(scope), 413, _too_large(limit))(scope, receive, send)

    async def _drain(self, receive: Receive) -> None:
        drained = 0
        while drained < self.DRAINED:
            message = await receive()
            drained += len(message.get("body", b""))
            if not message.get("more_body"):
                return


def _too_large(limit: int) -> str:
    return f"This is more than the {limit // 1024:,} KiB that Rollcall takes at once."
