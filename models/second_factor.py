"""What a person has beside their password, or instead of it: an authenticator app, passkeys,
recovery codes, and the short-lived challenges that prove them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id


class SecondFactorPolicy(StrEnum):
    """Of whom a tenant requires a second factor."""

    OPTIONAL = "optional"
    ADMINS = "admins"
    EVERYONE = "everyone"


class Authenticator(SQLModel, table=True):
    """An authenticator app (TOTP, RFC 6238). Its secret is sealed by `services.vault`.

    It counts from `confirmed_at` on, when its first code was entered. `last_step` is the time step
    of the newest accepted code: no code works twice (RFC 6238, section 5.2).
    """

    __tablename__ = "authenticator"

    user_id: UUID = Field(foreign_key="user_account.id", primary_key=True)
    sealed_secret: bytes = Field(repr=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_step: int = Field(default=0)


class RecoveryCode(SQLModel, table=True):
    """A code for the day when the other factors are lost. It works once; only its hash is kept."""

    __tablename__ = "recovery_code"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    code_hash: bytes = Field(repr=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Passkey(SQLModel, table=True):
    """A WebAuthn credential: its public key, and what tells a copied one."""

    __tablename__ = "passkey"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    credential_id: bytes = Field(unique=True)
    public_key: bytes
    sign_count: int = Field(default=0)
    transports: str = Field(default="", max_length=100)
    name: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ChallengePurpose(StrEnum):
    """What a challenge is good for; one of one purpose proves nothing for another."""

    SECOND_FACTOR = "second_factor"
    PASSKEY_SIGN_IN = "passkey_sign_in"
    PASSKEY_REGISTRATION = "passkey_registration"
    PASSKEY_CONFIRMATION = "passkey_confirmation"


class LoginChallenge(SQLModel, table=True):
    """A step of signing in that waits for its answer.

    The browser holds a random token (its SHA-256 is here), and `nonce` is what a passkey has to
    sign. `password_hash` is the account's at the first step: the second counts only while it is
    still the same.
    """

    __tablename__ = "login_challenge"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    purpose: ChallengePurpose = Field(sa_type=enum_type(ChallengePurpose))
    user_id: UUID | None = Field(default=None, foreign_key="user_account.id", index=True)
    token_hash: bytes = Field(unique=True, repr=False)
    nonce: bytes = Field(repr=False)
    password_hash: str | None = Field(default=None, max_length=255, repr=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def is_live(self, at: datetime) -> bool:
        """Whether it can still be answered."""
        return self.used_at is None and at < self.expires_at
