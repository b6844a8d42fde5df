"""The figures and checks of the System page: measured and sent only while somebody watches."""

import asyncio
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from services.access.actor import ROLLCALL, Principal
from services.audit.events import AuditGrew, AuditWritten
from services.core import clock
from services.core.bus import Bus
from services.core.errors import RollcallError
from services.database import runtime
from services.operations import system
from services.operations.checks import Check, State, report, verdict
from ui import live

SYSTEM_ROOM = live.Room("system")
FIGURES_EVENT, CHECKS_EVENT = "rollcall_figures", "rollcall_checks"
# Seconds between two figures, and between two rounds of checks while somebody watches.
TICK, ROUND = 1.0, 60.0
# How many figures a chart has: a minute.
KEPT = 60
# Seconds over which changes are counted, and over which the slowest pushes are looked for.
RATE_SECONDS, PUSH_SECONDS = 10, 60
# After this many seconds without anybody who watches, nothing more is measured. (A page that is
# being opened isn't in the room yet.)
UNWATCHED_SECONDS = 15


@dataclass
class Figures:
    """What this process has measured, the newest last."""

    history: deque[dict[str, float]] = field(default_factory=lambda: deque(maxlen=KEPT))
    checks: list[Check] = field(default_factory=list)
    checked_at: float = -float("inf")
    checked_when: str = ""
    running: asyncio.Task[None] | None = None
    _changes: deque[float] = field(default_factory=lambda: deque(maxlen=100_000))
    _pushes: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=5_000))
    _feeding: asyncio.Task[None] | None = None
    _watched_at: float = 0.0
    _mails: float = 0.0
    _ask_mails_at: float = 0.0
    _is_away: bool = False
    _is_changed: bool = False

    def watch(self) -> None:
        """Somebody is opening the page: measure from now on, until nobody watches."""
        self._watched_at = time.monotonic()
        if self._feeding is None or self._feeding.done():
            self._feeding = asyncio.create_task(self._feed())

    def changed(self) -> None:
        """Something was written to the audit log, here or by another process."""
        self._changes.append(time.monotonic())

    def pushed(self, committed_at: float) -> None:
        """What was committed at that time (`time.perf_counter()`) has been sent to the pages."""
        self._pushes.append((time.monotonic(), time.perf_counter() - committed_at))

    def values(self) -> dict[str, Any]:
        """All there is, for a page that has nothing yet."""
        return {**self._check_values(), **_process_values(), "history": list(self.history)}

    async def examine(self, actor: Principal, names: Collection[str] = ()) -> None:
        """Have these checks made, or all of them, and tell everybody who watches.

        Raises `NotAllowedError` and what else `system.examine` raises.
        """
        found = await system.examine(actor, names)
        anew = {check.name: check for check in found}
        if names:
            self.checks = [anew.get(check.name, check) for check in self.checks]
        else:
            self.checks, self.checked_at = found, time.monotonic()
            self.checked_when = clock.now().isoformat()
        await live.broadcast(SYSTEM_ROOM, CHECKS_EVENT, self._check_values())

    async def _feed(self) -> None:
        late = 0.0
        while self._is_watched():
            self._round()
            await self._tell(late)
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            late = time.perf_counter() - due

    def _is_watched(self) -> bool:
        if live.is_watched(SYSTEM_ROOM):
            self._watched_at = time.monotonic()
        return time.monotonic() - self._watched_at < UNWATCHED_SECONDS

    def _round(self) -> None:
        is_due = self._is_changed or time.monotonic() - self.checked_at > ROUND
        if is_due and (self.running is None or self.running.done()):
            self._is_changed = False
            self.checked_at = time.monotonic()  # one round at a time
            self.running = asyncio.create_task(self.examine(ROLLCALL))

    async def _tell(self, late: float) -> None:
        """Send the next figures; how late this is shows how late any push is at the moment."""
        point = {
            "pages": float(len(live.all_pages())),
            "changes": self._rate(),
            "push": self._slowest_push(),
            "mails": await self._waiting_mails(),
        }
        self.history.append(point)
        values = {"point": point, **_process_values()}
        began = time.perf_counter()
        await live.broadcast(SYSTEM_ROOM, FIGURES_EVENT, values)
        self.pushed(began - late)

    async def _waiting_mails(self) -> float:
        """How many mails wait; if the database doesn't answer, the last known number: a check
        reports that. It is asked again after a while: each time costs the caller some waiting, and
        a log line. Where it stops to answer, or begins to, the checks are made anew."""
        if time.monotonic() >= self._ask_mails_at:
            was_away, self._is_away = self._is_away, False
            try:
                self._mails = float(await system.count_waiting_mails())
            except RollcallError:
                self._is_away = True
                self._ask_mails_at = time.monotonic() + RATE_SECONDS
            self._is_changed = self._is_changed or self._is_away != was_away
        return self._mails

    def _rate(self) -> float:
        since = time.monotonic() - RATE_SECONDS
        while self._changes and self._changes[0] < since:
            self._changes.popleft()
        return round(len(self._changes) / RATE_SECONDS, 1)

    def _slowest_push(self) -> float:
        """99 of 100 pushes of the last minute took at most this many milliseconds."""
        since = time.monotonic() - PUSH_SECONDS
        while self._pushes and self._pushes[0][0] < since:
            self._pushes.popleft()
        took = sorted(seconds for _, seconds in self._pushes)
        return round(took[(len(took) * 99 - 1) // 100] * 1000, 1) if took else 0.0

    def _check_values(self) -> dict[str, Any]:
        return {
            "checks": [asdict(check) for check in self.checks],
            "verdict": verdict(self.checks) if self.checks else "",
            "worst": _worst(self.checks),
            "report": report(self.checks),
            "checked_at": self.checked_when,
        }


def current() -> Figures:
    """The figures of the running Rollcall."""
    return runtime.current().part(Figures)


def subscribe(bus: Bus) -> None:
    """Have changes counted."""
    bus.subscribe(AuditWritten, _count)
    bus.subscribe(AuditGrew, _count)


def _count(_event: AuditWritten | AuditGrew) -> None:
    current().changed()


def _worst(checks: Sequence[Check]) -> str:
    """The state of the worst of them."""
    states = {check.state for check in checks}
    return next((s.value for s in (State.FAILED, State.WARNING) if s in states), State.OK.value)


def _process_values() -> dict[str, Any]:
    return {"processes": [asdict(process) for process in system.processes()]}
