"""What one running Rollcall consists of: settings, secret, database, transport, bus."""

from dataclasses import dataclass, field
from typing import TypeVar

from services.core.bus import Bus
from services.core.settings import Settings
from services.database.engines import Database
from services.database.transport import Transport

PartT = TypeVar("PartT")


@dataclass(frozen=True)
class Runtime:
    """The parts of one process; `process_id` tells its own events from those of other processes."""

    settings: Settings
    secret: bytes = field(repr=False)
    database: Database
    bus: Bus
    process_id: str
    transport: Transport
    _parts: dict[type, object] = field(default_factory=dict, init=False, repr=False, compare=False)

    def part(self, kind: type[PartT]) -> PartT:
        """The one object of this class that belongs to this Rollcall; it is made when it is first
        asked for. It holds what a noun remembers (who is here, for example); this module knows
        nothing about it."""
        made = self._parts.get(kind)
        if not isinstance(made, kind):
            made = self._parts[kind] = kind()
        return made


_current: Runtime | None = None


def current() -> Runtime:
    """The running Rollcall. Raises `RuntimeError` before it is started."""
    if _current is None:
        raise RuntimeError("Rollcall was not started")
    return _current


def find_current() -> Runtime | None:
    """The running Rollcall; none before it is started, and after it is put down."""
    return _current


def use(runtime: Runtime | None) -> None:
    """Make this the running Rollcall (or none)."""
    global _current  # noqa: PLW0603 - one Rollcall per process is the point of this module
    _current = runtime
