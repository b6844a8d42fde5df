"""The doctor's checks from outside: the public url, the proxy before Rollcall, websockets, clocks.

Rollcall asks its own public url, as a browser would. What arrived at the other end of the proxy is
reported by `/doctor`, to callers who have the signing secret.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from services.core import clock
from services.core.errors import RollcallError
from services.core.lazily import lazily
from services.core.networks import as_people_write
from services.core.secrets import derive
from services.core.settings import Settings
from services.database import runtime
from services.operations.checks import Check, failed, warning, well
from services.operations.doctor_database import require_there, seconds_apart

if TYPE_CHECKING:
    import httpx
else:
    httpx = lazily("httpx")

PUBLIC_URL, PROXY, CLOCK = "Public url", "Proxy and websockets", "Clock"
# Where a request's own headers are reported, and the header that proves who asks.
ECHO_PATH, PROOF_HEADER = "/doctor", "X-Rollcall-Doctor"
# Where the pages' websockets begin, as a browser asks for them.
SOCKET_PATH = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
# What a browser sends to begin a websocket (RFC 6455, section 4.1); the key is that document's.
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
# Seconds for one request.
ASK_SECONDS = 5
PROOF_LASTS = 60
# The HTTP date is in whole seconds, so two clocks in step seem up to one second apart; codes of
# authenticator apps are right for 30.
WARN_APART, FAIL_APART = 3.0, 30.0


@dataclass(frozen=True)
class Asked:
    """The result of asking the public url."""

    status: int = 0
    told: Mapping[str, Any] | None = None
    date: datetime | None = None
    secure: bool = True
    strict: bool = False
    trouble: str = ""


def proof(secret: bytes, *, ago: int = 0) -> str:
    """What shows that the caller has the signing secret, now or so many minutes ago."""
    minute = int(clock.now().timestamp()) // PROOF_LASTS - ago
    return derive(secret, "doctor", str(minute).encode()).hex()


def is_proof(given: str) -> bool:
    """Whether this was made with our signing secret, within a minute or two."""
    secret = runtime.current().secret
    return bool(secret) and any(
        hmac.compare_digest(proof(secret, ago=ago).encode(), given.encode("utf-8", "replace"))
        for ago in (-1, 0, 1)
    )


async def look_at_web() -> list[Check]:
    """Public url, proxy and websockets, clock."""
    settings = runtime.current().settings
    asked = await _ask(settings, verify=True)
    if not asked.secure:
        # The rest can be looked at all the same; nothing secret is sent.
        again = await _ask(settings, verify=False)
        asked = Asked(again.status, again.told, again.date, False, again.strict, asked.trouble)
    url = await _public_url(settings, asked)
    return [url, await _proxy(settings, asked), await _clock(asked)]


async def _ask(settings: Settings, *, verify: bool) -> Asked:
    secret = runtime.current().secret
    headers = {PROOF_HEADER: proof(secret)} if secret else {}
    try:
        async with _client(verify) as client:
            answer = await client.get(settings.public_url + ECHO_PATH, headers=headers)
    except httpx.HTTPError as error:
        return Asked(secure=not _is_about_certificate(error), trouble=_words(error))
    told = None
    if answer.headers.get("content-type", "").startswith("application/json"):
        try:
            told = answer.json()
        except ValueError:
            told = None
    strict = "strict-transport-security" in answer.headers
    return Asked(answer.status_code, told if _is_told(told) else None, _date(answer), True, strict)


def _client(verify: bool) -> httpx.AsyncClient:
    # Without the proxies of the environment: browsers come to the public url without them.
    return httpx.AsyncClient(verify=verify, timeout=ASK_SECONDS, trust_env=False)


def _is_told(told: object) -> bool:
    return isinstance(told, dict) and isinstance(told.get("headers"), dict)


def _date(answer: httpx.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError, TypeError):
        return None


def _is_about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _words(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {ASK_SECONDS} seconds"
    return str(error).strip().partition("\n")[0] or type(error).__name__


async def _public_url(settings: Settings, asked: Asked) -> Check:
    url = settings.public_url
    if not asked.secure:
        return warning(
            PUBLIC_URL,
            f"The certificate of {url} isn’t trusted here",
            f"{asked.trouble}. If people’s browsers trust it, all is well; else have one from an "
            "authority that they know, such as Let’s Encrypt.",
        )
    if asked.trouble:
        return warning(
            PUBLIC_URL, f"{url} can’t be reached from here", await _who_is_away(settings, asked)
        )
    if asked.told is None:
        return warning(PUBLIC_URL, f"Something else answers at {url}", _other(asked.status))
    if not settings.is_https:
        host = urlsplit(url).hostname or ""
        if host in {"localhost", "127.0.0.1", "::1"}:
            return well(PUBLIC_URL, f"{url}, on this machine alone")
        return warning(
            PUBLIC_URL,
            f"{url} is not encrypted",
            "Passwords go over the network in the clear. Put a proxy with TLS before Rollcall, and "
            "set ROLLCALL_PUBLIC_URL to its https:// url.",
        )
    return well(PUBLIC_URL, "https, HSTS" if asked.strict else "https")


async def _who_is_away(settings: Settings, asked: Asked) -> str:
    host = settings.host if settings.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104 - only compared
    local = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    try:
        async with _client(True) as client:
            serves = (await client.get(f"{local}/healthz")).status_code == 200
    except httpx.HTTPError:
        serves = False
    said = f"{asked.trouble[:1].upper()}{asked.trouble[1:]}."
    if serves:
        return (
            f"{said} Rollcall serves at {local}: check ROLLCALL_PUBLIC_URL, the name’s record in "
            "the DNS, and whether the proxy leads there. (A firewall may keep this machine alone "
            "from its own public url.)"
        )
    return f"{said} Nothing serves at {local} either: start Rollcall, or check ROLLCALL_PORT."


def _other(status: int) -> str:
    if status in {502, 503, 504}:
        return (
            f"It answers {status}: a proxy that finds no Rollcall behind it. Start Rollcall, and "
            "let the proxy lead to ROLLCALL_HOST and ROLLCALL_PORT."
        )
    if status == 400:
        return (
            "It answers 400: the proxy passes another host name on than that of "
            "ROLLCALL_PUBLIC_URL. Have it pass the one it was asked for (nginx: proxy_set_header "
            "Host $host)."
        )
    return (
        f"It answers {status}. It is another server, or a Rollcall with another signing secret: "
        "check ROLLCALL_PUBLIC_URL, and that the doctor has the same ROLLCALL_DATA_DIR or "
        "ROLLCALL_SECRET as the Rollcall that serves."
    )


async def _proxy(settings: Settings, asked: Asked) -> Check:
    if asked.told is None:
        return warning(PROXY, "Not tried", f"See {PUBLIC_URL}.")
    passed = await _try_socket(settings, verify=asked.secure)
    if passed:
        return failed(PROXY, "Websockets don’t pass", passed)
    return _forwarded(settings, asked.told) or well(PROXY, f"pass, {_came_by(asked.told)}")


async def _try_socket(settings: Settings, *, verify: bool) -> str:
    """Why a websocket doesn't get through; empty if it does."""
    headers = {**UPGRADE, "Origin": settings.public_url}
    try:
        async with (
            _client(verify) as client,
            client.stream("GET", settings.public_url + SOCKET_PATH, headers=headers) as answer,
        ):
            status = answer.status_code
    except httpx.HTTPError as error:
        return f"{_words(error)}. Without websockets no page is live."
    if status == 101:
        return ""
    if status == 403:
        return (
            "Rollcall refuses them (403): the proxy changes the headers Host or Origin. Have it "
            "pass both on as they are."
        )
    return (
        f"The answer to an upgrade is {status}, not 101. Have the proxy pass upgrades on: nginx "
        "needs proxy_http_version 1.1, proxy_set_header Upgrade $http_upgrade and "
        "proxy_set_header Connection “upgrade”; Caddy and Traefik do it by themselves."
    )


def _forwarded(settings: Settings, told: Mapping[str, Any]) -> Check | None:
    """What is wrong with the headers that a proxy added; none if they are right."""
    headers, peer = told["headers"], str(told.get("peer", ""))
    names = sorted(headers)
    if not names:
        if settings.is_https:
            return warning(
                PROXY,
                "The proxy doesn’t say for whom it asks",
                f"No X-Forwarded-For came from {peer}: everybody counts as the proxy, so one "
                "person’s failed sign-ins slow all others down. Have it send X-Forwarded-For and "
                f"X-Forwarded-Proto, and set ROLLCALL_TRUSTED_PROXIES={peer}.",
            )
        return None
    if not _is_trusted(settings, peer):
        return warning(
            PROXY,
            f"The proxy at {peer} isn’t believed",
            f"{', '.join(names)} came from {peer}, which ROLLCALL_TRUSTED_PROXIES doesn’t name, so "
            f"everybody counts as the proxy. Set ROLLCALL_TRUSTED_PROXIES={peer}, or to its "
            "network.",
        )
    scheme = str(headers.get("x-forwarded-proto", "")).rpartition(",")[2].strip().lower()
    if settings.is_https and scheme != "https" and "forwarded" not in headers:
        return warning(
            PROXY,
            "The proxy doesn’t say that it was asked over https",
            f"X-Forwarded-Proto is {scheme or 'missing'}. Have it send “https” there (nginx: "
            "proxy_set_header X-Forwarded-Proto $scheme).",
        )
    return None


def _is_trusted(settings: Settings, peer: str) -> bool:
    try:
        ip = ipaddress.ip_address(as_people_write(peer))
    except ValueError:
        return False
    networks = (ipaddress.ip_network(n, strict=False) for n in settings.trusted_proxies)
    return any(ip in network for network in networks)


def _came_by(told: Mapping[str, Any]) -> str:
    names = sorted(told["headers"])
    return f"with {', '.join(names)}" if names else "no proxy"


async def _clock(asked: Asked) -> Check:
    found = []
    if asked.date is not None:
        found.append(("the public url’s", (asked.date - clock.now()).total_seconds() + 0.5))
    try:
        await require_there()
        async with asyncio.timeout(ASK_SECONDS):
            by_database = await seconds_apart()
    except (RollcallError, TimeoutError):
        by_database = None
    if by_database is not None:
        found.append(("the database’s", by_database))
    if not found:
        return well(CLOCK, "nothing to compare it with")
    whose, apart = max(found, key=lambda pair: abs(pair[1]))
    if abs(apart) >= WARN_APART:
        words = f"This machine’s clock and {whose} are {abs(apart):,.0f} s apart"
        remedy = (
            "Have both set by NTP (`timedatectl set-ntp true`): sessions, links and codes of "
            "authenticator apps end by the clock."
        )
        return (failed if abs(apart) >= FAIL_APART else warning)(CLOCK, words, remedy)
    if by_database is not None:
        return well(CLOCK, f"{abs(by_database) * 1000:.0f} ms off")
    return well(CLOCK, "in step, to the second")
