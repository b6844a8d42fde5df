"""Files with a version in their address: compressed once, and kept by browsers for good."""

import gzip

from nicegui import __version__
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Ours have their content's hash in their address, NiceGUI's its version.
_VERSIONED = (
    "/static/",
    f"/_nicegui/{__version__}/static/",
    f"/_nicegui/{__version__}/components/",
    f"/_nicegui/{__version__}/libraries/",
)
FOR_GOOD = "public, max-age=31536000, immutable"
# A request with one of these wants something else than the whole file.
_PARTIAL = ("range", "if-none-match", "if-modified-since")
# What gets smaller by a tenth at least; pictures and fonts don't.
WORTH_IT = 0.9
# Bytes that are kept at most; all that pages ask for has a tenth of it.
MOST = 4 * 1024 * 1024


class KeptAssets:
    """Compresses such a file when it is first asked for, and answers by itself from then on.

    NiceGUI's scripts take 100 ms to compress, each time and on everybody's thread
    (docs/benchmarks.md).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, tuple[Message, bytes]] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI wants it."""
        if scope["type"] != "http" or not scope["path"].startswith(_VERSIONED):
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        whole = scope["method"] == "GET" and not any(name in asked for name in _PARTIAL)
        if not whole or "gzip" not in asked.get("accept-encoding", ""):
            await self.app(scope, receive, _for_good(send))
            return
        if scope["path"] not in self._kept:
            answer = _Answer()
            await self.app(scope, receive, _for_good(answer.take))
            if not self._keep(scope["path"], answer):
                await answer.pass_on(send)
                return
        start, body = self._kept[scope["path"]]
        await send({**start, "headers": list(start["headers"])})  # others add theirs to it
        await send({"type": "http.response.body", "body": body})

    def _keep(self, path: str, answer: "_Answer") -> bool:
        body = gzip.compress(answer.body)
        worth_it = len(body) <= len(answer.body) * WORTH_IT
        if answer.start["status"] != 200 or not worth_it or self._size + len(body) > MOST:
            return False
        headers = MutableHeaders(scope=answer.start)
        headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(body))
        headers.add_vary_header("Accept-Encoding")
        self._kept[path] = answer.start, body
        self._size += len(body)
        return True


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


def _for_good(send: Send) -> Send:
    async def send_for_good(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < 400:
            MutableHeaders(scope=message)["Cache-Control"] = FOR_GOOD
        await send(message)

    return send_for_good
