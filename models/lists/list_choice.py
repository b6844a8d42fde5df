"""How a person wants to see a list."""

from typing import Any
from uuid import UUID

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class ListChoice(SQLModel, table=True):
    """What one person chose for one list: its columns and the rows of a page (None means the usual
    ones), and whether rows are compact. `views` are the views that they saved: a name, and the
    parameters of a url."""

    __tablename__ = "list_choice"

    user_id: UUID = Field(foreign_key="user_account.id", primary_key=True)
    noun: str = Field(max_length=40, primary_key=True)
    columns: list[str] | None = Field(default=None, sa_type=JSON)
    page_size: int | None = None
    compact: bool = False
    views: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
