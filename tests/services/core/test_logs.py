"""Log lines: whom they are about, and that nothing in them forges another."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from models import Tenant, User
from services.access.actor import Actor, authorize
from services.access.permissions import Permission
from services.core import logs
from services.core.errors import NotAllowedError, NotFoundError
from services.database.transaction import reading
from services.sessions import sessions
from services.sign_in import sign_in
from services.users import accounts
from tests import factories

USER = UUID("0199aaaa-0000-7000-8000-000000000001")
FORMATS = {"text": logs._Line, "json": logs._JsonLine}
FORGERY = "first\r\n2026-01-01 ERROR forged\u2028\x85\x1b[31m\u202e\x00\\n"

log = logging.getLogger("tests.logs")


@pytest.fixture(params=FORMATS)
def written(request: pytest.FixtureRequest) -> Iterator[Callable[[], list[str]]]:
    """What was logged, in each format, line by line as any reader may split them."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FORMATS[request.param]())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield lambda: stream.getvalue().splitlines()
    log.removeHandler(handler)


def test_a_line_names_its_request_and_its_user(written: Callable[[], list[str]]) -> None:
    with logs.about("an-id-of-a-proxy"):
        log.info("before")
        logs.acting(USER)
        log.info("after")
    log.info("outside")
    before, after, outside = written()
    assert "an-id-of-a-proxy" in before
    assert str(USER) not in before
    assert "an-id-of-a-proxy" in after
    assert str(USER) in after
    assert "request" not in outside
    assert "user" not in outside


def test_requests_have_ids_of_their_own(written: Callable[[], list[str]]) -> None:
    ids = set()
    for _ in range(100):
        with logs.about() as scene:
            ids.add(scene.request_id)
    assert len(ids) == 100


def test_the_events_of_a_connection_are_numbered() -> None:
    with logs.about("connection") as scene:
        for number in (1, 2):
            with logs.about_event(USER):
                assert logs.request_id() == f"connection.{number}"
        assert scene.user_id is None


async def test_what_a_request_starts_bears_its_id(written: Callable[[], list[str]]) -> None:
    async def work() -> None:
        log.info("working")

    with logs.about("the-beginning"):
        task = asyncio.create_task(work())
    await task
    assert "the-beginning" in written()[0]


def test_nothing_forges_a_line(written: Callable[[], list[str]]) -> None:
    with logs.about("the-real-one"):
        log.info("A person said %s", FORGERY)
    (line,) = written()
    assert line.isprintable()
    assert "forged" in line


def test_a_text_line_can_be_read_back() -> None:
    shown = logs.on_one_line(FORGERY + " Söhne 日本")
    assert shown.encode("latin-1", "backslashreplace").decode("unicode_escape") == (
        FORGERY + " Söhne 日本"
    )


def test_a_traceback_is_part_of_its_line(written: Callable[[], list[str]]) -> None:
    try:
        raise ValueError(FORGERY)
    except ValueError:
        log.exception("It failed")
    (line,) = written()
    assert line.isprintable()
    assert "It failed" in line
    assert "test_logs.py" in line
    assert "ValueError" in line


def test_json_lines_are_json() -> None:
    record = logging.LogRecord("a", logging.ERROR, "", 0, "Söhne %s", (FORGERY,), None)
    with logs.about("the-id"):
        logs.acting(USER)
        entry = json.loads(logs._JsonLine().format(record))
    assert entry.pop("time").endswith("+00:00")
    assert entry == {
        "level": "ERROR",
        "logger": "a",
        "request": "the-id",
        "user": str(USER),
        "message": f"Söhne {FORGERY}",
    }


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_whoever_is_found_to_act_is_named(admin_user: User, admin: Actor) -> None:
    with logs.about() as scene:
        async with reading() as tx:
            await authorize(tx, admin, Permission.VIEW_USERS)
        assert scene.user_id == admin_user.id
    _, token = await factories.open_session(admin_user)
    with logs.about() as scene:
        await sessions.recognise(token, "acme", factories.CALLER)
        assert scene.user_id == admin_user.id
    with logs.about() as scene:
        await sign_in.sign_in("acme", admin_user.email, factories.PASSWORD, factories.CALLER)
        assert scene.user_id == admin_user.id


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_who_is_refused_is_in_the_log(
    tenant: Tenant, other_tenant: Tenant, admin: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    engineer = await factories.sign_in(await factories.create_user(tenant))
    stranger = await factories.create_user(other_tenant)
    elsewhere = Actor(admin.session_id, admin.user_id, other_tenant.id)
    for refused in (
        accounts.set_active(engineer, admin.user_id, active=False),
        accounts.set_active(elsewhere, stranger.id, active=False),
        accounts.set_active(admin, stranger.id, active=False),
    ):
        with pytest.raises((NotAllowedError, NotFoundError)):
            await refused
    # (Other tests' leftovers may say something at any moment.)
    written = [r.getMessage() for r in caplog.records if r.name.startswith("services.access")]
    assert written == [
        "Refused: SWITCH_USERS to a Sales Engineer",
        f"Refused: SWITCH_USERS in another tenant, {other_tenant.id}",
        f"Refused: user {stranger.id}, of another tenant",
    ]
