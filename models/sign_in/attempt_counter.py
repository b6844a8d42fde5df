"""Failed sign-ins, counted in the database so that every replica counts the same."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime


class AttemptCounter(SQLModel, table=True):
    """Recent failures of one account or one ip, and the pause that follows from them."""

    __tablename__ = "attempt_counter"

    key: str = Field(primary_key=True, max_length=80)
    failures: int = Field(default=0)
    last_failure_at: datetime = Field(sa_type=UtcDateTime)
    blocked_until: datetime = Field(sa_type=UtcDateTime)
