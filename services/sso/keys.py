"""The provider's keys that can check a signature; all other keys of a set are ignored."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from services.core.lazily import lazily

if TYPE_CHECKING:
    from joserfc import errors, jwk
else:
    errors, jwk = lazily("joserfc.errors"), lazily("joserfc.jwk")

log = logging.getLogger(__name__)

# Signatures that only the provider can make: none with a secret that others know too (a public key
# as an HMAC's secret is the classic forgery), and never "none".
ALGORITHMS: tuple[str, ...] = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ALGORITHMS += ("ES256", "ES384", "ES512", "EdDSA", "Ed25519")
# The curves for these signatures, by the type of key (RFC 7518, section 3.4; RFC 8037, section
# 3.1).
CURVES: Mapping[str, frozenset[str]] = {
    "EC": frozenset({"P-256", "P-384", "P-521"}),
    "OKP": frozenset({"Ed25519"}),
}
TYPES = frozenset({"RSA", *CURVES})


def usable_keys(document: Mapping[str, Any]) -> jwk.KeySet | None:
    """The keys of a set (RFC 7517, section 5) with which Rollcall can check a signature; none if
    there is no such key.

    That section tells implementations to ignore keys whose type they don't understand, that are
    incomplete, or whose values they don't support: a provider publishes its next keys, or keys for
    others, beside the one that it signs with. Raises `TypeError` if it isn't a set at all.
    """
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise TypeError("a key set has a list of keys")
    keys = [key for key in map(_imported, listed) if key is not None]
    if len(keys) < len(listed):
        log.info("Of a provider's %d keys, %d were ignored", len(listed), len(listed) - len(keys))
    return jwk.KeySet(keys) if keys else None


def _imported(said: object) -> jwk.Key | None:
    if not isinstance(said, dict):
        return None
    try:  # a value of a wrong type is ignored like any other that makes no sense
        if not _checks_signatures(said):
            return None
        key = jwk.JWKRegistry.import_key(said)
        key.ensure_kid()
    except (errors.JoseError, KeyError, TypeError, ValueError):
        return None
    return key


def _checks_signatures(said: Mapping[str, Any]) -> bool:
    kind = said.get("kty")
    return (
        kind in TYPES
        and (kind not in CURVES or said.get("crv") in CURVES[kind])
        and said.get("alg") in {None, *ALGORITHMS}
        and said.get("use") in {None, "sig"}
        and "verify" in said.get("key_ops", ("verify",))
    )
