"""Other replicas, as this process hears of them over the bus: who is here, and what they closed."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from models import EndReason
from services.core.events import Event, stamped, to_message
from services.database.postgresql_transport import MAX_PAYLOAD
from services.database.runtime import Runtime
from services.database.transport import Listening
from services.sessions import presence, receipts, replicas
from services.sessions.events import SessionsEnded
from services.sessions.messages import PagesClosed, ReplicaAnnounced, ReplicaChanged, ReplicaStopped
from services.sessions.presence import UserPresence
from services.sessions.receipts import Receipt
from tests.browser.waiting import PATIENCE

USER, TENANT = uuid4(), uuid4()
HERE_TWICE = UserPresence(USER, TENANT, 2, 0)
GONE = UserPresence(USER, TENANT, 0, 0)

Hear = Callable[..., Awaitable[None]]


@pytest.fixture
async def hear(rollcall: Runtime, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hear]:
    """Have this process hear an event of another one, right now unless `at` says when."""
    replicas.subscribe(rollcall.bus)
    receipts.subscribe(rollcall.bus)

    async def hear(event: Event, origin: str = "b", at: float | None = None) -> None:
        at = time.perf_counter() if at is None else at
        rollcall.transport.heard_at = max(at, rollcall.transport.heard_at)
        rollcall.bus.publish([stamped(event, at, origin)])
        await rollcall.bus.drain()

    yield hear
    for process_id in list(replicas._known().others):
        replicas._forget(process_id)


def announced(
    *people: UserPresence, part: int = 0, parts: int = 1, asks: bool = False
) -> ReplicaAnnounced:
    mark = replicas._secret_mark()
    return ReplicaAnnounced(part=part, parts=parts, people=people, asks=asks, secret_mark=mark)


async def test_a_replica_tells_who_is_here_by_it(hear: Hear) -> None:
    await hear(announced(HERE_TWICE))
    assert (replicas.others(), presence.open_pages(USER)) == ({"b"}, 2)
    await hear(ReplicaChanged(people=(GONE,)))
    assert presence.open_pages(USER) == 0


async def test_a_replica_is_known_by_its_machine_and_by_when_it_was_heard(hear: Hear) -> None:
    now = time.perf_counter()
    await hear(replace(announced(), host="oslo-b"), "b", now - 5)
    await hear(announced(), "c", now)  # of a version that didn't tell
    unnamed, named = replicas.heard()
    assert (unnamed.host, named.host, named.process_id) == ("", "oslo-b", "b")
    assert named.seconds - unnamed.seconds == pytest.approx(5)


async def test_an_announcement_of_many_fits_into_one_message(rollcall: Runtime) -> None:
    people = [UserPresence(uuid4(), uuid4(), 100, 100)] * replicas.PEOPLE_PER_MESSAGE
    event = replace(announced(*people, parts=1000), host="h" * replicas.LONGEST_HOST)
    payload = json.dumps({"from": rollcall.process_id, "messages": [to_message(event)]})
    assert len(payload) <= MAX_PAYLOAD


async def test_an_announcement_counts_when_its_last_part_is_there(hear: Hear) -> None:
    await hear(announced(HERE_TWICE))
    await hear(announced(part=0, parts=2))
    assert presence.open_pages(USER) == 2
    await hear(announced(part=1, parts=2))
    assert presence.open_pages(USER) == 0


async def test_a_replica_that_stopped_is_not_waited_for_and_its_users_stay_a_moment(
    hear: Hear,
) -> None:
    await hear(announced(HERE_TWICE), at=100.0)
    await hear(ReplicaStopped(), at=101.0)
    replicas._forget_the_silent()
    assert (replicas.others(), presence.is_online(USER)) == (set(), True)
    await hear(ReplicaChanged(people=()), origin="c", at=108.0)
    replicas._forget_the_silent()
    assert not presence.is_online(USER)


async def test_who_stops_says_so(rollcall: Runtime, events: list[Event]) -> None:
    serving = asyncio.create_task(replicas.take_part())
    await asyncio.sleep(0)  # it has begun
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    await rollcall.bus.drain()
    assert events == [ReplicaStopped()]


async def test_a_silent_replica_is_gone_with_its_users(hear: Hear) -> None:
    await hear(announced(HERE_TWICE), at=100.0)
    await hear(announced(), origin="c", at=106.9)
    replicas._forget_the_silent()
    assert replicas.others() == {"b", "c"}
    await hear(ReplicaChanged(people=()), origin="c", at=107.1)
    replicas._forget_the_silent()
    assert (replicas.others(), presence.is_online(USER)) == ({"c"}, False)


async def test_nobody_is_gone_because_this_process_does_not_hear(
    hear: Hear, rollcall: Runtime
) -> None:
    await hear(announced(HERE_TWICE), at=time.perf_counter() - 60)
    replicas._forget_the_silent()  # nothing was heard since, from anybody
    assert replicas.others() == {"b"}
    await hear(Listening(again=True), origin=rollcall.process_id)
    await hear(ReplicaChanged(people=()), origin="c")
    replicas._forget_the_silent()
    assert replicas.others() == {"b"}


async def test_who_is_taken_for_gone_and_is_heard_again_is_asked(hear: Hear) -> None:
    await hear(ReplicaChanged(people=(HERE_TWICE,)))
    assert replicas._known().asks
    assert not presence.is_online(USER), "the change alone tells too little"


async def test_a_replica_with_another_secret_is_an_error(
    hear: Hear, caplog: pytest.LogCaptureFixture
) -> None:
    await hear(
        ReplicaAnnounced(part=0, parts=1, people=(), asks=False, secret_mark="another"),
    )
    assert "has another ROLLCALL_SECRET" in caplog.text


def ended(rollcall: Runtime, *, by: str = "", ago: float = 0.0) -> SessionsEnded:
    event = SessionsEnded(
        tenant_id=TENANT,
        user_id=USER,
        session_ids=(uuid4(),),
        reason=EndReason.DEACTIVATED,
        cause=uuid4(),
    )
    return stamped(event, time.perf_counter() - ago, by or rollcall.process_id)


async def closing(receipt: Receipt) -> Receipt:
    return receipt


def report(event: SessionsEnded, collector: str, receipt: Receipt, waited_ms: float) -> PagesClosed:
    return PagesClosed(
        cause=event.cause,
        collector=collector,
        pages=receipt.pages,
        answered=receipt.answered,
        slowest_ms=receipt.slowest_ms,
        waited_ms=waited_ms,
    )


async def test_a_receipt_counts_the_pages_of_every_replica(hear: Hear, rollcall: Runtime) -> None:
    for other in ("b", "c"):
        await hear(announced(HERE_TWICE), origin=other)
    event = ended(rollcall)
    gathering = asyncio.create_task(receipts.gathered(event, closing(Receipt(1, 1, 12.0))))
    mine, at = rollcall.process_id, event.committed_at
    await hear(report(event, mine, Receipt(2, 1, 30.0), waited_ms=1000), origin="b", at=at + 1.004)
    await hear(report(event, mine, Receipt(0, 0, None), waited_ms=1), origin="c", at=at + 0.003)
    # 30 ms after b heard of it; its report took 4 ms more than b had waited: 34 at most.
    assert await gathering == Receipt(pages=3, answered=2, slowest_ms=34.0, unheard=0)


async def test_a_report_that_is_faster_than_we_are_counts(hear: Hear, rollcall: Runtime) -> None:
    await hear(announced(HERE_TWICE))
    event = ended(rollcall)
    await hear(report(event, rollcall.process_id, Receipt(1, 0, None), waited_ms=1000))
    assert await receipts.gathered(event, closing(Receipt(0, 0, None))) == Receipt(1, 0, None)


async def test_a_replica_that_does_not_report_is_named_in_the_receipt(
    hear: Hear, rollcall: Runtime
) -> None:
    await hear(announced(HERE_TWICE))
    event = ended(rollcall, ago=receipts.REPORT_SECONDS)
    receipt = await receipts.gathered(event, closing(Receipt(1, 1, 12.0)))
    assert receipt == Receipt(1, 1, 12.0, unheard=1)


async def test_a_replica_without_pages_of_the_user_is_not_waited_for(
    hear: Hear, rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "REPORT_SECONDS", 2 * PATIENCE)
    await hear(announced(UserPresence(uuid4(), TENANT, 1, 0)))
    own = Receipt(1, 1, 12.0)
    async with asyncio.timeout(PATIENCE):
        assert await receipts.gathered(ended(rollcall), closing(own)) == own


async def test_the_replica_that_committed_gathers_and_is_told(
    hear: Hear, rollcall: Runtime, events: list[Event]
) -> None:
    await hear(announced())
    event = ended(rollcall, by="b")
    presence.page_opened(USER, TENANT)
    report = receipts.gathered(event, closing(Receipt(2, 1, 30.0)))
    assert await report is None
    presence.page_closed(USER, TENANT)
    await rollcall.bus.drain()
    (told,) = [event for event in events if isinstance(event, PagesClosed)]
    assert (told.cause, told.collector, told.origin) == (event.cause, "b", rollcall.process_id)
    assert (told.pages, told.answered, told.slowest_ms) == (2, 1, 30.0)


async def test_who_has_no_page_of_the_user_reports_nothing(
    hear: Hear, rollcall: Runtime, events: list[Event]
) -> None:
    await hear(announced())
    assert await receipts.gathered(ended(rollcall, by="b"), closing(Receipt(0, 0, None))) is None
    await rollcall.bus.drain()
    assert [event for event in events if isinstance(event, PagesClosed)] == []


async def test_the_eldest_gathers_for_the_command_line(hear: Hear, rollcall: Runtime) -> None:
    assert replicas.collector_of("command line") == rollcall.process_id
    await hear(announced(), origin="0 is older than any")
    assert replicas.collector_of("command line") == "0 is older than any"
