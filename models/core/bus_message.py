"""Events on their way to other processes that share a SQLite file."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime


class BusMessage(SQLModel, table=True):
    """One event, written by the transaction that caused it, and removed some minutes later."""

    __tablename__ = "bus_message"
    # Numbers must not be used again after a deletion: a reader remembers the last one it saw.
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: int | None = Field(default=None, primary_key=True)
    origin: str = Field(max_length=36)
    payload: str
    at: datetime = Field(sa_type=UtcDateTime)
