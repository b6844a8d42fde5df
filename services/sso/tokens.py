"""The two tokens that a provider signs: who signed in (an id token), and who is signed out there
(a logout token). What they claim counts only after everything here."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.core import clock
from services.core.lazily import lazily
from services.core.words import count_words
from services.sso.errors import Refusal, SsoError
from services.sso.keys import ALGORITHMS
from services.sso.provider import Provider, keys_of

if TYPE_CHECKING:
    from authlib.oidc import core as oidc
    from joserfc import errors, jwk, jws, jwt
else:
    oidc, errors = lazily("authlib.oidc.core"), lazily("joserfc.errors")
    jwk, jws, jwt = lazily("joserfc.jwk"), lazily("joserfc.jws"), lazily("joserfc.jwt")

# How many seconds the provider's clock and ours may differ. Authlib's own leeway is 120.
LEEWAY = 30
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_ID = 255
# How many keys of one id are tried; a rotation needs two. Each takes a tenth of a millisecond or
# more, and anybody may send tokens, for a provider that publishes a thousand.
MOST_OF_ONE_ID = 5


@dataclass(frozen=True)
class LogoutToken:
    """A valid logout token: which sign-ins at the provider are over."""

    jti: str
    sid: str | None
    subject: str | None
    expires_at: datetime


@dataclass(frozen=True)
class Expected:
    """Who made the token, and for whom."""

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
    claims = oidc.CodeIDToken(token.claims, token.header, options, params)
    try:
        claims.validate(now=_now(), leeway=LEEWAY)
    except errors.JoseError as error:
        raise _wrong_claim(error, token.claims) from error
    if not is_id(claims["sub"]):
        raise SsoError(Refusal.TOKEN_CLAIM, "The provider's token names nobody.")
    return dict(claims)


async def check_logout_token(expected: Expected, raw: str) -> LogoutToken:
    """A logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6).

    Raises `SsoError`, which names the claim that is missing or wrong, in ASCII: it goes into an
    `error_description` (RFC 6749, section 5.2).
    """
    token = await _verified(expected, raw, by_stranger=True)
    registry = jwt.JWTClaimsRegistry(
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
    except errors.JoseError as error:
        wrong = _wrong_claim(error, claims)
        if isinstance(error, errors.MissingClaimError):
            sentence = f"The logout token lacks the claim {wrong.claim}."
        else:
            sentence = f"The claim {wrong.claim} of the logout token is wrong. {wrong}"
        raise SsoError(wrong.reason, sentence, wrong.claim) from error
    _check_is_logout(token)
    try:
        expires_at = datetime.fromtimestamp(claims["exp"] + LEEWAY, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise _no_logout("exp", "Its claim exp must be a time that will come.") from error
    sid, subject = claims.get("sid"), claims.get("sub")
    return LogoutToken(claims["jti"], sid, subject, expires_at + timedelta(seconds=1))


def _check_is_logout(token: jwt.Token) -> None:
    """Check what only a logout token has; raises `SsoError`."""
    kind = str(token.header.get("typ", "logout+jwt")).lower().removeprefix("application/")
    if kind not in {"logout+jwt", "jwt"}:
        raise _no_logout("typ", "Its header typ must be logout+jwt.")
    claims = token.claims
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise _no_logout("events", f"Its claim events must hold {LOGOUT_EVENT} with an object.")
    if "nonce" in claims:
        raise _no_logout("nonce", "Its claim nonce must be left out.")
    sid, subject = claims.get("sid"), claims.get("sub")
    for claim, value in (("sid", sid), ("sub", subject)):
        if value is not None and not is_id(value):
            raise _no_logout(claim, f"Its claim {claim} must be a text, {LONGEST_ID} long at most.")
    if sid is None and subject is None:
        raise _no_logout("sid or sub", "It must have the claim sid or sub.")
    if not is_id(claims["jti"]):
        raise _no_logout("jti", f"Its claim jti must be a text, {LONGEST_ID} long at most.")


def _no_logout(claim: str, rule: str) -> SsoError:
    return SsoError(Refusal.TOKEN_CLAIM, f"This isn't a logout token. {rule}", claim)


async def _verified(expected: Expected, raw: str, *, by_stranger: bool = False) -> jwt.Token:
    registry = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    try:
        try:
            keys = await keys_of(expected.provider)
            return _decoded(raw, keys, registry)
        except (errors.InvalidKeyIdError, errors.BadSignatureError):
            # The token may be signed with a newer key than the one we know, perhaps with the same
            # id.
            keys = await keys_of(expected.provider, missing=True, by_stranger=by_stranger)
            return _decoded(raw, keys, registry)
    except (errors.BadSignatureError, errors.InvalidKeyIdError) as error:
        raise SsoError(
            Refusal.TOKEN_SIGNATURE,
            "The token isn't signed with one of the provider's published keys.",
        ) from error
    except errors.UnsupportedAlgorithmError as error:
        raise SsoError(
            Refusal.TOKEN_SIGNATURE,
            "The token isn't signed in a way that Rollcall accepts. Have the provider sign with "
            "RS256 or ES256.",
        ) from error
    except (errors.JoseError, ValueError, TypeError) as error:
        raise SsoError(Refusal.TOKEN_MALFORMED, "The provider's token can't be read.") from error


def _decoded(raw: str, keys: jwk.KeySet, registry: jws.JWSRegistry) -> jwt.Token:
    """The token, if one of the keys signed it. Raises the library's errors, and `ValueError`.

    The library takes the first key that has the id in the token's header. RFC 7517, section 4.5,
    only recommends that ids differ: where several keys have one id, `MOST_OF_ONE_ID` are tried.
    """
    failure: Exception | None = None
    for tried in _with_each_id_once(keys.keys):
        try:
            return jwt.decode(raw, jwk.KeySet(tried), registry=registry)
        except (errors.JoseError, ValueError) as error:
            # A wrong signature says more than that a key is of another type: there may be new keys.
            if failure is None or isinstance(error, errors.BadSignatureError):
                failure = error
    raise failure or errors.InvalidKeyIdError()


def _with_each_id_once(keys: Sequence[jwk.Key]) -> list[list[jwk.Key]]:
    rounds: list[list[jwk.Key]] = []
    seen = Counter[str | None]()
    for key in keys:
        number = seen[key.kid]
        seen[key.kid] += 1
        if number == len(rounds) < MOST_OF_ONE_ID:
            rounds.append([])
        if number < len(rounds):
            rounds[number].append(key)
    return rounds


def _wrong_claim(error: errors.JoseError, claims: Mapping[str, Any]) -> SsoError:
    claim = getattr(error, "claim", "")
    clocks = "Have the clocks of both servers set by the network (NTP), then try again."
    if isinstance(error, errors.ExpiredTokenError):
        ago = _seconds(_now() - claims["exp"])
        said = f"The provider's token expired {ago} ago. {clocks}"
        return SsoError(Refusal.TOKEN_EXPIRED, said, "exp")
    if isinstance(error, errors.InvalidClaimError) and claim in {"iat", "nbf"}:
        value = claims.get(claim)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > _now():
            ahead = _seconds(value - _now())
            return SsoError(
                Refusal.TOKEN_FROM_THE_FUTURE,
                f"The provider's clock is {ahead} ahead of Rollcall's. {clocks}",
                claim,
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
        return SsoError(*wrong[claim], claim)
    missing = isinstance(error, errors.MissingClaimError)
    what = "lacks a claim that it must have" if missing else "has a claim that isn't valid"
    said = f"The provider's token {what}: {claim or error}."
    return SsoError(Refusal.TOKEN_CLAIM, said, claim)


def seen_key_of(*parts: str) -> bytes:
    """What is stored of an id that a provider gave, to recognise it."""
    return hashlib.sha256("\0".join(parts).encode()).digest()


def is_id(value: object) -> bool:
    """Whether a value can be a subject, or a session's id: a text that fits into a row."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()


def _now() -> int:
    return int(clock.now().timestamp())


def _seconds(count: float) -> str:
    return count_words(round(count), "second")
