"""How many users each tenant has. The database itself keeps the counts right."""

from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import enum_type
from models.users.user import Role


class UserCount(SQLModel, table=True):
    """The users of one role in one tenant (the nil UUID stands for none), by their state.

    Triggers on `user_account` count in the transaction of each change, so nothing else writes
    here. The invited, who have never signed in, are among the active or the inactive.
    """

    __tablename__ = "user_count"

    tenant_id: UUID = Field(primary_key=True)
    role: Role = Field(sa_type=enum_type(Role), primary_key=True)
    active: int = Field(default=0)
    inactive: int = Field(default=0)
    active_invited: int = Field(default=0)
    inactive_invited: int = Field(default=0)
