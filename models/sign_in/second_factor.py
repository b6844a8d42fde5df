"""Second factors beside the password: an authenticator app, passkeys, and recovery codes for when
those are lost."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class Authenticator(SQLModel, table=True):
    """An authenticator app (TOTP, RFC 6238). Its secret is sealed by `services.database.vault`.

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
    """A recovery code, for when the app is lost. It works once; only its hash is kept."""

    __tablename__ = "recovery_code"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", index=True)
    code_hash: bytes = Field(repr=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PasskeyRow(SQLModel):
    """A WebAuthn credential: its public key, and what reveals a copy or a replayed answer.

    `last_challenge_at` is when the newest challenge that it answered was made: an answer to an
    older one is refused. `host` is the host that it belongs to. `counter_went_back_at` is when its
    count of uses was last lower than before, which happens if it was copied.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    credential_id: bytes = Field(unique=True)
    public_key: bytes
    sign_count: int = Field(default=0, sa_type=BigInteger)
    name: str = Field(max_length=200)
    host: str = Field(default="", max_length=253, sa_column_kwargs={"server_default": ""})
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_challenge_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    counter_went_back_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Passkey(PasskeyRow, table=True):
    """A user's passkey."""

    __tablename__ = "passkey"

    user_id: UUID = Field(foreign_key="user_account.id", index=True)


class CustomerPasskey(PasskeyRow, table=True):
    """A passkey of a customer's person: it lets them in as a mailed link does."""

    __tablename__ = "customer_passkey"

    customer_id: UUID = Field(foreign_key="customer_person.id", index=True)
