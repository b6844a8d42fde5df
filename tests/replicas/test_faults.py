"""Failures between two replicas: nobody who was deactivated stays in, and nothing is left over."""

import asyncio
import json
import signal
import sys

import psycopg
import pytest
import socketio

from models import User
from services.access.actor import COMMAND_LINE
from services.core.errors import DatabaseUnavailableError
from services.database.postgresql_transport import CHANNEL, LISTENER
from services.users import accounts
from tests import books
from tests.browser.server import ROOT, Server
from tests.browser.waiting import PATIENCE, eventually
from tests.postgres import PostgresServer
from tests.replicas.conftest import People, Replicas, until_reminded
from tests.replicas.people import Tab, Visitor, stay_at, until
from tests.replicas.proxy import proxying


async def _ask_to_deactivate(admin: Tab, user_id: object) -> None:
    await admin.act("toggle", {"id": str(user_id), "active": False, "version": 99})
    await admin.says("Signed out now, everywhere: ")


async def test_a_replica_killed_amid_a_deactivation_leaves_nobody_in(
    spare: Replicas,
) -> None:
    async with spare.two() as (first, second), spare.scene():
        people = await People.come()
        with proxying(spare.proxy_port, spare.ports) as proxy:
            await _kill_amid_a_deactivation(first, second, proxy.url, people)


async def _kill_amid_a_deactivation(
    first: Server, second: Server, proxy_url: str, people: People
) -> None:
    account = f"{people.home}/account"
    admin = await (await Visitor.of(people.grace, first.url)).open(f"{people.home}/users")
    ada, joan = (
        await Visitor.of(people.ada, proxy_url),
        await Visitor.of(people.joan, proxy_url),
    )
    for visitor in (ada, joan):
        await stay_at(second, visitor, account, of=(first, second))
    tabs = [await ada.open(account), await joan.open(account)]
    await eventually(lambda: admin.online(people.ada) and admin.online(people.joan))
    await _ask_to_deactivate(admin, people.ada.id)

    second.process.send_signal(signal.SIGSTOP)  # it hears of the commit, and does nothing more
    await admin.act("submit", {}, title="Deactivate user")
    await until(lambda: _is_inactive(people.ada))
    await second.stop(signal.SIGKILL)
    await admin.says("Pages at a replica that hasn't reported yet close, too.")
    for tab in tabs:
        await asyncio.wait_for(tab.closed.wait(), PATIENCE)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await tab.connect()  # the other replica doesn't know the page: it is asked again
    assert (await ada.get(account)).headers["location"].startswith(f"{people.home}/login")
    await joan.open(account)
    await eventually(lambda: admin.online(people.joan))
    await eventually(lambda: admin.online(people.ada) is False)


async def _is_inactive(user: User) -> bool:
    return not (await books.user_of(user.id)).active


async def test_a_deactivation_that_a_replica_does_not_hear_of_is_found_in_the_database(
    pair: tuple[Server, Server], people: People, replicas: Replicas
) -> None:
    await accounts.set_active(COMMAND_LINE, people.joan.id, active=False)
    admin = await (await Visitor.of(people.grace, pair[0].url)).open(f"{people.home}/users")
    theirs = await (await Visitor.of(people.alan, pair[1].url)).open(f"{people.home}/users")
    stays = await (await Visitor.of(people.ada, pair[1].url)).open(f"{people.home}/account")
    await eventually(lambda: admin.online(people.alan))
    await _ask_to_deactivate(admin, people.alan.id)

    begun = asyncio.Event()
    deaf = asyncio.create_task(_keep_deaf(replicas.database_url, begun))
    await begun.wait()
    await admin.act("submit", {}, title="Deactivate user")
    await until(lambda: _is_inactive(people.alan))
    async with asyncio.timeout(PATIENCE):
        while theirs.sio.connected:  # they go on acting, as fast as a person could
            wanted = {"id": str(people.joan.id), "active": True, "version": 99}
            await theirs.act("toggle", wanted)
            await asyncio.sleep(0.05)
    await theirs.until_cut()
    await admin.says("Pages at a replica that hasn't reported yet close, too.")
    deaf.cancel()
    entries = [(e.action, e.actor_name) for e in await books.audit_of(people.tenant)]
    assert ("user.deactivated", "Grace Hopper") in entries
    assert "Alan Turing" not in [name for _, name in entries]
    await eventually(lambda: stays.heard("rollcall_missed"))


async def _keep_deaf(database_url: str, begun: asyncio.Event) -> None:
    """End each connection by which a replica hears of others, again and again."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while True:
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = %s AND datname = current_database()",
                (LISTENER,),
            )
            begun.set()
            await asyncio.sleep(0.02)


async def test_both_go_on_when_postgresql_was_restarted(
    pair: tuple[Server, Server],
    people: People,
    postgres_server: PostgresServer,
    near_their_end: tuple[People, list[User]],
) -> None:
    await until_reminded(*near_their_end)  # what is lost amid a sending waits for minutes
    grids = [
        await (await Visitor.of(people.grace, server.url)).open(f"{people.home}/users")
        for server in pair
    ]
    tab = await (await Visitor.of(people.ada, pair[1].url)).open(f"{people.home}/account")
    await asyncio.to_thread(postgres_server.restart)
    for grid in grids:
        await eventually(lambda grid=grid: grid.heard("rollcall_missed"))  # type: ignore[misc]  # mypy guesses no lambda with a default
        assert grid.sio.connected
    await until(lambda: _all_hear(grids, people.joan))
    await until(lambda: _deactivated(people))
    await tab.until_cut()
    for grid in grids:
        await eventually(lambda grid=grid: grid.patches(people.ada))  # type: ignore[misc]  # mypy guesses no lambda with a default


async def _all_hear(grids: list[Tab], user: User) -> bool:
    """Whether each replica has heard of a change of this user, who is changed once more. (A list is
    told that it missed something where a query failed, too: its replica may not listen yet.)"""
    try:
        active = (await books.user_of(user.id)).active
        await accounts.set_active(COMMAND_LINE, user.id, active=not active)
    except DatabaseUnavailableError:
        return False
    return all(grid.patches(user) for grid in grids)


async def _deactivated(people: People) -> bool:
    try:
        await accounts.set_active(COMMAND_LINE, people.ada.id, active=False)
    except DatabaseUnavailableError:
        return False
    return True


async def test_a_replica_serves_on_while_a_newer_version_takes_over(spare: Replicas) -> None:
    """The newer one has migrated the database and speaks of things that the older doesn't know."""
    async with spare.one("older", port=spare.ports[0]) as older, spare.scene():
        await _serve_beside_a_newer_version(older, spare.database_url, await People.come())
        again = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "main.py"),
            "serve",
            env={
                "ROLLCALL_DATABASE_URL": spare.database_url,
                "ROLLCALL_DATA_DIR": str(spare.folder),
            },
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await asyncio.wait_for(again.communicate(), PATIENCE)
    assert again.returncode == 1
    assert "The database is newer than this Rollcall" in said.decode()


async def _serve_beside_a_newer_version(older: Server, database_url: str, people: People) -> None:
    tab = await (await Visitor.of(people.ada, older.url)).open(f"{people.home}/account")
    unknown = [{"event": "SomethingNew", "x": 1}, {"event": "SessionsEnded", "in": "a new shape"}]
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE user_account ADD COLUMN new_column integer")
        connection.execute("CREATE TABLE new_table (id uuid PRIMARY KEY)")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        payload = json.dumps({"from": "a newer replica", "messages": unknown})
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
    visitor = await Visitor.of(people.grace, older.url)
    assert (await visitor.get("/readyz")).text == "ready"
    grid = await visitor.open(f"{people.home}/users")
    await _ask_to_deactivate(grid, people.ada.id)
    await grid.act("submit", {}, title="Deactivate user")
    await tab.until_cut()
    await grid.says("Ada Lovelace is signed out of 1 open page")
