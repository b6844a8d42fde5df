"""The bus: events leave after the commit, and a failing subscriber harms nobody."""

import asyncio
import importlib
import json
import pkgutil
import time
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

import services
from models import EndReason, Role, Tenant
from services.access.actor import Actor
from services.access.events import UserEvent
from services.core import events as every_event
from services.core.bus import Bus
from services.core.events import Event
from services.core.events import from_message as read
from services.core.events import to_message as write
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.database.transport import Listening
from services.sessions.events import SessionsEnded
from services.sessions.messages import ClosedPage
from services.sessions.presence import UserPresence
from services.tenants.events import TenantChanged
from services.users import accounts
from services.users.events import UserDeactivated, UserSwitched
from services.users.row import UserRow
from tests import books
from tests.factories import create_user


async def test_event_leaves_after_the_commit_with_its_moment(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant)
    seen: list[tuple[bool, float]] = []

    async def look(event: UserDeactivated) -> None:
        seen.append(((await books.user_of(event.user_id)).active, event.committed_at))

    rollcall.bus.subscribe(UserDeactivated, look)
    before = time.perf_counter()
    await accounts.set_active(admin, user.id, active=False)
    after = time.perf_counter()
    await rollcall.bus.drain()
    ((active, committed_at),) = seen
    assert not active
    assert before < committed_at <= after


async def test_transaction_that_rolls_back_publishes_nothing(
    rollcall: Runtime, tenant: Tenant, events: list[Event]
) -> None:
    with pytest.raises(RuntimeError):
        await _fail_after_publishing(tenant)
    await rollcall.bus.drain()
    assert events == []


async def _fail_after_publishing(tenant: Tenant) -> None:
    async with transaction() as tx:
        tx.publish(TenantChanged(tenant_id=tenant.id))
        raise RuntimeError("afterwards")


async def test_who_hears_of_an_act_begins_before_its_caller_goes_on(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant)
    begun: list[Event] = []

    async def begin(event: UserDeactivated) -> None:
        begun.append(event)

    rollcall.bus.subscribe(UserDeactivated, begin)
    await accounts.set_active(admin, user.id, active=False)
    assert len(begun) == 1


@pytest.mark.parametrize("waits", [True, False])
async def test_failing_subscriber_reaches_neither_the_caller_nor_the_others(
    waits: bool, rollcall: Runtime, tenant: Tenant, admin: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    user = await create_user(tenant)
    heard: list[Event] = []

    async def fail_later(_event: Event) -> None:
        raise RuntimeError("a subscriber's bug")

    def fail_at_once(_event: Event) -> None:
        raise RuntimeError("a subscriber's bug")

    async def hear(event: Event) -> None:
        heard.append(event)

    rollcall.bus.subscribe(UserDeactivated, fail_later if waits else fail_at_once)
    rollcall.bus.subscribe(UserDeactivated, hear)
    assert (await accounts.set_active(admin, user.id, active=False)).changed
    await rollcall.bus.drain()
    assert len(heard) == 1
    assert "A subscriber failed on UserDeactivated" in caplog.text


async def test_slow_subscriber_makes_nobody_wait() -> None:
    bus, may_end, done = Bus(), asyncio.Event(), asyncio.Event()

    async def wait(_event: Event) -> None:
        await may_end.wait()
        done.set()

    bus.subscribe(Event, wait)
    bus.publish([TenantChanged(tenant_id=uuid4())])
    assert not done.is_set()
    may_end.set()
    await bus.drain()
    assert done.is_set()


async def test_subscriber_to_a_kind_hears_every_kind_derived_from_it() -> None:
    bus = Bus()
    heard: list[UserEvent] = []

    async def hear(event: UserEvent) -> None:
        heard.append(event)

    bus.subscribe(UserEvent, hear)
    told = UserDeactivated(tenant_id=uuid4(), user_id=uuid4())
    bus.publish([told, TenantChanged(tenant_id=uuid4())])
    await bus.drain()
    assert heard == [told]


VALUES: dict[str, Any] = {
    "tenant_id": uuid4(),
    "user_id": uuid4(),
    "chain_id": uuid4(),
    "entry_id": uuid4(),
    "subject_id": uuid4(),
    "old_search_key": "ada \ud7ff🐎",
    "first": True,
    "shared": True,
    "session_ids": (uuid4(), uuid4()),
    "user_ids": (uuid4(), uuid4()),
    "person_ids": (uuid4(), uuid4()),
    "reason": EndReason.DEACTIVATED,
    "cause": uuid4(),
    "noun": "user",
    "row_id": uuid4(),
    "was": {"active": True, "end_date": None},
    "people": (UserPresence(uuid4(), uuid4(), 2, 1), UserPresence(uuid4(), None, 1, 0)),
    "part": 0,
    "parts": 2,
    "asks": True,
    "secret_mark": "0123456789abcdef",
    "host": "oslo-a",
    "collector": str(uuid4()),
    "pages": 3,
    "answered": 2,
    "slowest_ms": 41.3,
    "waited_ms": 1000.5,
    "closed": (ClosedPage(uuid4(), "Users", 41.3), ClosedPage(uuid4(), "Home", None)),
    "row": UserRow(
        id=uuid4(),
        name="Ada Lovelace",
        email="ada@example.com",
        role=Role.SALES_ENGINEER,
        active=True,
        invited=False,
        mail=None,
        mail_answer="",
        version=7,
        key="ada lovelace ada@example.com",
        last_sign_in=datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
        end_date=date(2026, 12, 1),
    ),
}
ABSTRACT = (Event, UserEvent, UserSwitched)
# This process's alone: whoever listens says so to itself.
LOCAL = (Listening,)
for _module in pkgutil.walk_packages(services.__path__, "services."):
    importlib.import_module(_module.name)  # an event is declared where its module is imported
KINDS = [
    kind
    for kind in every_event._declared().values()
    if kind not in (*ABSTRACT, *LOCAL) and kind.__module__.startswith("services.")
]


def _value(name: str) -> Any:
    return uuid4() if name.endswith("_id") and name not in VALUES else VALUES[name]


def test_there_is_an_event_of_every_noun() -> None:
    assert len(KINDS) >= 14


@pytest.mark.parametrize("kind", KINDS)
def test_event_survives_the_way_to_another_process(kind: type[Event]) -> None:
    values: dict[str, Any] = {
        f.name: _value(f.name) for f in fields(kind) if f.name not in ("committed_at", "origin")
    }
    event = kind(**values)
    arrived = read(json.loads(json.dumps(write(event))), 12.5, "another")
    assert arrived == event
    assert type(arrived) is kind
    assert arrived is not None
    assert (arrived.committed_at, arrived.origin) == (12.5, "another")


def test_event_of_a_newer_version_is_passed_over() -> None:
    assert read({"event": "SomethingNew", "x": 1}, 0) is None
    assert read({}, 0) is None
    assert read({"event": "TenantChanged", "tenants": "in another shape"}, 0) is None


def test_event_with_more_than_this_version_knows_is_heard() -> None:
    event = TenantChanged(tenant_id=uuid4())
    assert read({**write(event), "more": "of it"}, 0) == event


def test_toggle_of_an_older_version_comes_without_its_row() -> None:
    message = write(UserDeactivated(tenant_id=uuid4(), user_id=uuid4()))
    del message["row"]
    event = read(message, 0)
    assert isinstance(event, UserDeactivated)
    assert event.row is None


def test_platform_admins_event_has_no_tenant() -> None:
    event = SessionsEnded(
        tenant_id=None,
        user_id=uuid4(),
        session_ids=(),
        reason=EndReason.REVOKED,
        cause=uuid4(),
    )
    assert read(write(event), 0) == event
