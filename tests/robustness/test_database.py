"""The database fails under a running server: a clear page, nothing half done, and it recovers by
itself.

(`test_requests` locks it for five seconds; `tests/replicas` restart PostgreSQL under open pages.)
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr

from models import Role, Tenant
from services.audit.check import verify
from services.core.errors import DatabaseUnavailableError
from services.core.settings import Settings
from services.database.startup import started
from services.database.transaction import reading
from services.sessions import receipts
from services.users import accounts
from tests import books, factories
from tests.browser.server import PATIENCE, serving
from tests.factories import PASSWORD
from tests.postgres import PostgresMissingError, PostgresServer, running

SECRET = "the same secret, thirty-two characters or more"
FORM = {"email": "ada@example.com", "password": PASSWORD}
LOGIN = "/t/acme/login"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    if subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@asynccontextmanager
async def _at_work(settings: Settings, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Ada's browser, signed in to a server on this database, which survives what happens to it."""
    async with started(settings):
        tenant = await factories.create_tenant("Acme", "acme")
        await factories.create_user(tenant, email="ada@example.com")
        await factories.create_user(tenant, email="grace@example.com")
    variables = {"ROLLCALL_DATA_DIR": str(settings.data_dir), "ROLLCALL_SECRET": SECRET}
    if settings.database_url:
        variables["ROLLCALL_DATABASE_URL"] = settings.database_url.get_secret_value()
    async with (
        serving(folder, settings=variables) as server,
        httpx.AsyncClient(
            base_url=server.url, headers={"Origin": server.url}, timeout=PATIENCE
        ) as http,
    ):
        assert (await http.post(LOGIN, data=FORM)).status_code == 303
        yield http
        assert server.process.returncode is None
        assert "Traceback" not in server.log()


def _settings(folder: Path, url: str | None = None) -> Settings:
    return Settings(
        _env_file=None,
        data_dir=folder,
        secret=SecretStr(SECRET),
        database_url=SecretStr(url) if url else None,
    )


async def _until_works(call: Callable[[], Awaitable[httpx.Response]], status: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await call()).status_code != status:  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.05)


async def _until_unready(http: httpx.AsyncClient, reason: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while reason not in (answer := await http.get("/readyz")).text:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    assert answer.status_code == 503


def _assert_told(answer: httpx.Response, sentence: str) -> None:
    assert answer.status_code == 503
    assert "Rollcall can&#39;t answer now" in answer.text
    assert sentence in answer.text.replace("&#39;", "'")
    assert "Nothing was changed" in answer.text
    assert "Traceback" not in answer.text


async def test_a_full_disk_is_told_and_nothing_is_half_done(
    small_disk: Path, tmp_path: Path
) -> None:
    settings = _settings(small_disk)
    async with _at_work(settings, tmp_path / "log") as http:
        _fill(small_disk / "filler")
        async with asyncio.timeout(PATIENCE):  # the log has some room left at first
            while (answer := await http.post(LOGIN, data=FORM)).status_code == 303:
                pass
        _assert_told(answer, "The disk of the database is full.")
        assert (await http.get("/t/acme/account")).status_code == 200, "it is read as ever"
        await _until_unready(http, "The disk of the database is full.")
        assert (await http.post("/t/acme/logout")).status_code == 303, "there is room to sign out"
        assert (await http.get("/t/acme/account")).headers["Location"].startswith("/t/acme/login")
        _assert_told(await http.post(LOGIN, data=FORM), "The disk of the database is full.")
        (small_disk / "filler").unlink()
        await _until_works(lambda: http.post(LOGIN, data=FORM), 303)
        await _until_works(lambda: http.get("/readyz"), 200)
    async with started(settings):
        assert (await verify())[1] is None
        ada = await books.user_of(await accounts.find_by_email("ada@example.com"))
        entries = await books.actions_of(await _tenant(ada.tenant_id))
        assert entries.count("session.signed_in") == len(await books.sessions_of(ada.id))
        assert entries.count("session.signed_out") == 1


async def test_on_a_full_disk_one_after_the_other_is_shut_out(small_disk: Path) -> None:
    async with started(_settings(small_disk)) as rollcall:
        tenant = await factories.create_tenant("Acme", "acme")
        admin = await factories.sign_in(await factories.create_user(tenant, role=Role.TENANT_ADMIN))
        users = [await factories.create_user(tenant) for _ in range(20)]
        rollcall.database.reserve.keep()
        _fill(small_disk / "filler")
        with pytest.raises(DatabaseUnavailableError):
            await _add_users_for_ever(tenant)
        for user in users:
            await receipts.keep(uuid4(), user.id, receipts.Receipt(1, 1, 5.0))
            await accounts.set_active(admin, user.id, active=False)
        assert (await books.actions_of(tenant)).count("user.pages_closed") == len(users)
        (small_disk / "filler").unlink()
    async with started(_settings(small_disk)):
        assert (await verify())[1] is None


async def _add_users_for_ever(tenant: Tenant) -> None:
    while True:
        await factories.create_user(tenant)


async def _tenant(tenant_id: UUID | None) -> Tenant:
    async with reading() as tx:
        return await tx.get_one(Tenant, tenant_id)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue


async def test_a_start_on_a_full_disk_says_what_to_do(small_disk: Path, tmp_path: Path) -> None:
    settings = _settings(small_disk)
    async with started(settings):
        pass
    _fill(small_disk / "filler")
    variables = {"ROLLCALL_DATA_DIR": str(small_disk), "ROLLCALL_SECRET": SECRET}
    with pytest.raises(RuntimeError, match="It ended at once") as ended:
        async with serving(tmp_path / "log", settings=variables):
            pass
    assert f"The disk of {small_disk} is full: make room on it." in str(ended.value)
    assert "Traceback" not in str(ended.value)


async def test_a_start_on_a_read_only_disk_says_what_to_do(
    small_disk: Path, tmp_path: Path
) -> None:
    settings = _settings(small_disk)
    async with _at_work(settings, tmp_path / "log"):
        pass
    variables = {"ROLLCALL_DATA_DIR": str(small_disk), "ROLLCALL_SECRET": SECRET}
    _remount(small_disk, "ro")
    with pytest.raises(RuntimeError, match="It ended at once") as ended:
        async with serving(tmp_path / "log", settings=variables):
            pass
    _remount(small_disk, "rw")
    assert "rollcall: Can't open the database: " in str(ended.value)
    assert "is mounted read-only" in str(ended.value)
    assert "Traceback" not in str(ended.value)
    async with serving(tmp_path / "log", settings=variables):
        pass


def _remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that the test may stop."""
    try:
        with running() as server:
            yield server
    except PostgresMissingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.mark.postgresql
async def test_a_postgresql_that_is_gone_is_told_and_waited_for(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    url = own_postgres.url(own_postgres.create_database("rollcall"))
    settings = _settings(tmp_path / "data", url)
    async with _at_work(settings, tmp_path / "log") as http:
        await asyncio.to_thread(own_postgres.stop, signal.SIGINT)
        try:
            for call in (http.get(LOGIN), http.post(LOGIN, data=FORM), http.get("/t/acme/account")):
                _assert_told(await call, "The database doesn't answer.")
            assert (await http.get("/healthz")).text == "ok"
            unready = await http.get("/readyz")
            assert unready.status_code == 503
            assert "database" in unready.text
        finally:
            await asyncio.to_thread(own_postgres.start)
        await _until_works(lambda: http.get("/readyz"), 200)
        assert (await http.get("/t/acme/account")).status_code == 200, "still signed in"
        assert (await http.post(LOGIN, data=FORM)).status_code == 303
    async with started(settings):
        assert (await verify())[1] is None


@pytest.mark.postgresql
async def test_a_postgresql_that_can_only_be_read_is_told(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.create_database()
    settings = _settings(tmp_path / "data", postgres_server.url(name))
    async with _at_work(settings, tmp_path / "log") as http:
        # As on a standby to which the host name has moved.
        postgres_server.set_read_only(name, True)
        _assert_told(await http.post(LOGIN, data=FORM), "The database can only be read now.")
        assert (await http.get("/t/acme/account")).status_code == 200
        await _until_unready(http, "The database can only be read now.")
        left = await http.post("/t/acme/logout")
        assert left.status_code == 503
        assert "This browser has forgotten your session" in left.text
        assert "The database can only be read now." in left.text
        assert (await http.get("/t/acme/account")).status_code == 303, "nobody is signed in here"
        postgres_server.set_read_only(name, False)
        await _until_works(lambda: http.post(LOGIN, data=FORM), 303)


@pytest.mark.postgresql
async def test_a_start_on_a_postgresql_that_can_only_be_read_serves_and_recovers(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.create_database()
    settings = _settings(tmp_path / "data", postgres_server.url(name))
    async with started(settings):
        await factories.create_user(await factories.create_tenant("Acme", "acme"))
    postgres_server.set_read_only(name, True)
    variables = {
        "ROLLCALL_DATA_DIR": str(settings.data_dir),
        "ROLLCALL_DATABASE_URL": postgres_server.url(name),
        "ROLLCALL_SECRET": SECRET,
    }
    async with (
        serving(tmp_path / "log", settings=variables, until="/healthz") as server,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        await _until_unready(http, "The database can only be read now.")
        postgres_server.set_read_only(name, False)
        await _until_works(lambda: http.get("/readyz"), 200)


@pytest.mark.postgresql
async def test_a_command_on_a_database_that_can_only_be_read_speaks_to_the_operator(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.create_database()
    postgres_server.set_read_only(name, True)
    variables = os.environ | {
        "ROLLCALL_DATA_DIR": str(tmp_path),
        "ROLLCALL_DATABASE_URL": postgres_server.url(name),
        "ROLLCALL_NEW_PASSWORD": PASSWORD,
    }
    command = [sys.executable, "main.py", "create-platform-admin", "ada@example.com"]
    ended = await asyncio.to_thread(
        subprocess.run, command, env=variables, capture_output=True, text=True, check=False
    )
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("rollcall: The database can only be read now. `doctor` says")
    assert "whoever runs Rollcall" not in ended.stderr
    assert "Traceback" not in ended.stderr
