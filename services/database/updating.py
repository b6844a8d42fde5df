"""What an act changed in rows, written past SQLAlchemy.

Its flush takes 0.4 ms for the UPDATE of one row (docs/benchmarks.md), and nearly every act changes
one or two. So on SQLite a flush with nothing else to do writes them by prepared statements.
What is more than that (new rows, deleted ones, savepoints, rows with several keys, listeners to an
update) is SQLAlchemy's.
"""

import sqlite3
from collections import defaultdict
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, inspect, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.util import await_only

from services.database.prepared import Prepared, Values, connected

_KEY = "key of the row"
SHAPES = 500
"""How many statements are kept: one for each set of columns of a table that change together."""


def write_changes(session: Session) -> bool:
    """Write what the session's rows changed, if its flush has nothing else to do; returns whether
    it has written all. Call this within a flush.

    Raises `IntegrityError`, and `StaleDataError` if a row is gone, as a flush does.
    """
    open_connection = connected(session)
    if open_connection is None or session.new or session.deleted:
        return False
    changed = [(state, _changes(state)) for state in map(_state_of, session.dirty)]
    if any(
        _key_of(state.mapper) in (None, *values) or state.mapper.dispatch.before_update
        for state, values in changed
    ):
        return False
    together: defaultdict[tuple[Mapper[Any], tuple[str, ...]], list[Values]] = defaultdict(list)
    for state, values in changed:
        if values and state.identity is not None:
            together[state.mapper, tuple(values)].append({**values, _KEY: state.identity[0]})
    for (mapper, names), rows in together.items():
        try:
            count = await_only(_update_of(mapper, names).write(*open_connection, rows))
        except sqlite3.IntegrityError as error:
            raise IntegrityError(None, None, error, hide_parameters=True) from error
        if count != len(rows):
            raise StaleDataError(f"Of {len(rows)} rows of {mapper.class_.__name__} some are gone")
    for state, _ in changed:
        # SQLAlchemy has no public way to say that a row is as the database has it.
        state._commit_all(state.dict, session.identity_map)  # noqa: SLF001 - as said above
    return True


def _state_of(row: object) -> InstanceState[Any]:
    state: InstanceState[Any] = inspect(row)
    return state


def _changes(state: InstanceState[Any]) -> Values:
    """The new values of what changed, by the names of the model."""
    now = state.dict
    return {name: now[name] for name, was in state.committed_state.items() if now[name] != was}


@lru_cache
def _key_of(mapper: Mapper[Any]) -> str | None:
    """What the model calls its key; none if it has several."""
    first, *others = mapper.primary_key
    return None if others else mapper.get_property_by_column(first).key


@lru_cache(SHAPES)
def _update_of(mapper: Mapper[Any], names: tuple[str, ...]) -> Prepared:
    (key,) = mapper.primary_key
    values = {name: bindparam(name, type_=mapper.columns[name].type) for name in names}
    return Prepared(update(mapper).where(key == bindparam(_KEY)).values(values))
