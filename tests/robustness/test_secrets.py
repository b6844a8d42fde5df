"""No secret is ever written: to the log, an error, the process list, a trace, or the database."""

import asyncio
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.browser.server import serving
from tests.browser.waiting import eventually
from tests.postgres import PostgresServer
from tests.robustness import story
from tests.robustness.story import KEY_FILES, Story, invented
from tests.robustness.story_of_work import work

# The only command that is given what it needs.
CREATED = "command 12 (create-platform-admin, 0)"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """A day of a real Rollcall."""
    return asyncio.run(story.tell(tmp_path_factory.mktemp("story"), work))


def test_the_story_has_what_it_is_about(told: Story) -> None:
    """Otherwise there would be nothing to find."""
    kinds = [name.split(":")[0].split(" ")[0] for name in told.secrets]
    assert kinds.count("cookie") >= 10
    assert kinds.count("token") >= 13
    assert kinds.count("password") >= 10
    assert {200, 303, 400, 404, 410, 422, 500, 503} <= set(told.statuses)
    log = told.written["what the server wrote"].decode()
    assert "Traceback" in log
    assert "POST /t/{slug}/password/reset/{token} 303" in log
    assert told.setup_link in log  # for whoever started it, and good until it is used


def test_no_secret_is_written_anywhere(told: Story) -> None:
    assert [found for found in told.found() if not found.endswith(KEY_FILES)] == []


def test_what_commands_refuse_is_told_without_a_traceback(told: Story) -> None:
    refusals = {name: said.decode() for name, said in told.written.items() if "command" in name}
    assert len(refusals) > 10
    assert [name for name, said in refusals.items() if "Traceback" in said] == []
    assert [name for name in refusals if name.endswith(", 0)")] == [CREATED]


def test_a_mail_server_that_repeats_the_mail_is_kept_without_the_link(told: Story) -> None:
    database = told.written["data/rollcall.db"] + told.written.get("data/rollcall.db-wal", b"")
    assert "554 5.7.1 … may not say".encode() in database


async def test_broken_connections_tell_nobody_the_database_s_password(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name, password = postgres_server.create_database(), invented("db")[:24]
    url = postgres_server.url(name)
    (tmp_path / "url").write_text(url.replace("@", f":{password}@", 1))
    settings = {"ROLLCALL_DATABASE_URL_FILE": str(tmp_path / "url")}
    async with serving(tmp_path / "data", settings=settings, forked=False) as server:
        with psycopg.connect(url, autocommit=True) as database:
            database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
            await http.get("/platform/login")
        await eventually(lambda: "Listening for other processes failed" in server.log())
        for what in ("cmdline", "environ"):
            process = await asyncio.to_thread(Path(f"/proc/{server.process.pid}/{what}").read_bytes)
            assert password.encode() not in process
    assert password not in server.log()
    postgres_server.drop_database(name)
