"""What another process commits on the same database is heard here."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

import pytest

from models import EndReason, Tenant
from models.base import new_id
from services.core.bus import Bus
from services.core.events import Event
from services.core.settings import PREFIX
from services.database import postgresql_transport
from services.database.runtime import Runtime
from services.database.sqlite_transport import SqliteTransport
from services.database.transaction import transaction
from services.database.transport import Listening
from services.sessions.events import SessionsEnded
from services.users.events import UserDeactivated
from tests.browser import forks
from tests.browser.waiting import PATIENCE
from tests.factories import create_user, sign_in


@pytest.fixture
async def listening(rollcall: Runtime) -> AsyncIterator[None]:
    task = asyncio.create_task(rollcall.transport.receive())
    async with asyncio.timeout(PATIENCE):
        while rollcall.transport.deaf_because:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _command_line(rollcall: Runtime, *arguments: str) -> str:
    settings = rollcall.settings
    env = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    env[f"{PREFIX}ENV_FILE"] = os.devnull
    env[f"{PREFIX}DATA_DIR"] = str(settings.data_dir)
    if settings.database_url is not None:
        env[f"{PREFIX}DATABASE_URL"] = settings.database_url.get_secret_value()
    done = await asyncio.to_thread(forks.run, arguments, "/", env, "", PATIENCE)
    assert done.returncode == 0, done.stderr
    return f"{done.stdout}{done.stderr}"


@pytest.mark.usefixtures("listening")
async def test_a_deactivation_on_the_command_line_reaches_this_process(
    rollcall: Runtime, tenant: Tenant
) -> None:
    user = await create_user(tenant)
    actor = await sign_in(user)
    heard: asyncio.Queue[Event] = asyncio.Queue()
    for kind in (UserDeactivated, SessionsEnded):
        rollcall.bus.subscribe(kind, heard.put)
    said = await _command_line(rollcall, "deactivate", user.email)
    assert said.strip() == "Ada Lovelace is inactive."
    got = {type(e): e for e in [await asyncio.wait_for(heard.get(), PATIENCE) for _ in range(2)]}
    ended = got[SessionsEnded]
    assert isinstance(ended, SessionsEnded)
    assert ended.session_ids == (actor.session_id,)
    assert ended.committed_at > 0
    await asyncio.sleep(0)
    assert heard.empty(), "each event is heard once"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("listening")
async def test_what_another_process_has_committed_is_heard_by_who_catches_up(
    rollcall: Runtime, tenant: Tenant
) -> None:
    heard: list[SessionsEnded] = []
    rollcall.bus.subscribe(SessionsEnded, heard.append)
    other = SqliteTransport("another process", Bus(), rollcall.database)
    ended = SessionsEnded(
        tenant_id=tenant.id,
        user_id=new_id(),
        session_ids=(new_id(),),
        reason=EndReason.REVOKED,
        cause=new_id(),
    )
    async with transaction() as tx:
        await other.send(tx, [ended])
    await rollcall.transport.catch_up()
    assert [event.session_ids for event in heard] == [ended.session_ids]


@pytest.mark.postgresql
@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
async def test_a_silent_connection_is_dead_and_made_anew(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_transport, "SILENCE_SECONDS", 0.05)
    listening: asyncio.Queue[Listening] = asyncio.Queue()
    rollcall.bus.subscribe(Listening, listening.put)
    task = asyncio.create_task(rollcall.transport.receive())
    try:
        heard = [await asyncio.wait_for(listening.get(), PATIENCE) for _ in range(2)]
    finally:
        task.cancel()
    assert [event.again for event in heard] == [False, True]
