"""The two tokens that a provider signs: who signed in (an id token), and who is signed out there
(a logout token). What they claim counts only after everything here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry, Token

from services import clock
from services.sso.errors import Refusal, SsoError
from services.sso.provider import Provider, keys_of

# Signatures that only the provider can make: none with a secret that others know too (a public
# key as an HMAC's secret is the classic forgery), and never "none".
ALGORITHMS: tuple[str, ...] = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
)
ALGORITHMS += ("EdDSA", "Ed25519")
# Seconds that the provider's clock and ours may differ. Authlib's own leeway is 120.
LEEWAY = 30
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_ID = 255


@dataclass(frozen=True)
class LogoutToken:
    """A logout token that holds: which sign-ins at the provider are over."""

    jti: str
    sid: str | None
    subject: str | None
    expires_at: datetime


@dataclass(frozen=True)
class Expected:
    """Whose token, for whom."""

    provider: Provider = field(repr=False)
    client_id: str


async def check_id_token(
    expected: Expected, raw: str, *, nonce: str, access_token: str | None
) -> Mapping[str, Any]:
    """The claims of an id token (OpenID Connect Core 1.0, section 3.1.3.7). Raises `SsoError`."""
    token = await _verified(expected, raw)
    options = {
        "iss": {"essential": True, "value": expected.provider.issuer},
        "aud": {"essential": True, "value": expected.client_id},
    }
    params = {"nonce": nonce, "client_id": expected.client_id, "access_token": access_token}
    claims = CodeIDToken(token.claims, token.header, options, params)
    try:
        claims.validate(now=_now(), leeway=LEEWAY)
    except JoseError as error:
        raise _wrong_claim(error, token.claims) from error
    if not is_id(claims["sub"]):
        raise SsoError(Refusal.TOKEN_CLAIM, "The provider's token names nobody.")
    return dict(claims)


async def check_logout_token(expected: Expected, raw: str) -> LogoutToken:
    """A logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6). Raises `SsoError`."""
    token = await _verified(expected, raw, by_stranger=True)
    registry = JWTClaimsRegistry(
        now=_now(),
        leeway=LEEWAY,
        iss={"essential": True, "value": expected.provider.issuer},
        aud={"essential": True, "value": expected.client_id},
        iat={"essential": True},
        exp={"essential": True},
        jti={"essential": True},
    )
    claims = token.claims
    try:
        registry.validate(claims)
    except JoseError as error:
        raise _wrong_claim(error, claims) from error
    events = claims.get("events")
    is_logout = isinstance(events, dict) and isinstance(events.get(LOGOUT_EVENT), dict)
    kind = str(token.header.get("typ", "logout+jwt")).lower().removeprefix("application/")
    if not is_logout or "nonce" in claims or kind not in {"logout+jwt", "jwt"}:
        raise SsoError(Refusal.TOKEN_CLAIM, "This isn't a logout token.")
    sid, subject = claims.get("sid"), claims.get("sub")
    if not all(value is None or is_id(value) for value in (sid, subject)) or not (sid or subject):
        raise SsoError(Refusal.TOKEN_CLAIM, "The logout token names no session and nobody.")
    try:
        expires_at = datetime.fromtimestamp(claims["exp"] + LEEWAY, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise SsoError(Refusal.TOKEN_CLAIM, "The logout token never expires.") from error
    return LogoutToken(claims["jti"], sid, subject, expires_at + timedelta(seconds=1))


async def _verified(expected: Expected, raw: str, *, by_stranger: bool = False) -> Token:
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    try:
        try:
            keys = await keys_of(expected.provider)
            return jwt.decode(raw, keys, registry=registry)
        except (InvalidKeyIdError, BadSignatureError):
            # Signed with a key that is newer than what we have, perhaps under the old one's name.
            keys = await keys_of(expected.provider, missing=True, by_stranger=by_stranger)
            return jwt.decode(raw, keys, registry=registry)
    except (BadSignatureError, InvalidKeyIdError) as error:
        raise SsoError(
            Refusal.TOKEN_SIGNATURE,
            "The token isn't signed with one of the provider's published keys.",
        ) from error
    except UnsupportedAlgorithmError as error:
        raise SsoError(
            Refusal.TOKEN_SIGNATURE,
            "The token isn't signed in a way that Rollcall accepts. Have the provider sign with "
            "RS256 or ES256.",
        ) from error
    except (JoseError, ValueError, TypeError) as error:
        raise SsoError(Refusal.TOKEN_MALFORMED, "The provider's token can't be read.") from error


def _wrong_claim(error: JoseError, claims: Mapping[str, Any]) -> SsoError:
    claim = getattr(error, "claim", "")
    clocks = "Have the clocks of both servers set by the network (NTP), then try again."
    if isinstance(error, ExpiredTokenError):
        ago = _seconds(_now() - claims["exp"])
        return SsoError(Refusal.TOKEN_EXPIRED, f"The provider's token expired {ago} ago. {clocks}")
    if isinstance(error, InvalidClaimError) and claim in {"iat", "nbf"}:
        value = claims.get(claim)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > _now():
            ahead = _seconds(value - _now())
            return SsoError(
                Refusal.TOKEN_FROM_THE_FUTURE,
                f"The provider's clock is {ahead} ahead of Rollcall's. {clocks}",
            )
    wrong = {
        "iss": (Refusal.WRONG_ISSUER, "The token comes from another issuer than the one set up."),
        "aud": (
            Refusal.TOKEN_AUDIENCE,
            "The token is for another application. Check the client ID in Settings.",
        ),
        "azp": (Refusal.TOKEN_AUDIENCE, "The token was asked for by another application."),
        "nonce": (
            Refusal.TOKEN_NONCE,
            "The token answers another sign-in than the one that was begun here. Start again.",
        ),
    }
    if claim in wrong:
        return SsoError(*wrong[claim])
    missing = isinstance(error, MissingClaimError)
    what = "lacks a claim that it must have" if missing else "has a claim that isn't valid"
    return SsoError(Refusal.TOKEN_CLAIM, f"The provider's token {what}: {claim or error}.")


def key_of(*parts: str) -> bytes:
    """What is kept of an id that a provider gave, to know it again."""
    return hashlib.sha256("\0".join(parts).encode()).digest()


def is_id(value: object) -> bool:
    """Whether a value can be a subject, or a session's id: a text that a row holds."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()


def _now() -> int:
    return int(clock.now().timestamp())


def _seconds(count: float) -> str:
    return "1 second" if round(count) == 1 else f"{round(count)} seconds"
