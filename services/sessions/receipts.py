"""The receipt of a cut: what became of a user's open pages, in all replicas together.

Each replica closes its own pages and reports to the one that committed the end of their sessions.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from models import LoginSession, User
from services.access.actor import ROLLCALL
from services.audit.writing import record
from services.core.bus import Bus
from services.core.errors import RollcallError
from services.database import runtime
from services.database.transaction import Transaction, transaction
from services.sessions import holders, replicas
from services.sessions.actions import SessionAction
from services.sessions.events import SessionsEnded
from services.sessions.messages import ClosedPage, PagesClosed

log = logging.getLogger(__name__)

# How many seconds after the commit the other replicas may report: browsers have one to answer
# (`ui.live.cut`), and the rest is for the report's way.
REPORT_SECONDS = 1.5
# For this many seconds, what is known of one act is kept: for reports that come before this process
# has heard of the act itself, and for those who ask for the receipt.
KEPT_SECONDS = 5.0
# How many pages the log names one by one.
MOST_PAGES = 20
# Receipts that are written in one transaction.
MOST_AT_ONCE = 20


@dataclass(frozen=True)
class Receipt:
    """How many pages were open, how many answered that they closed, and the slowest answer.

    `slowest_ms` is the time from the commit to the last page's own answer, in milliseconds; none if
    no page answered. For a page of another replica it includes the time that the replica's report
    needed: it can be too long, but never too short. (The clocks of two machines are never compared:
    each measures durations, and these are added up.) `unheard` is how many other replicas had pages
    of the user and didn't report in time; their pages aren't in the figures. `closed` has the pages
    one by one.
    """

    pages: int
    answered: int
    slowest_ms: float | None
    unheard: int = 0
    closed: tuple[ClosedPage, ...] = field(default=(), compare=False)


@dataclass
class _Gathering:
    """The reports about one act; some come before this process begins to wait for them. `receipt`
    is their sum, or none if it isn't known in time."""

    reports: dict[str, PagesClosed] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    receipt: asyncio.Future[Receipt | None] = field(default_factory=asyncio.Future)


class _Gatherings(dict[UUID, _Gathering]):
    """The gatherings that are under way, by the audit entry of their act."""


def subscribe(bus: Bus) -> None:
    """Listen to the other replicas' reports."""
    bus.subscribe(PagesClosed, _hear)


async def of(cause: UUID) -> Receipt | None:
    """How the pages were closed when the act with this audit entry ended their sessions; none if
    that isn't known in time, or if nobody was signed in."""
    return await asyncio.shield(_gathering(cause).receipt)


async def settle(event: SessionsEnded, closing: Awaitable[Receipt]) -> None:
    """Make the receipt, for `of`, and keep it in the audit log if any page was open."""
    with runtime.current().part(_Settling).one_more():
        receipt = await gathered(event, closing)
        if receipt is None:
            return
        known = _gathering(event.cause).receipt
        if not known.done():
            known.set_result(receipt)
        if receipt.pages or receipt.unheard:
            await keep(event.cause, event.user_id, receipt, event.run_id)


class _Settling:
    """How many cuts this process hasn't settled yet."""

    def __init__(self) -> None:
        self._under_way = 0
        self.all_done = asyncio.Event()
        self.all_done.set()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """One is being settled for as long as the block runs."""
        self._under_way += 1
        self.all_done.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self.all_done.set()


async def all_settled(seconds: float) -> None:
    """Wait until the pages of every act that was committed here are closed, and their receipts are
    kept, for this many seconds at most."""
    await asyncio.sleep(0)  # who hears of an act that was committed just now begins first
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await runtime.current().part(_Settling).all_done.wait()


@dataclass(frozen=True, eq=False)
class _Kept:
    cause: UUID
    user_id: UUID
    receipt: Receipt
    run_id: UUID | None


class _Keeping:
    """The receipts that wait to be kept. If many people are deactivated at once, their receipts
    come together: while one is written the others wait, and are then written in one transaction."""

    def __init__(self) -> None:
        self.waiting: list[_Kept] = []
        self.writing = asyncio.Lock()


async def keep(cause: UUID, user_id: UUID, receipt: Receipt, run_id: UUID | None = None) -> None:
    """Keep beside the audit entry `cause` how the holder's open pages were closed; the receipts of
    an act on many have its `run_id`. If there is no such holder, that is logged."""
    keeping, own = runtime.current().part(_Keeping), _Kept(cause, user_id, receipt, run_id)
    keeping.waiting.append(own)
    try:
        async with keeping.writing:
            if own in keeping.waiting:  # nobody has taken it along
                together = keeping.waiting[:MOST_AT_ONCE]
                await _write(together)
                keeping.waiting = [one for one in keeping.waiting if one not in together]
    finally:
        if own in keeping.waiting:
            keeping.waiting.remove(own)


async def _write(kept: Sequence[_Kept]) -> None:
    sessions = {page.session_id for one in kept for page in one.receipt.closed}
    async with transaction(actor=ROLLCALL, patient=len(kept) > 1, reserve=True) as tx:
        devices = await _devices(tx, sessions)
        found = await tx.exec(select(User).where(col(User.id).in_({one.user_id for one in kept})))
        users = {user.id: user for user in found}
        for one in kept:
            holder = users.get(one.user_id) or await holders.find(tx, one.user_id)
            if holder is None:  # the others' receipts don't have to pay for it
                log.warning("A receipt isn't kept: nobody has the id %s", one.user_id)
                continue
            slowest = one.receipt.slowest_ms
            of_run: dict[str, Any] = {"run": one.run_id} if one.run_id else {}
            await record(
                tx,
                SessionAction.PAGES_CLOSED,
                actor=ROLLCALL,
                subject=holder,
                cause=one.cause,
                pages=one.receipt.pages,
                answered=one.receipt.answered,
                slowest_ms=None if slowest is None else round(slowest, 1),
                unheard=one.receipt.unheard,
                devices=len({page.session_id for page in one.receipt.closed}),
                closed=_in_words(devices, one.receipt.closed),
                **of_run,
            )


async def _devices(tx: Transaction, sessions: Set[UUID]) -> Mapping[UUID, str]:
    """What each of these sessions is signed in at."""
    if not sessions:
        return {}
    known = select(LoginSession.id, LoginSession.device)
    return dict((await tx.exec(known.where(col(LoginSession.id).in_(list(sessions))))).all())


def _in_words(devices: Mapping[UUID, str], closed: Sequence[ClosedPage]) -> list[dict[str, object]]:
    """The first pages that closed, each with its device, for the log."""
    first = sorted(closed, key=lambda page: (page.ms is None, page.ms))[:MOST_PAGES]
    return [
        {
            "page": page.title,
            "ms": None if page.ms is None else round(page.ms, 1),
            "device": devices.get(page.session_id, ""),
        }
        for page in first
    ]


async def gathered(event: SessionsEnded, closing: Awaitable[Receipt]) -> Receipt | None:
    """Close this process's pages, and add what the other replicas report; none if another process
    gathers, to which this one reports.

    Only replicas that have pages of the user report, and only they are waited for. (A page that was
    opened at another replica within the last `replicas.TELL_SECONDS` may be missing in the
    receipt.)
    """
    expected, collector = replicas.with_pages_of(event.user_id), replicas.collector_of(event.origin)
    is_expected = replicas.may_count_us(event.user_id)
    own = await closing
    if collector != runtime.current().process_id:
        if is_expected:
            await _report(event, collector, own)
        return None
    gathering = _gathering(event.cause)
    until = event.committed_at + REPORT_SECONDS
    try:
        async with asyncio.timeout(until - time.perf_counter()):
            while not expected <= gathering.reports.keys():
                gathering.arrived.clear()
                await gathering.arrived.wait()
    except TimeoutError:
        log.warning("Not every replica has reported in time which pages it closed")
    return _sum(own, gathering.reports, expected, event.committed_at)


def _sum(
    own: Receipt, reports: Mapping[str, PagesClosed], expected: Set[str], committed_at: float
) -> Receipt:
    slowest = [own.slowest_ms] if own.slowest_ms is not None else []
    closed = [*own.closed]
    for report in reports.values():
        way = (report.committed_at - committed_at) * 1000 - report.waited_ms
        closed += [
            replace(page, ms=None if page.ms is None else way + page.ms) for page in report.closed
        ]
        if report.slowest_ms is not None:
            slowest.append(way + report.slowest_ms)
    return Receipt(
        pages=own.pages + sum(report.pages for report in reports.values()),
        answered=own.answered + sum(report.answered for report in reports.values()),
        slowest_ms=round(max(slowest), 1) if slowest else None,
        unheard=len(expected - reports.keys()),
        closed=tuple(closed),
    )


async def _report(event: SessionsEnded, collector: str, own: Receipt) -> None:
    try:
        async with transaction(reserve=True) as tx:
            tx.publish(
                PagesClosed(
                    cause=event.cause,
                    collector=collector,
                    pages=own.pages,
                    answered=own.answered,
                    slowest_ms=own.slowest_ms,
                    waited_ms=(time.perf_counter() - event.committed_at) * 1000,
                    closed=own.closed,
                )
            )
    except RollcallError as error:
        log.warning("The pages that closed here can't be reported: %s", error)


async def _hear(event: PagesClosed) -> None:
    if event.collector == runtime.current().process_id:
        gathering = _gathering(event.cause)
        gathering.reports[event.origin] = event
        gathering.arrived.set()


def _gathering(cause: UUID) -> _Gathering:
    gatherings = runtime.current().part(_Gatherings)
    if cause not in gatherings:
        gatherings[cause] = _Gathering()
        asyncio.get_running_loop().call_later(KEPT_SECONDS, _forget, gatherings, cause)
    return gatherings[cause]


def _forget(gatherings: _Gatherings, cause: UUID) -> None:
    known = gatherings.pop(cause).receipt
    if not known.done():
        known.set_result(None)
