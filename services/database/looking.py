"""Looking before acting: an act that changes nothing, or is refused, takes no turn to write.

A call that `looks_first` first runs in a transaction that only reads, and locks nothing. If it ends
without trying to write, that was all. Otherwise it runs again from its beginning in a transaction
that writes, and decides anew: what it saw before may have changed.

If nobody else writes or wants to, there is no turn to take from anybody, and the call goes straight
to the transaction that writes (`WriteQueue.is_free_for`).
"""

import functools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState
from sqlmodel import Session

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class _Call:
    """A call that `looks_first`. Whether it looks is decided once, by its first transaction."""

    looks: bool | None = None


_call: ContextVar[_Call | None] = ContextVar("call", default=None)


class WouldWriteError(Exception):
    """A look has reached its first write. It never leaves the call that `looks_first`."""


def looks_first(
    call: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Have a service call look before it acts.

    Its code outside the transaction may run twice, so nothing slow and nothing visible may come
    before its first write.
    """

    @functools.wraps(call)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if _call.get() is not None:  # a part of a call that decides for the whole
            return await call(*args, **kwargs)
        before = _call.set(_Call())
        try:
            return await call(*args, **kwargs)
        except WouldWriteError:
            pass
        finally:
            _call.reset(before)
        return await call(*args, **kwargs)

    return run


def is_looking(is_free: Callable[[], bool]) -> bool:
    """Whether the call that runs here only looks. The first transaction that asks decides it for
    the whole call: the call looks, unless it can write at once (`is_free`)."""
    current = _call.get()
    if current is None:
        return False
    if current.looks is None:
        current.looks = not is_free()
    return current.looks


@contextmanager
def outside_of_calls() -> Iterator[None]:
    """Tasks that are started in this block decide for themselves whether they look."""
    before = _call.set(None)
    try:
        yield
    finally:
        _call.reset(before)


class ReadingSession(Session):
    """The database as it was at one moment, for reading: it locks nothing and waits for nobody,
    whatever the queries that it shares with those who write ask for."""


class LookingSession(ReadingSession):
    """The same for a call that looks; raises `WouldWriteError` for everything else."""


@event.listens_for(ReadingSession, "do_orm_execute")
def _reads(state: ORMExecuteState) -> None:
    if getattr(state.statement, "_for_update_arg", None) is not None:
        # (SQLAlchemy has no public way to take FOR UPDATE away.)
        unlocked: Any = state.statement.options()
        unlocked._for_update_arg = None  # noqa: SLF001 - as said above
        state.statement = unlocked


@event.listens_for(LookingSession, "do_orm_execute")
def _executes(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        raise WouldWriteError


@event.listens_for(LookingSession, "before_flush")
def _flushes(session: Session, _context: Any, _instances: Any) -> None:
    if session.new or session.deleted or any(map(session.is_modified, session.dirty)):
        raise WouldWriteError
