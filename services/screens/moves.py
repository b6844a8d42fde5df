"""Who came and went lately, as this process has seen and heard it."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from services.core import clock
from services.database import runtime
from services.sessions import presence

# As many as a tall screen shows, and some more, because users of another tenant may be among them.
KEPT = 40
# For this long after a start, people who were signed in before it count as back, and not as new
# arrivals.
RETURNING = timedelta(minutes=1)


@dataclass(frozen=True)
class Move:
    """Somebody came or went."""

    user_id: UUID
    at: datetime
    arrived: bool


def _kept() -> deque[Move]:
    return deque(maxlen=KEPT)


@dataclass
class _Moves:
    started_at: datetime = field(default_factory=clock.now)
    of_tenant: dict[UUID, deque[Move]] = field(default_factory=lambda: defaultdict(_kept))
    number: int = 0


def _moves() -> _Moves:
    return runtime.current().part(_Moves)


def watch(changed: Callable[[UUID], None]) -> None:
    """Note from now on who comes and goes, and call back with the tenant."""
    moves = _moves()

    def note(user_id: UUID, tenant_id: UUID | None, online: bool) -> None:
        moves.number += 1
        if tenant_id is not None:
            moves.of_tenant[tenant_id].append(Move(user_id, clock.now(), online))
            changed(tenant_id)

    presence.on_change(note)


def latest(tenant_id: UUID) -> list[Move]:
    """Who came and went in a tenant, the newest first."""
    return list(reversed(_moves().of_tenant.get(tenant_id, ())))


def is_return(move: Move, last_sign_in: datetime | None) -> bool:
    """Whether somebody was here before this process started: their page has found it again."""
    started = _moves().started_at
    is_early = move.arrived and move.at - started < RETURNING
    return is_early and (last_sign_in is None or last_sign_in < started)
