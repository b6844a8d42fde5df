"""A single sign-on that was begun: the values that must match when the browser comes back. The
browser keeps them, sealed, for ten minutes; the server keeps nothing. Each tab may have its own.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from enum import StrEnum

from cryptography.fernet import Fernet, InvalidToken

from services.core import clock
from services.core.secrets import derive, new_token, token_hash
from services.database import runtime
from services.sso.errors import Refusal, SsoError

# How long somebody may take at the provider.
ATTEMPT_LIFETIME = timedelta(minutes=10)
# How many characters of older attempts a browser keeps beside a new one. Together they fit into the
# header of 8 KiB that proxies accept (nginx, large_client_header_buffers).
MOST_KEPT = 4000
# 64 bits of a hash are enough to tell the few attempts of one browser apart.
KEY_LENGTH = 16


class Purpose(StrEnum):
    """Why somebody was sent to the provider; an answer is good only for that."""

    SIGN_IN = "sign_in"
    INVITATION = "invitation"
    TEST = "test"


@dataclass(frozen=True)
class Attempt:
    """What must match when the browser comes back."""

    slug: str
    purpose: Purpose
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    issuer: str = ""
    client_id: str = ""
    after: str = ""
    invitation: str = field(default="", repr=False)

    @classmethod
    def begun(
        cls, slug: str, purpose: Purpose, *, after: str = "", invitation: str = ""
    ) -> "Attempt":
        """A new attempt. (The verifier's 43 characters, from 256 random bits, are the shortest that
        RFC 7636, section 4.1, allows.)"""
        state, nonce, verifier = new_token(), new_token(), new_token()
        return cls(slug, purpose, state, nonce, verifier, after=after, invitation=invitation)


def forged() -> SsoError:
    """What is said about an answer to nothing that was begun here."""
    return SsoError(
        Refusal.FORGED_STATE,
        "This answer doesn't belong to a sign-in that was begun in this browser. Start again.",
    )


def seal_attempt(attempt: Attempt) -> str:
    """The value that the browser keeps."""
    data = json.dumps(asdict(attempt)).encode()
    return _fernet().encrypt_at_time(data, _time()).decode()


def open_attempt(sealed: str | None) -> Attempt:
    """The attempt that a browser has kept. Raises `SsoError`."""
    try:
        data = _fernet().decrypt_at_time(
            (sealed or "").encode(), int(ATTEMPT_LIFETIME.total_seconds()), _time()
        )
    except (InvalidToken, UnicodeError) as error:
        raise SsoError(
            Refusal.NO_STATE,
            "This browser doesn't know of a sign-in that was begun in the last ten minutes. Start "
            "again, and have your browser accept cookies.",
        ) from error
    values = json.loads(data)
    return Attempt(**{**values, "purpose": Purpose(values["purpose"])})


def key_of(state: str) -> str:
    """The key under which the browser keeps the attempt with this state; it says nothing about the
    state."""
    return token_hash(state).hex()[:KEY_LENGTH]


def too_many(kept: Mapping[str, str]) -> list[str]:
    """The keys of the attempts that a browser must forget before it begins another one: the oldest
    of those that it keeps, and what isn't an attempt."""
    ages = {}
    for key, sealed in kept.items():
        try:
            ages[key] = _fernet().extract_timestamp(sealed.encode())
        except (InvalidToken, UnicodeError):
            ages[key] = 0
    # Of several in one second, browsers send the oldest first (RFC 6265, section 5.4).
    oldest_first = sorted(kept, key=lambda key: ages[key])
    size, over = 0, []
    for key in oldest_first[::-1]:
        size += len(kept[key])
        if not ages[key] or size > MOST_KEPT:
            over.append(key)
    return over


def _fernet() -> Fernet:
    key = derive(runtime.current().secret, "sso-attempt", b"")
    return Fernet(base64.urlsafe_b64encode(key))


def _time() -> int:
    return int(clock.now().timestamp())
