"""What every table shares: ids, times, naming."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import DateTime, Dialect, Enum, MetaData
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

# Alembic can only alter or drop what has a predictable name.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: MetaData = SQLModel.metadata

EnumT = TypeVar("EnumT", bound=StrEnum)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, section 5.7): sorts by creation, and is never trusted as a secret."""
    return UUID(int=uuid_utils.compat.uuid7().int)


def first_id(since: datetime) -> UUID:
    """An id that is lower than every id made from this moment on: the first 48 bits are
    milliseconds."""
    return UUID(int=int(since.timestamp() * 1000) << 80)


def id_made_at(then: datetime) -> UUID:
    """An id as one made at that moment would be, for a row that tells of a past."""
    return UUID(int=first_id(then).int | new_id().int & ((1 << 80) - 1))


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC, aware in Python on both databases (SQLite itself knows no time zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: nobody can say which instant it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_type(enum: type[EnumT]) -> Any:
    """A column type that stores an enum by its value, as text: a new member needs no migration."""

    def values(members: type[EnumT]) -> list[str]:
        return list(_values(members))

    return Enum(enum, native_enum=False, create_constraint=False, length=40, values_callable=values)


def _values(enum: type[EnumT]) -> Iterator[str]:
    for member in enum:
        yield member.value
