"""Tells all screens of this process, once a second, that what they show is true; and what changed.

For screens that show the same, the database is read once. Nothing is read if nothing was committed
and nobody came or went. If the database doesn't answer there is no beat: the screens say so by
themselves.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from services.access.outsiders import ScreenActor
from services.core.bus import Bus
from services.core.errors import RollcallError
from services.database import changes, runtime
from services.database.lasting import warn
from services.screens import moves, pairing, reading, screens, tabs
from services.screens.events import ScreenChanged, ScreenReloaded
from services.screens.pairing import CodeState
from services.screens.screens import ScreenSettings
from services.screens.showing import Names, ScreenView
from services.sessions import ended_sessions
from services.sessions.events import SessionsEnded
from ui.wall import frames

log = logging.getLogger(__name__)

BEAT = 1.0
# Coming and going is sent sooner than with the next beat; if many come and go at once, it is sent
# once.
SOON = 0.1
# After this many seconds, what changes only with the day and the hour is read again; and this often
# it is noted that screens are open.
ROUND = 60.0

Group = tuple[UUID, Names]
"""Screens of one tenant that show as much of names."""


@dataclass(eq=False, slots=True)
class Line:
    """One open socket, with what it has still to be told: only the latest of each kind."""

    tab: str
    size: str
    network: str = ""
    screen: ScreenActor | None = None
    code_id: UUID | None = None
    settings: ScreenSettings | None = None
    told: dict[ScreenView, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False

    def tell(self, kind: str, frame: str) -> None:
        """Have a frame sent; an earlier one of its kind that still waits isn't sent any more."""
        self.waiting.pop(kind, None)
        self.waiting[kind] = frame
        self.woken.set()

    def show(self, settings: ScreenSettings, of_views: dict[ScreenView, str]) -> None:
        """Send what differs from what was sent."""
        if settings != self.settings:
            self.settings = settings
            self.told.clear()
            self.tell("hello", frames.hello(settings))
        for view in settings.options.views:
            if view in of_views and self.told.get(view) != of_views[view]:
                self.told[view] = of_views[view]
                self.tell(view, of_views[view])

    def end(self, frame: str) -> None:
        """Send this as the last frame, and hang up."""
        self.is_over = True
        self.tell("end", frame)


@dataclass
class Hub:
    """The screens of this process."""

    lines: set[Line] = field(default_factory=set)
    has_lines: asyncio.Event = field(default_factory=asyncio.Event)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    mark: object = None
    known: set[Line] = field(default_factory=set)
    read_at: float = 0.0
    noted_at: float = 0.0
    has_moved: bool = False
    shown: dict[Group, dict[ScreenView, str]] = field(default_factory=dict)
    """What each group was sent last: one text for all of its screens."""

    def join(self, line: Line) -> None:
        """Send to a socket from now on."""
        self.lines.add(line)
        self.has_lines.set()

    def leave(self, line: Line) -> None:
        """Stop sending to it. If it was the last one, nothing is remembered, and nothing wakes any
        more."""
        self.lines.discard(line)
        if not self.lines:
            self.has_lines.clear()
            self.mark = None
            self.known = set()
            self.shown.clear()

    def shown_to(self, settings: ScreenSettings) -> dict[ScreenView, str] | None:
        """What other screens show of a new one's views; none if one of them isn't shown yet. What
        has changed since comes with the next beat."""
        shown = self.shown.get((settings.tenant_id, settings.options.names), {})
        return shown if shown.keys() >= set(settings.options.views) else None

    async def go_on(self) -> None:
        """Compare with the database if anything can have changed, then beat."""
        await self._compare()
        beat = frames.beat()
        for line in self.lines:
            line.tell("beat", beat)

    async def _compare(self) -> None:
        lines, mark = set(self.lines), await changes.mark()
        now = time.monotonic()
        is_time = now - self.read_at > ROUND
        if mark == self.mark and lines <= self.known and not self.has_moved and not is_time:
            return
        self.has_moved = False
        await self._compare_codes([line for line in lines if line.code_id])
        await self._compare_screens([line for line in lines if line.screen])
        self.mark, self.known, self.read_at = mark, lines, now
        if now - self.noted_at > ROUND:
            self.noted_at = now
            open_lines = [(line.screen, line.tab) for line in self.lines if line.screen]
            await tabs.note_all(
                [(screen.screen_id, tab) for screen, tab in open_lines],
                {screen.session_id for screen, _ in open_lines},
            )

    async def _compare_codes(self, lines: Iterable[Line]) -> None:
        of_code = {line.code_id: line for line in lines if line.code_id}
        states = await pairing.find_states(of_code.keys())
        for code_id, line in of_code.items():
            state = states.get(code_id)
            if state is None:
                line.end(frames.pair())
            elif state is CodeState.TYPED:
                line.end(frames.PAIRED)

    async def _compare_screens(self, lines: Iterable[Line]) -> None:
        by_screen: dict[UUID, list[Line]] = defaultdict(list)
        session_ids = set()
        for line in lines:
            if line.screen is not None:
                by_screen[line.screen.screen_id].append(line)
                session_ids.add(line.screen.session_id)
        ended = await ended_sessions.find(session_ids)
        settings = await screens.find_settings(by_screen.keys())
        groups: dict[Group, list[tuple[Line, ScreenSettings]]] = defaultdict(list)
        for screen_id, open_lines in by_screen.items():
            for line in open_lines:
                own = settings.get(screen_id)
                if own is None or (line.screen and line.screen.session_id in ended):
                    line.end(frames.pair("revoked"))
                else:
                    groups[own.tenant_id, own.options.names].append((line, own))
        told = {}
        for (tenant_id, names), members in groups.items():
            views = {view for _, own in members for view in own.options.views}
            found = await reading.find_views(tenant_id, sorted(views), names)
            told[tenant_id, names] = self._same(tenant_id, names, frames.views_frame(found))
            for line, own in members:
                line.show(own, told[tenant_id, names])
        self.shown = told

    def _same(
        self, tenant_id: UUID, names: Names, of_views: dict[ScreenView, str]
    ) -> dict[ScreenView, str]:
        """The texts; those that say the same as before are the same objects."""
        before = self.shown.get((tenant_id, names), {})
        return {
            view: before[view] if before.get(view) == text else text
            for view, text in of_views.items()
        }

    def cut(self, session_ids: Iterable[UUID]) -> None:
        """Hang up on the screens of these sessions."""
        over = set(session_ids)
        for line in self.lines:
            if line.screen is not None and line.screen.session_id in over:
                line.end(frames.pair("revoked"))

    def wake(self, _tenant_id: UUID) -> None:
        """Somebody came or went, or a screen changed: compare soon."""
        if self.lines:
            self.has_moved = True
            self.wanted.set()


def hub() -> Hub:
    """The hub of the running Rollcall."""
    return runtime.current().part(Hub)


def subscribe(bus: Bus) -> None:
    """Have the bus and presence tell the hub."""
    bus.subscribe(SessionsEnded, _cut)
    bus.subscribe(ScreenChanged, _wake)
    bus.subscribe(ScreenReloaded, _reload)
    moves.watch(lambda tenant_id: hub().wake(tenant_id))


def _cut(event: SessionsEnded) -> None:
    hub().cut(event.session_ids)


def _wake(event: ScreenChanged) -> None:
    hub().wake(event.tenant_id)


def _reload(event: ScreenReloaded) -> None:
    for line in hub().lines:
        if line.screen is not None and line.screen.screen_id == event.screen_id:
            line.tell("reload", frames.RELOAD)


async def tell_forever() -> None:
    """Beat until cancelled, if there is a screen."""
    told = hub()
    while True:
        await told.has_lines.wait()
        begun = time.monotonic()
        try:
            await told.go_on()
        except RollcallError as error:
            warn(log, f"Screens can't be told now what they show: {error}")
        except Exception:
            log.exception("Telling the screens failed")
        told.wanted.clear()
        left = max(SOON, BEAT - (time.monotonic() - begun))
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await told.wanted.wait()
                await asyncio.sleep(SOON)
