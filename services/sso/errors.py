"""Why a single sign-on ended without a session: a word for the audit log, a sentence for people."""

from enum import StrEnum

from services.core.errors import RollcallError

LONGEST_QUOTE = 300


class Refusal(StrEnum):
    """The reason, as the audit log stores it. It never contains a token, a code or a claim."""

    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    PROVIDER_UNREACHABLE = "provider_unreachable"
    PROVIDER_SLOW = "provider_slow"
    PROVIDER_ANSWER = "provider_answer"
    PROVIDER_REFUSED = "provider_refused"
    WRONG_ISSUER = "wrong_issuer"
    NO_STATE = "no_state"
    FORGED_STATE = "forged_state"
    CONNECTION_CHANGED = "connection_changed"
    TOKEN_MISSING = "token_missing"  # noqa: S105 - a reason's name
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105 - a reason's name
    TOKEN_SIGNATURE = "token_signature"  # noqa: S105 - a reason's name
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a reason's name
    TOKEN_FROM_THE_FUTURE = "token_from_the_future"  # noqa: S105 - a reason's name
    TOKEN_AUDIENCE = "token_audience"  # noqa: S105 - a reason's name
    TOKEN_NONCE = "token_nonce"  # noqa: S105 - a reason's name
    TOKEN_CLAIM = "token_claim"  # noqa: S105 - a reason's name
    EMAIL_MISSING = "email_missing"
    EMAIL_UNVERIFIED = "email_unverified"
    EMAIL_DOMAIN = "email_domain"
    EMAIL_LOOKS_ALIKE = "email_looks_alike"
    NO_ACCOUNT = "no_account"
    INACTIVE = "inactive"
    OTHER_IDENTITY = "other_identity"
    OTHER_INVITATION = "other_invitation"
    OVER_THERE = "over_there"
    REPLAYED = "replayed"


class SsoError(RollcallError):
    """Single sign-on was refused, or didn't work; `reason` goes to the audit log.

    `claim` is the name of the wrong claim, if there is one; `email` is the one that was asked for,
    where the provider had said it by then.
    """

    email = ""

    def __init__(self, reason: Refusal, sentence: str, claim: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason
        self.claim = claim


class ElsewhereError(SsoError):
    """No account can be made, because another organisation has the email; told in the same
    words."""


def quote(words: object) -> str:
    """A provider's own words as a part of a sentence: printable, in one line, not too long."""
    text = " ".join(str(words).split())
    kept = "".join(character for character in text if character.isprintable())
    return f"“{kept[:LONGEST_QUOTE]}”"
