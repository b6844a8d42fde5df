"""Single sign-on: a tenant's OpenID provider, and which of its subjects is which user."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, enum_type, new_id
from models.users.user import Role


class SsoConnection(SQLModel, table=True):
    """A tenant's OpenID provider, as its admin entered it. The secret is sealed.

    `domains` are the email domains whose verified emails may be linked. `new_people` is the
    role of accounts that a first sign-in creates; None if it creates none. `tested_at` is when a
    test of exactly these values last succeeded.
    """

    __tablename__ = "sso_connection"

    tenant_id: UUID = Field(foreign_key="tenant.id", primary_key=True)
    name: str = Field(max_length=200)
    issuer: str = Field(max_length=500)
    client_id: str = Field(max_length=255)
    sealed_secret: bytes = Field(repr=False)
    domains: list[str] = Field(default_factory=list, sa_type=JSON)
    new_people: Role | None = Field(default=None, sa_type=enum_type(Role))
    required: bool = Field(default=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    tested_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ExternalIdentity(SQLModel, table=True):
    """The user that a provider's subject is linked to. They are linked once, and found by issuer
    and subject from then on: an email can pass to another person, a subject can't (OpenID Connect
    Core 1.0, section 5.7)."""

    __tablename__ = "external_identity"
    __table_args__ = (
        UniqueConstraint("tenant_id", "issuer", "subject"),
        UniqueConstraint("user_id", "issuer"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    user_id: UUID = Field(foreign_key="user_account.id")
    issuer: str = Field(max_length=500)
    subject: str = Field(max_length=255)
    linked_at: datetime = Field(sa_type=UtcDateTime)


class SsoSession(SQLModel, table=True):
    """Which sign-in at a provider a login session came from, so that the provider can end it.

    The id token is kept, sealed, for the provider's sign-out page, which asks for it as a hint.
    """

    __tablename__ = "sso_session"

    session_id: UUID = Field(foreign_key="login_session.id", primary_key=True)
    tenant_id: UUID = Field(foreign_key="tenant.id")
    issuer: str = Field(max_length=500)
    subject: str = Field(max_length=255, index=True)
    sid: str | None = Field(default=None, max_length=255, index=True)
    sealed_id_token: bytes = Field(repr=False)
    created_at: datetime = Field(sa_type=UtcDateTime)


class SeenLogoutToken(SQLModel, table=True):
    """A logout token that was used, by the SHA-256 of issuer and `jti`, so that it works once
    (OpenID Connect Back-Channel Logout 1.0, section 2.6); and the session that it named, by issuer
    and `sid`, so that a sign-in which was under way doesn't begin it here after all."""

    __tablename__ = "seen_logout_token"

    key: bytes = Field(primary_key=True)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
