"""Statements that nearly every call asks: compiled once, and run past SQLAlchemy.

SQLAlchemy takes 0.2 to 0.4 ms of Python for a statement that SQLite answers in a tenth of that
(docs/benchmarks.md). So on SQLite a prepared statement keeps its text and how its values are
converted, and runs on the transaction's own connection. On PostgreSQL it runs as any other does.

    _LIVING = Prepared(select(LoginSession.id).where(LoginSession.user_id == bindparam("user_id")))
    rows = await _LIVING.rows(tx, user_id=user.id)

It changes nothing in memory, and doesn't see what the session has changed and not written yet,
unless it `sees_changes`.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Dialect, Insert, Select, inspect
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from services.database import runtime
from services.database.looking import LookingSession, WouldWriteError
from services.database.sqlite import Connection as Driver

ModelT = TypeVar("ModelT", bound=SQLModel)
Convert = Callable[[Any], Any]
Values = Mapping[str, Any]

SHAPES = 50
"""How many texts of each statement are kept: one for each length of its lists."""
_CONNECTION = "connection"


class Prepared:
    """A SELECT of columns, or a statement that writes, with values that are bound by name. Those
    of an IN are given as a list, and those of an INSERT by the names of the table's columns."""

    def __init__(self, statement: Any, *, sees_changes: bool = False) -> None:
        self._sees_changes = sees_changes
        self._reads = isinstance(statement, Select)
        options = {"autoflush": False} | ({} if self._reads else {"synchronize_session": False})
        self._statement = statement.execution_options(**options)
        self._inserts = isinstance(statement, Insert)
        self._shape = lru_cache(SHAPES)(self._make_shape)

    async def rows(self, tx: AsyncSession, **values: Any) -> Sequence[Any]:
        """Run it: its rows, whose columns are read by name; of a SELECT of one column, its
        values."""
        if not self._reads:
            _require_writing(tx)
        if self._sees_changes and (tx.new or tx.dirty):
            await tx.flush()
        if not runtime.current().database.is_sqlite:
            found = await tx.exec(self._statement, params=values)
            return found.all() if self._reads else ()
        connection, driver = await _connection(tx)
        lengths = [(name, len(value)) for name, value in values.items() if type(value) is list]
        columns = tuple(values) if self._inserts else None
        shape = self._shape(connection.dialect, columns, *lengths)
        asked = shape.parameters(values)
        _tell_listeners(connection, shape.sql, asked, many=False)
        return shape.rows(await driver.ask(shape.sql, asked))

    async def each(self, tx: AsyncSession, rows: Sequence[Values]) -> None:
        """Run an INSERT for each of these rows, which have the same columns."""
        _require_writing(tx)
        if runtime.current().database.is_sqlite:
            await self.write(*await _connection(tx), rows)
        else:
            await tx.exec(self._statement, params=rows)

    async def write(self, connection: Connection, driver: Driver, rows: Sequence[Values]) -> int:
        """Run a statement that writes, on a connection to SQLite, once with each of these values;
        returns how many rows it wrote."""
        columns = tuple(rows[0]) if self._inserts else None
        shape = self._shape(connection.dialect, columns)
        asked = [shape.parameters(values) for values in rows]
        _tell_listeners(connection, shape.sql, asked, many=True)
        return await driver.write(shape.sql, asked)

    def _make_shape(
        self, dialect: Dialect, columns: tuple[str, ...] | None, *lengths: tuple[str, int]
    ) -> "_Shape":
        compiled = self._statement.compile(dialect=dialect, column_keys=columns)
        lists = {name: [None] * length for name, length in lengths}
        return _Shape(self._statement, compiled, dialect, lists)


class _Shape:
    """A statement's text for lists of certain lengths, and how its values are converted."""

    def __init__(
        self,
        statement: Any,
        compiled: SQLCompiler,
        dialect: Dialect,
        lists: Mapping[str, list[None]],
    ) -> None:
        asked = {name: None for name, bind in compiled.binds.items() if bind.required}
        state = compiled.construct_expanded_state({**asked, **lists})
        self.sql = state.statement
        listed = {
            name: (whole, at)
            for whole, names in state.parameter_expansion.items()
            for at, name in enumerate(names)
        }
        self._bound: list[tuple[str, int | None, Convert | None]] = []
        for name in state.positiontup or ():
            whole, at = listed.get(name, (name, None))
            self._bound.append((whole, at, _to_database(compiled.binds[whole].type, dialect)))
        # What the statement itself says, and isn't given again.
        self._said = {name: bind.effective_value for name, bind in compiled.binds.items()}
        columns = [*statement.selected_columns] if isinstance(statement, Select) else []
        is_value = isinstance(statement, SelectOfScalar) and len(columns) == 1
        self._make = itemgetter(0) if is_value else _row_of(tuple(c.key for c in columns))._make
        self._read = [_from_database(column.type, dialect) for column in columns]

    def parameters(self, values: Values) -> tuple[Any, ...]:
        """The values in the order of the text, as SQLite takes them."""
        given, found = {**self._said, **values}, []
        for name, at, convert in self._bound:
            value = given[name] if at is None else given[name][at]
            found.append(value if convert is None else convert(value))
        return tuple(found)

    def rows(self, rows: Sequence[Sequence[Any]]) -> Sequence[Any]:
        """What SQLite answered, as Python has it."""
        make, read = self._make, self._read
        return [
            make([v if v is None or c is None else c(v) for v, c in zip(row, read, strict=True)])
            for row in rows
        ]


class Whole(Generic[ModelT]):
    """A model whose rows a `Prepared` statement reads among other things: it selects `columns`.
    (SQLAlchemy takes twice as long to read them.)"""

    def __init__(self, model: type[ModelT]) -> None:
        self._mapper: Mapper[ModelT] = inspect(model)
        (key,) = self._mapper.primary_key
        self._key = self._mapper.get_property_by_column(key).key
        self._names = [one.key for one in self._mapper.column_attrs]
        self.columns: list[Any] = [getattr(model, name) for name in self._names]

    def take(self, tx: AsyncSession, values: Iterator[Any]) -> ModelT | None:
        """The row of the next of these values, one for each column, as a model of the transaction;
        none if an outer join found none. One that the transaction knows is what was read now."""
        named = dict(zip(self._names, values, strict=False))  # there are more values
        if named[self._key] is None:
            return None
        session = tx.sync_session
        key = self._mapper.identity_key_from_primary_key((named[self._key],))
        known = session.identity_map.get(key)
        if known is not None:
            for name, value in named.items():
                set_committed_value(known, name, value)
            return known
        row = self._mapper.class_manager.new_instance()
        vars(row).update(named)
        # As SQLAlchemy takes what its own queries find. (`Session.add` looks at relations, too.)
        state: InstanceState[ModelT] = inspect(row)
        state.key, state.session_id = key, session.hash_key
        session.identity_map.add(state)
        return row


@lru_cache
def _row_of(columns: tuple[str, ...]) -> Any:
    return namedtuple("_Columns", columns, rename=True)


def _to_database(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _from_database(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _tell_listeners(connection: Connection, sql: str, asked: Any, *, many: bool) -> None:
    # Those of the engine: nobody listens to one connection, of which each transaction has its own.
    connection.engine.dispatch.before_cursor_execute(connection, None, sql, asked, None, many)


def _require_writing(tx: AsyncSession) -> None:
    if isinstance(tx.sync_session, LookingSession):
        raise WouldWriteError


async def _connection(tx: AsyncSession) -> tuple[Connection, Driver]:
    """The transaction's connection, as SQLAlchemy has it and as the driver does."""
    found: tuple[Connection, Driver] | None = tx.info.get(_CONNECTION)
    # SQLAlchemy sends a savepoint's beginning only when it is asked for the connection.
    if found is None or tx.in_nested_transaction():
        connection = await tx.run_sync(Session.connection)
        driver = connection.connection.driver_connection
        assert isinstance(driver, Driver)
        found = tx.info[_CONNECTION] = connection, driver
    return found


def connected(session: Session) -> tuple[Connection, Driver] | None:
    """The connection of a session to SQLite, as SQLAlchemy has it and as the driver does; none
    before its first prepared statement, on PostgreSQL, or in a savepoint."""
    found: tuple[Connection, Driver] | None = session.info.get(_CONNECTION)
    return None if session.in_nested_transaction() else found
