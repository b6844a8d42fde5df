"""Browsers from which a user has signed in before."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime


class KnownDevice(SQLModel, table=True):
    """A browser that proved the user's password once. Its cookie's token is kept as SHA-256."""

    __tablename__ = "known_device"

    user_id: UUID = Field(foreign_key="user_account.id", primary_key=True)
    token_hash: bytes = Field(primary_key=True, repr=False)
    last_used_at: datetime = Field(sa_type=UtcDateTime, index=True)
