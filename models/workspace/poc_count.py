"""How many POCs each tenant has. The database itself keeps the counts right."""

from uuid import UUID

from sqlmodel import Field, SQLModel

from models.base import enum_type
from models.workspace.poc import PocStatus


class PocCount(SQLModel, table=True):
    """The POCs of one status in one tenant, without archived ones.

    Triggers on `poc` count in the transaction of each change, so nothing else writes here.
    """

    __tablename__ = "poc_count"

    tenant_id: UUID = Field(primary_key=True)
    status: PocStatus = Field(sa_type=enum_type(PocStatus), primary_key=True)
    pocs: int = Field(default=0)
