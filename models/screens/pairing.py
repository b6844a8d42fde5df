"""How a screen comes to its session, and where it is open."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, new_id


class ScreenCode(SQLModel, table=True):
    """A code that a browser shows until an admin types it: only hashes of it and of the browser's
    key are stored. `screen_id` is the screen that it was used for."""

    __tablename__ = "screen_code"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    key_hash: bytes = Field(unique=True, repr=False)
    start_hash: bytes = Field(index=True, repr=False)
    code_hash: bytes = Field(repr=False)
    ip: str = Field(default="", max_length=64, sa_column_kwargs={"name": "address"})
    expires_at: datetime = Field(sa_type=UtcDateTime)
    tries: int = Field(default=0)
    screen_id: UUID | None = Field(default=None, foreign_key="screen.id")


class ScreenTab(SQLModel, table=True):
    """A browser's tab in which a screen is open, and when it last answered."""

    __tablename__ = "screen_place"

    screen_id: UUID = Field(primary_key=True, foreign_key="screen.id")
    tab: str = Field(primary_key=True, max_length=16)
    ip: str = Field(default="", max_length=64, sa_column_kwargs={"name": "address"})
    size: str = Field(default="", max_length=20)
    since: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
