"""What one running Rollcall consists of: settings, secret, database, bus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models import new_id
from services.core.bus import Bus

if TYPE_CHECKING:
    from services.core.db import Database
    from services.core.settings import Settings


@dataclass(frozen=True)
class Runtime:
    """The parts of one process; `process_id` tells its own events from other processes'."""

    settings: Settings
    secret: bytes = field(repr=False)
    database: Database
    bus: Bus = field(default_factory=Bus)
    process_id: str = field(default_factory=lambda: str(new_id()))


_current: Runtime | None = None


def current() -> Runtime:
    """The running Rollcall; a bug where nothing was started."""
    if _current is None:
        raise RuntimeError("Rollcall was not started")
    return _current


def use(runtime: Runtime | None) -> None:
    """Make this the running Rollcall (or none)."""
    global _current  # noqa: PLW0603 - one Rollcall per process is the point of this module
    _current = runtime
