"""What a provider says about itself (OpenID Connect Discovery 1.0), and its keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.core import clock
from services.database import runtime
from services.sso.errors import Refusal, SsoError, quote
from services.sso.keys import usable_keys
from services.sso.outbound import check_url, get_json

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

WELL_KNOWN = "/.well-known/openid-configuration"
# After this long, a provider's description and keys are asked for again. A key that isn't known yet
# is asked for at once, so that nobody waits for a rotation.
KEEP = timedelta(minutes=10)
# But strangers can name any key in a logout token: they make Rollcall ask only this often.
ASK_AGAIN = timedelta(seconds=10)


@dataclass(frozen=True)
class Provider:
    """A provider's description: its urls, all checked, and how it wants the secret."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    secret_in_body: bool


@dataclass
class _Kept:
    """What providers said, by url, and when."""

    providers: dict[str, tuple[datetime, Provider]] = field(default_factory=dict)
    keys: dict[str, tuple[datetime, KeySet]] = field(default_factory=dict)


def _kept() -> _Kept:
    return runtime.current().part(_Kept)


def issuer_of(written: str) -> str:
    """The issuer that a url means, as a person enters it: with or without the part that all of them
    end in."""
    return written.strip().removesuffix(WELL_KNOWN)


async def discover(issuer: str, *, anew: bool = False) -> Provider:
    """The provider with this issuer (a `/` at its end may be missing). Raises `SsoError`.

    The document must name the issuer as which it was asked (Discovery, section 4.3): otherwise
    somebody who can change the document could have another provider's people let in.
    """
    kept = _kept().providers.get(issuer)
    if kept is not None and not anew and clock.now() - kept[0] < KEEP:
        return kept[1]
    url = f"{issuer.rstrip('/')}{WELL_KNOWN}"
    provider = _described(await get_json(url), issuer, url)
    _kept().providers[issuer] = clock.now(), provider
    return provider


async def keys_of(
    provider: Provider, *, missing: bool = False, by_stranger: bool = False
) -> KeySet:
    """The provider's keys; asked for again if one is `missing`. Raises `SsoError`."""
    kept = _kept().keys.get(provider.jwks_uri)
    if kept is not None:
        age = clock.now() - kept[0]
        if age < (ASK_AGAIN if by_stranger else timedelta(0)) or (not missing and age < KEEP):
            return kept[1]
    document = await get_json(provider.jwks_uri)
    try:
        keys = usable_keys(document)
    except TypeError as error:
        raise SsoError(
            Refusal.PROVIDER_ANSWER, f"The keys at {provider.jwks_uri} can't be read."
        ) from error
    if keys is None:
        raise SsoError(
            Refusal.PROVIDER_ANSWER,
            f"None of the keys at {provider.jwks_uri} is one that Rollcall can check a signature "
            "with. Have the provider sign with RS256 or ES256.",
        )
    _kept().keys[provider.jwks_uri] = clock.now(), keys
    return keys


def _described(document: dict[str, Any], issuer: str, url: str) -> Provider:
    named = document.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != issuer.rstrip("/"):
        raise SsoError(
            Refusal.WRONG_ISSUER,
            f"{url} says that its issuer is {quote(named)}. It must be the address before "
            f"{WELL_KNOWN}; for Microsoft Entra, take your directory's own address, not “common”.",
        )

    def endpoint(name: str) -> str | None:
        value = document.get(name)
        return check_url(value) if isinstance(value, str) and value else None

    authorization, token, jwks = (
        endpoint(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    if authorization is None or token is None or jwks is None:
        raise SsoError(
            Refusal.PROVIDER_ANSWER,
            f"{url} isn't the description of an OpenID provider: it names no sign-in page, "
            "no token address, or no keys.",
        )
    methods = document.get("token_endpoint_auth_methods_supported")
    if not isinstance(methods, list):
        methods = ["client_secret_basic"]  # this is meant if nothing is said (Discovery, 3)
    return Provider(
        issuer=named,
        authorization_endpoint=authorization,
        token_endpoint=token,
        jwks_uri=jwks,
        userinfo_endpoint=endpoint("userinfo_endpoint"),
        end_session_endpoint=endpoint("end_session_endpoint"),
        secret_in_body="client_secret_basic" not in methods and "client_secret_post" in methods,
    )
