"""What the database is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from models.sessions import login_session

Statement = tuple[str, Any]
"""The text of a statement, and its values."""


_here: ContextVar[list[Statement] | None] = ContextVar("here", default=None)


@contextmanager
def heard(*, here: bool = False) -> Iterator[list[Statement]]:
    """Every statement that the database is asked meanwhile; or those alone that the block itself
    asks `here`, without the ones of workers, whose turn comes at any time.

    No session's sign of life is due meanwhile: an act writes it along once a minute, so that the
    count would depend on how long the test has taken so far.
    """
    statements: list[Statement] = []

    def hear(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if not here or _here.get() is statements:
            statements.append((statement, values))

    event.listen(Engine, "before_cursor_execute", hear)
    before = _here.set(statements)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(login_session, "SEEN_EVERY", timedelta.max)
            yield statements
    finally:
        _here.reset(before)
        event.remove(Engine, "before_cursor_execute", hear)
