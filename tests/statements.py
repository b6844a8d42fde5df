"""What the database is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

Statement = tuple[str, Any]
"""The text of a statement, and its values."""


_here: ContextVar[list[Statement] | None] = ContextVar("here", default=None)


@contextmanager
def heard(*, here: bool = False) -> Iterator[list[Statement]]:
    """Every statement that the database is asked meanwhile; or those alone that the block itself
    asks `here`, without the ones of workers, whose turn comes at any time."""
    statements: list[Statement] = []

    def hear(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if not here or _here.get() is statements:
            statements.append((statement, values))

    event.listen(Engine, "before_cursor_execute", hear)
    before = _here.set(statements)
    try:
        yield statements
    finally:
        _here.reset(before)
        event.remove(Engine, "before_cursor_execute", hear)
