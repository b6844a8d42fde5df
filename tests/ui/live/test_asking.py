"""Requests wait for their turn: however many connections one person has, the others' acts wait for
one step of theirs at most."""

import asyncio
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from models import EndReason, Tenant
from services.access.permissions import Permission
from services.database import right_of_way, runtime
from services.database.runtime import Runtime
from services.sessions.events import SessionsEnded
from tests import factories
from tests.ui.live.asked import Application, person_of, scope_of
from ui import identity, sweep
from ui.live import asking
from ui.live.asking import STRANGERS_AT_ONCE, InTurn


@pytest.fixture
def application(rollcall: Runtime, monkeypatch: pytest.MonkeyPatch) -> Application:
    monkeypatch.setattr(asking, "TURN", 3600)
    monkeypatch.setattr(asking, "LONGEST_PAUSE", 0)
    monkeypatch.setattr(asking, "SLOTS", 100)
    monkeypatch.setattr(asking, "SLOTS_ON_POSTGRESQL", 100)
    return Application()


async def _receive() -> Message:
    return {"type": "http.request"}


async def _ask(app: Application, scope: Scope) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await InTurn(app)(scope, _receive, send)
    return sent


def _asked(app: Application, scope: Scope) -> "asyncio.Task[list[Message]]":
    return asyncio.create_task(_ask(app, scope))


async def test_of_one_person_one_request_is_answered_at_a_time_whatever_session_it_is_of(
    application: Application, rollcall: Runtime
) -> None:
    person_of("a session", "another session")
    person_of("another person's")
    asked = [
        _asked(application, scope_of("/first", "a session")),
        _asked(application, scope_of("/second", "a session")),
        _asked(application, scope_of("/third", "another session", "POST")),
        _asked(application, scope_of("/theirs", "another person's")),
    ]
    await asyncio.sleep(0)
    assert application.begun == ["/first", "/theirs"]
    application.may_end.set()
    await asyncio.gather(*asked)
    assert application.begun == ["/first", "/theirs", "/second", "/third"]


async def test_after_a_turn_the_same_person_has_none_for_a_moment(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PAUSE", 1e12)
    monkeypatch.setattr(asking, "LONGEST_PAUSE", 3600)
    person_of("a session")
    person_of("another person's")
    application.may_end.set()
    await _ask(application, scope_of("/first", "a session"))
    next_one = _asked(application, scope_of("/second", "a session"))
    await _ask(application, scope_of("/theirs", "another person's"))
    assert application.begun == ["/first", "/theirs"]
    next_one.cancel()


async def test_whose_sessions_have_ended_is_told_so_without_a_pause(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PAUSE", 1e12)
    monkeypatch.setattr(asking, "LONGEST_PAUSE", 3600)
    holder_id = person_of("a session")
    application.may_end.set()
    await _ask(application, scope_of("/first", "a session"))
    next_one = _asked(application, scope_of("/second", "a session"))
    ended = SessionsEnded(
        tenant_id=None,
        user_id=holder_id,
        session_ids=(),
        reason=EndReason.DEACTIVATED,
        cause=uuid4(),
    )
    await sweep._close_pages(ended)
    async with asyncio.timeout(60):
        await next_one
    assert application.begun == ["/first", "/second"]


async def test_what_takes_long_doesn_t_hold_up_the_same_person_s_next_request(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "TURN", 0)
    person_of("a session")
    both = [_asked(application, scope_of(path, "a session")) for path in ("/slow", "/next")]
    async with asyncio.timeout(60):
        while application.begun != ["/slow", "/next"]:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
    application.may_end.set()
    await asyncio.gather(*both)


async def test_who_hung_up_while_waiting_takes_nobody_s_turn(
    application: Application, rollcall: Runtime
) -> None:
    person_of("a session")
    first, second, third = (
        _asked(application, scope_of(path, "a session")) for path in ("/1", "/2", "/3")
    )
    await asyncio.sleep(0)
    second.cancel()
    application.may_end.set()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert application.begun == ["/1", "/3"]
    async with asyncio.timeout(60):
        while rollcall.part(asking._Lines):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)


async def test_who_asks_for_more_than_can_wait_is_told_when_to_try_again(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_WAITING", 2)
    monkeypatch.setattr(asking, "REFUSED_AFTER", 0)
    person_of("a session")
    waiting = [_asked(application, scope_of("/", "a session")) for _ in range(3)]
    await asyncio.sleep(0)
    start, body = await _ask(application, scope_of("/", "a session"))
    assert start["status"] == 429
    assert (b"retry-after", b"10") in start["headers"]
    assert body["body"].decode() == asking.TOO_MANY
    application.may_end.set()
    await asyncio.gather(*waiting)


async def test_strangers_of_one_ip_have_a_few_turns_of_each_kind_that_don_t_wait_for_each_other(
    application: Application,
) -> None:
    kinds = {
        "/": "GET",
        "/login": "POST",
        "/t/acme/sso/start": "GET",
        "/static/live.js": "GET",
        "/healthz": "GET",
    }
    asked = [
        _asked(application, scope_of(path, "unknown", method))
        for path, method in kinds.items()
        for _ in range(STRANGERS_AT_ONCE + 1)
    ]
    await asyncio.sleep(0)
    assert application.begun == [path for path in kinds for _ in range(STRANGERS_AT_ONCE)]
    application.may_end.set()
    await asyncio.gather(*asked)


async def test_of_what_strangers_post_few_wait(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_WAITING", 1)
    monkeypatch.setattr(asking, "REFUSED_AFTER", 0)
    post = scope_of("/login", method="POST")
    waiting = [_asked(application, post) for _ in range(STRANGERS_AT_ONCE + 1)]
    await asyncio.sleep(0)
    start, _ = await _ask(application, post)
    assert start["status"] == 429
    application.may_end.set()
    await asyncio.gather(*waiting)


async def test_probes_wait_for_no_slot(one_slot: Application) -> None:
    person = _asked(one_slot, scope_of("/", "one"))
    probe = _asked(one_slot, scope_of("/healthz", "one"))
    await asyncio.sleep(0)
    assert one_slot.begun == ["/", "/healthz"]
    one_slot.may_end.set()
    await asyncio.gather(person, probe)


async def test_strangers_of_one_ip_who_have_used_up_their_part_have_pauses(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PAUSE", 1e12)
    monkeypatch.setattr(asking, "LONGEST_PAUSE", 3600)
    monkeypatch.setattr(asking, "STRANGERS_PART", 1e-9)
    application.may_end.set()
    for _ in range(3 * STRANGERS_AT_ONCE):
        await _ask(application, scope_of("/free", "unknown"))
    monkeypatch.setattr(asking, "STRANGERS_IN_ADVANCE", 0)
    for _ in range(STRANGERS_AT_ONCE):
        await _ask(application, scope_of("/the last ones", "unknown"))
    waiting, from_elsewhere = (scope_of("/", "unknown") for _ in range(2))
    from_elsewhere["client"] = ("192.0.2.2", 1)
    next_one = _asked(application, waiting)
    await _ask(application, from_elsewhere)
    assert application.begun[3 * STRANGERS_AT_ONCE :] == ["/the last ones"] * 4 + ["/"]
    next_one.cancel()


async def test_whose_session_it_is_is_known_once_a_page_has_let_them_in(
    application: Application, tenant: Tenant
) -> None:
    user = await factories.create_user(tenant)
    _, token = await factories.open_session(user)
    scope = scope_of(f"/t/{tenant.slug}/account", token)
    scope["path_params"] = {"slug": tenant.slug}
    assert asking._whose(scope) == ("192.0.2.1", asking._Lane.PAGES)
    await identity.require(Permission.USE_OWN_ACCOUNT)(Request(scope))
    assert asking._whose(scope) == (user.id, asking._Lane.OWN)


async def test_what_waits_among_strangers_goes_to_its_person_s_line_once_that_is_known(
    application: Application,
) -> None:
    before = [_asked(application, scope_of("/", "unknown")) for _ in range(STRANGERS_AT_ONCE)]
    theirs = [_asked(application, scope_of("/theirs", "known soon")) for _ in range(3)]
    await asyncio.sleep(0)
    person_of("known soon")
    application.may_end.set()
    await asyncio.gather(*before)
    application.may_end.clear()
    behind = [_asked(application, scope_of("/behind", "unknown")) for _ in range(2)]
    await _until_begun(application, len(before) + 1 + len(behind))
    for _ in range(10):
        await asyncio.sleep(0)
    assert sorted(application.begun[len(before) :]) == ["/behind", "/behind", "/theirs"]
    application.may_end.set()
    await asyncio.gather(*theirs, *behind)
    assert application.begun.count("/theirs") == 3


async def test_pages_that_connect_have_a_few_turns_that_end_when_they_are_let_in(
    application: Application,
) -> None:
    stays = asyncio.Event()

    async def let_in(scope: Scope, receive: Receive, send: Send) -> None:
        await application(scope, receive, send)
        await send({"type": "websocket.accept"})
        await receive()

    async def says_nothing() -> Message:
        await stays.wait()
        return {"type": "websocket.disconnect"}

    connects = {**scope_of("/_nicegui_ws/", "unknown"), "type": "websocket"}
    sockets = [
        asyncio.create_task(InTurn(let_in)(connects, says_nothing, _hears))
        for _ in range(STRANGERS_AT_ONCE * 2)
    ]
    await asyncio.sleep(0)
    assert len(application.begun) == STRANGERS_AT_ONCE
    application.may_end.set()
    await _until_begun(application, len(sockets))
    stays.set()
    await asyncio.gather(*sockets)


async def _hears(_message: Message) -> None:
    pass


async def _until_begun(application: Application, count: int) -> None:
    async with asyncio.timeout(60):
        while len(application.begun) < count:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)


@pytest.fixture
def one_slot(application: Application, monkeypatch: pytest.MonkeyPatch) -> Application:
    monkeypatch.setattr(asking, "SLOTS", 1)
    monkeypatch.setattr(asking, "SLOTS_ON_POSTGRESQL", 1)
    monkeypatch.setattr(asking, "SLOT", 3600)
    for name in ("one", "another", "a third"):
        person_of(name)
    return application


async def test_of_all_people_s_requests_few_are_answered_at_a_time(
    one_slot: Application,
) -> None:
    asked = [_asked(one_slot, scope_of(f"/{name}", name)) for name in ("one", "another")]
    await asyncio.sleep(0)
    assert one_slot.begun == ["/one"]
    one_slot.may_end.set()
    await asyncio.gather(*asked)
    assert one_slot.begun == ["/one", "/another"]


@pytest.mark.parametrize("what", ["sends", "waits for what is sent"])
async def test_who_sends_or_reads_slowly_keeps_nobody_s_slot(
    one_slot: Application, what: str
) -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        one_slot.begun.append(scope["path"])
        await (send({"type": "http.response.start"}) if what == "sends" else receive())

    async def sent_slowly() -> Message:
        await one_slot.may_end.wait()
        return {"type": "http.request"}

    async def read_slowly(_message: Message) -> None:
        await one_slot.may_end.wait()

    asked = [
        asyncio.create_task(InTurn(answer)(scope_of(f"/{name}", name), sent_slowly, read_slowly))
        for name in ("one", "another")
    ]
    await _until_begun(one_slot, 2)
    one_slot.may_end.set()
    await asyncio.gather(*asked)


@pytest.mark.parametrize("after", ["its body has come", "a piece of its answer is sent"])
async def test_what_goes_on_waits_for_a_slot_again(one_slot: Application, after: str) -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/one":
            piece = {"type": "http.response.body", "more_body": True}
            await (receive() if after == "its body has come" else send(piece))
        one_slot.begun.append(scope["path"])
        if scope["path"] == "/another":
            await one_slot.may_end.wait()

    async def comes() -> Message:
        await asyncio.sleep(0)
        return await _receive()

    async def goes(_message: Message) -> None:
        await asyncio.sleep(0)

    asked = [
        asyncio.create_task(InTurn(answer)(scope_of(f"/{name}", name), comes, goes))
        for name in ("one", "another")
    ]
    await _until_begun(one_slot, 1)
    for _ in range(10):
        await asyncio.sleep(0)
    assert one_slot.begun == ["/another"]
    one_slot.may_end.set()
    await asyncio.gather(*asked)
    assert one_slot.begun == ["/another", "/one"]
    assert not runtime.current().part(asking._Slots).locked()


async def test_whoever_takes_long_keeps_a_slot_for_a_moment(
    one_slot: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SLOT", 0)
    asked = [_asked(one_slot, scope_of(f"/{name}", name)) for name in ("one", "another", "a third")]
    await _until_begun(one_slot, 3)
    one_slot.may_end.set()
    await asyncio.gather(*asked)


async def test_who_hung_up_while_waiting_for_a_slot_takes_none(one_slot: Application) -> None:
    first, second, third = (
        _asked(one_slot, scope_of(f"/{name}", name)) for name in ("one", "another", "a third")
    )
    await asyncio.sleep(0)
    second.cancel()
    one_slot.may_end.set()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert one_slot.begun == ["/one", "/a third"]


async def test_while_an_act_ends_somebody_s_access_no_request_begins(
    application: Application, rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(right_of_way, "LONGEST", 3600)
    application.may_end.set()
    person_of("a session")
    with rollcall.database.right_of_way.given(None):
        asked = [_asked(application, scope_of("/", token)) for token in ("a session", "unknown")]
        await asyncio.sleep(0)
        assert not application.begun
    await asyncio.gather(*asked)
    assert len(application.begun) == 2
