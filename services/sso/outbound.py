"""Requests to a provider. A Tenant Admin chose its url, so requests have narrow limits: https, no
redirect followed, ten seconds in all, an answer of limited size, and JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from services.core.lazily import lazily
from services.database import runtime
from services.sso.errors import Refusal, SsoError, quote

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazily("httpx")

log = logging.getLogger(__name__)

# Seconds for one whole request.
TIMEOUT = 10.0
# The most bytes of an answer. A large discovery document or key set has a tenth of this.
LONGEST_ANSWER = 256 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check_url(url: str) -> str:
    """The url, if Rollcall may ask there: https; or plain http to this machine, if Rollcall itself
    is served like that (to try things out). Raises `SsoError`."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    local = parts.scheme == "http" and host in LOOPBACK and not runtime.current().settings.is_https
    allowed = parts.scheme == "https" or local
    if not host or not allowed or parts.username is not None or parts.fragment or not url.isascii():
        raise SsoError(
            Refusal.ADDRESS_NOT_ALLOWED,
            f"{quote(url)} isn't an address that Rollcall may ask: it must start with https:// and "
            "a host's name.",
        )
    return url


@cache
def tls() -> ssl.SSLContext:
    """Which certificates to believe; `SSL_CERT_FILE` names a file with the only ones then.

    Made once, because reading them all takes tens of milliseconds.
    """
    return httpx.create_ssl_context()


async def get_json(url: str, *, bearer: str = "") -> dict[str, Any]:
    """What a provider says at this url. Raises `SsoError`."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    status, answer = await _ask("GET", url, headers, None)
    if status != httpx.codes.OK or answer is None:
        raise _unusable(url, status)
    return answer


async def post_form(url: str, headers: Mapping[str, str], body: str) -> tuple[int, dict[str, Any]]:
    """A provider's answer to a form: its status, and what it says. Raises `SsoError`."""
    status, answer = await _ask("POST", url, headers, body.encode())
    if answer is None:
        raise _unusable(url, status)
    return status, answer


async def _ask(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, dict[str, Any] | None]:
    check_url(url)
    wanted = {"Accept": "application/json", **headers}
    host = urlsplit(url).hostname
    try:
        async with (
            asyncio.timeout(TIMEOUT),
            httpx.AsyncClient(verify=tls(), follow_redirects=False, timeout=TIMEOUT) as client,
            client.stream(method, url, headers=wanted, content=body) as response,
        ):
            return response.status_code, _parsed(await _read(response, url))
    except (TimeoutError, httpx.TimeoutException) as error:
        raise SsoError(
            Refusal.PROVIDER_SLOW,
            f"{host} didn't answer within {TIMEOUT:.0f} seconds. Try again in a moment.",
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise SsoError(
            Refusal.PROVIDER_UNREACHABLE,
            f"{host} can't be reached: {_why(error)}. "
            "Check the address, and that Rollcall's server may connect to it.",
        ) from error


def _why(error: Exception) -> str:
    """What the library's error means, in our own words; its own words are in the log."""
    log.info("A provider can't be reached: %r", error)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "its certificate isn't one that this server trusts"
        if isinstance(cause, socket.gaierror):
            return "no server has this name"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing answers there"
        cause = cause.__cause__ or cause.__context__
    return "the connection failed"


async def _read(response: httpx.Response, url: str) -> bytes:
    read = bytearray()
    async for piece in response.aiter_bytes():
        read += piece
        if len(read) > LONGEST_ANSWER:
            raise SsoError(
                Refusal.PROVIDER_ANSWER,
                f"{url} answers with more than {LONGEST_ANSWER // 1024} KiB. Check the address.",
            )
    return bytes(read)


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _unusable(url: str, status: int) -> SsoError:
    what = f"status {status}" if status != httpx.codes.OK else "something that isn't JSON"
    return SsoError(
        Refusal.PROVIDER_ANSWER,
        f"{url} answered with {what}. Check the discovery address, and that nothing (a proxy, a "
        "sign-in page) stands before the provider.",
    )
