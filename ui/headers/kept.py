"""Files with a version in their url: one url for each, compressed once, and kept by browsers for
good."""

import asyncio
import gzip
import re
from collections.abc import Container

from nicegui import __version__
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.headers.answers import Render

ASSETS = ("/static/", "/_nicegui/")
# Our files have their content's hash in their url, NiceGUI's files its version.
_VERSIONED = (
    "/static/",
    f"/_nicegui/{__version__}/static/",
    f"/_nicegui/{__version__}/components/",
    f"/_nicegui/{__version__}/libraries/",
    f"/_nicegui/{__version__}/esm/",
)
# Nothing quoted, no empty segment, and no segment of dots: each of those would be one more url of a
# file.
_PLAIN = re.compile(rb"(?:/(?!\.{1,2}(?:/|$))[\w.@-]+)+", re.ASCII)
FOR_GOOD = "public, max-age=31536000, immutable"
# The types that get at least a tenth smaller; pictures and fonts don't.
WORTH_IT = 0.9
# The most bytes that are kept. All of our files and NiceGUI's have six million, in some 330 files;
# what pages ask for has a tenth of that.
MOST = 8 * 1024 * 1024
_CODINGS = {b"accept-encoding"}
_CONDITIONS = {b"if-none-match", b"if-modified-since"}
_REFUSED = re.compile(r"q\s*=\s*0(?:\.0*)?")
NOT_FOUND = "This file doesn't exist, or was removed. Load the page again."


class Compression(GZipMiddleware):
    """Compresses everything except those files: `KeptAssets` has compressed them, or they aren't
    worth it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
        elif scope["path"].startswith(ASSETS):
            await self.app(scope, receive, send)
        else:
            # What it is built on looks for the word alone.
            known = scope if takes_gzip(Headers(scope=scope)) else _without(scope, _CODINGS)
            await super().__call__(known, receive, send)


class KeptAssets:
    """Compresses such a file when it is first asked for, and answers by itself from then on.

    NiceGUI's scripts take 100 ms to compress (docs/benchmarks.md), so each is compressed once in a
    process, in a thread, one at a time; there are only as many as there are files, in whatever way
    they are asked for.
    """

    def __init__(self, app: ASGIApp, *, render: Render) -> None:
        self.app = app
        self.render = render
        self._kept: dict[str, tuple[Message, bytes]] = {}
        self._not_worth_it: set[str] = set()
        self._size = 0
        self._compressing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] != "http" or not scope["path"].startswith(ASSETS):
            await self.app(scope, receive, send)
        elif not _PLAIN.fullmatch(_raw_path(scope)) or scope.get("query_string"):
            await self.render(Request(scope), 404, NOT_FOUND)(scope, receive, send)
        elif scope["path"].startswith(_VERSIONED) and scope["method"] == "HEAD":
            # What a GET would answer, without the file itself (RFC 9110, 9.3.2).
            as_get = {**scope, "method": "GET"}
            await self._answer(as_get, receive, _for_good(_without_body(send)))
        elif scope["path"].startswith(_VERSIONED):
            await self._answer(scope, receive, _for_good(send))
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, asked = scope["path"], Headers(scope=scope)
        if (
            scope["method"] != "GET"
            or "range" in asked
            or not takes_gzip(asked)
            or path in self._not_worth_it
        ):
            await self.app(scope, receive, send)
            return
        if path not in self._kept:
            answer = _Answer()
            async with self._compressing:
                if path not in self._kept:
                    await self.app(_without(scope, _CONDITIONS), receive, answer.take)
                    await self._keep(path, answer)
            if path not in self._kept:
                await answer.pass_on(send)
                return
        start, body = self._kept[path]
        headers = Headers(raw=start["headers"])
        if asked.get("if-none-match", "") == headers.get("etag", "none"):
            start, body = {**start, "status": 304}, b""
        start = {**start, "headers": list(start["headers"])}  # others add their own headers to it
        if start["status"] == 304:
            del MutableHeaders(scope=start)["Content-Length"]
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def _keep(self, path: str, answer: "_Answer") -> None:
        if answer.start["status"] != 200:
            return
        body = await asyncio.to_thread(gzip.compress, answer.body)
        if len(body) > len(answer.body) * WORTH_IT or self._size + len(body) > MOST:
            self._not_worth_it.add(path)
            return
        headers = MutableHeaders(scope=answer.start)
        headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        headers.add_vary_header("Accept-Encoding")
        self._kept[path] = answer.start, body
        self._size += len(body)


class _Answer:
    """An answer that waits until it is complete."""

    def __init__(self) -> None:
        self.start: Message = {}
        self.body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")

    async def pass_on(self, send: Send) -> None:
        await send(self.start)
        await send({"type": "http.response.body", "body": self.body})


def _raw_path(scope: Scope) -> bytes:
    # What the browser sent; `path` no longer shows how it was quoted.
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw_path


def takes_gzip(asked: Headers) -> bool:
    """Whether a request takes an answer in gzip: it names it, and with another weight than 0 (RFC
    9110, 12.4.2 and 12.5.3)."""
    for named in ",".join(asked.getlist("accept-encoding")).lower().split(","):
        coding, _, weight = named.partition(";")
        if coding.strip() == "gzip":
            return not _REFUSED.fullmatch(weight.strip())
    return False


def _without(scope: Scope, names: Container[bytes]) -> Scope:
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in names]}


def _without_body(send: Send) -> Send:
    async def send_without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_without_body


def _for_good(send: Send) -> Send:
    async def send_for_good(message: Message) -> None:
        if message["type"] == "http.response.start":
            # A file that isn't there may be there tomorrow: another replica has another version.
            is_there = message["status"] < 400
            MutableHeaders(scope=message)["Cache-Control"] = FOR_GOOD if is_there else "no-store"
        await send(message)

    return send_for_good
