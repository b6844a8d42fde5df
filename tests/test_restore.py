"""Back up and restore, end to end: by the command line, and with a real server."""

import asyncio
import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import delete

from models import EndReason, FileChunk, User
from services.access.actor import COMMAND_LINE
from services.audit.check import verify
from services.core.settings import Settings
from services.database.startup import started
from services.database.transaction import transaction
from services.operations.backup import RECORD, back_up
from services.users import accounts
from services.workspace import files
from tests import books, factories
from tests.browser.server import cookie_name, serving
from tests.browser.waiting import eventually
from tests.factories import PASSWORD
from tests.postgres import PostgresServer
from tests.services.workspace.scene import create_poc, pieces_of
from tests.test_command_line import assert_refused, run

CONTENT = bytes(range(256)) * 3_000  # several chunks, and a rest
KEPT = {"rollcall.db", "signing-secret", "encryption-keys"}


def _settings(folder: Path) -> Settings:
    return Settings(_env_file=None, data_dir=folder)


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _content(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "rollcall.db")) as database:
        return list(database.iterdump())


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A data folder with a tenant, and Ada in it, who is signed in."""
    async with started(_settings(tmp_path / "data")):
        tenant = await factories.create_tenant("Acme")
        ada = await factories.create_admin(tenant, email="ada@example.com")
        await factories.sign_in(ada)
        await accounts.rename(COMMAND_LINE, ada.id, "Ada", "King")
    return tmp_path / "data"


async def test_a_restored_copy_serves_as_it_was_and_everybody_signs_in_again(
    data: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    form = {"email": "ada@example.com", "password": PASSWORD}
    async with (
        serving(data) as server,
        httpx.AsyncClient(base_url=server.url, headers={"Origin": server.url}, timeout=60) as http,
    ):
        signed_in = await http.post("/t/acme/login", data=form)
        cookie = f"{cookie_name(server.url)}={signed_in.cookies[cookie_name(server.url)]}"
        backed_up = await asyncio.to_thread(run, data, "backup", str(copy))
        assert backed_up.returncode == 0, backed_up.stderr
        refused = await asyncio.to_thread(run, data, "restore", str(copy))
        assert_refused(refused, "is in use", "Stop Rollcall")
        assert (await http.get("/t/acme/users")).status_code == 200, "it serves on"
    async with started(_settings(data)):
        user_id = await accounts.find_by_email("ada@example.com")
        await accounts.rename(COMMAND_LINE, user_id, "Nobody", "Else")
    done = run(data, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    assert "2 sessions ended" in done.stdout
    assert "The audit log is whole: " in done.stdout
    async with (
        serving(data, port=int(server.url.rpartition(":")[2])) as server,
        httpx.AsyncClient(base_url=server.url, headers={"Origin": server.url}, timeout=60) as http,
    ):
        before = await http.get("/t/acme/account", headers={"Cookie": cookie})
        assert before.headers["location"].startswith("/t/acme/login")
        assert (await http.post("/t/acme/login", data=form)).status_code == 303
        assert "Ada King" in (await http.get("/t/acme/account")).text


async def test_the_replaced_database_is_kept_whole_under_a_dated_name(
    data: Path, tmp_path: Path
) -> None:
    run(data, "backup", str(tmp_path / "copy.db"))
    async with started(_settings(data)):
        user_id = await accounts.find_by_email("ada@example.com")
        await accounts.rename(COMMAND_LINE, user_id, "Later", "Name")
    run(data, "restore", str(tmp_path / "copy.db"))
    (name,) = _names(data) - KEPT - {RECORD}
    assert name.startswith("rollcall-replaced-2")
    kept = data / name
    _check(kept)
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(kept, again / "rollcall.db")
    async with started(_settings(again)):
        assert (await books.user_of(user_id)).first_name == "Later"
        assert (await verify())[1] is None
    async with started(_settings(data)):
        assert (await books.user_of(user_id)).first_name == "Ada"
        (session,) = await books.sessions_of(user_id)
        assert session.end_reason is EndReason.REVOKED
        assert (await books.actions_of(None))[-1] == "rollcall.restored"


def test_what_is_no_copy_is_refused_and_nothing_is_replaced(data: Path, tmp_path: Path) -> None:
    before = _content(data)
    run(data, "backup", str(tmp_path / "copy.db"))
    whole = (tmp_path / "copy.db").read_bytes()
    middle = len(whole) // 2
    wrong = {
        "damaged": whole[: middle - 20_000] + b"\xff" * 40_000 + whole[middle + 20_000 :],
        "cut": whole[: middle - 1000],
        "text": b"This is no database at all. " * 100,
    }
    for name, content in wrong.items():
        (tmp_path / name).write_bytes(content)
        assert_refused(run(data, "restore", str(tmp_path / name)), name, "Try an older copy")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE something (id)")
    assert_refused(run(data, "restore", str(tmp_path / "other.db")), "not a copy of Rollcall's")
    assert_refused(run(data, "restore", str(tmp_path / "missing.db")), "not a file")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    assert_refused(run(data, "restore", str(tmp_path / "copy.db")), "newer than this Rollcall")
    assert _content(data) == before
    assert _names(data) == KEPT | {RECORD}


def test_a_copy_is_restored_over_a_damaged_database_and_into_an_empty_folder(
    data: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    run(data, "backup", str(copy))
    for folder, content in ((tmp_path / "damaged", b"\xff" * 50_000), (tmp_path / "empty", b"")):
        folder.mkdir()
        shutil.copy(data / "signing-secret", folder)
        if content:
            (folder / "rollcall.db").write_bytes(content)
            (folder / "rollcall.db-wal").write_bytes(content)
        done = run(folder, "restore", str(copy))
        assert done.returncode == 0, done.stderr
        assert "Made anew: encryption-keys." in done.stdout
        _check(folder / "rollcall.db")
        assert "whole" in run(folder, "verify-audit").stdout
        assert not (folder / "rollcall.db-wal").exists()


async def _keep_file(content: bytes) -> tuple[User, UUID]:
    user = await factories.create_user(await factories.create_tenant("Helvetia"))
    ada = await factories.sign_in(user)
    return user, await files.upload(ada, await create_poc(ada), "plan.bin", pieces_of(content))


async def _hash_of(user: User, resource_id: UUID) -> str:
    file = await files.open_file(await factories.sign_in(user), resource_id)
    return hashlib.sha256(b"".join([piece async for piece in file.pieces])).hexdigest()


async def test_files_come_back_byte_for_byte(data: Path, tmp_path: Path) -> None:
    async with started(_settings(data)):
        user, kept = await _keep_file(CONTENT)
    run(data, "backup", str(tmp_path / "copy.db"))
    async with started(_settings(data)), transaction() as tx:
        await tx.exec(delete(FileChunk))
    run(data, "restore", str(tmp_path / "copy.db"))
    async with started(_settings(data)):
        assert await _hash_of(user, kept) == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.postgresql
async def test_files_are_in_a_dump_of_postgresql(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    urls = [postgres_server.url(postgres_server.create_database(empty=True)) for _ in range(2)]
    here, there = (
        Settings(_env_file=None, data_dir=tmp_path, database_url=SecretStr(url)) for url in urls
    )
    async with started(here):
        user, kept = await _keep_file(CONTENT)
    dump = await _run("pg_dump", urls[0])
    await _run("psql", "--quiet", "--set=ON_ERROR_STOP=1", urls[1], given=dump)
    async with started(there):
        assert await _hash_of(user, kept) == hashlib.sha256(CONTENT).hexdigest()


async def _run(*arguments: str, given: bytes = b"") -> bytes:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe)
    said, _ = await process.communicate(given)
    assert process.returncode == 0, arguments[0]
    return said


async def test_backups_amid_fifty_changes_a_second_are_whole(tmp_path: Path) -> None:
    copies = [tmp_path / f"copy{number}" / "rollcall.db" for number in range(5)]
    made = [0]
    entries: list[tuple[int, int]] = []  # before and after each backup
    async with started(_settings(tmp_path / "data")):
        tenant = await factories.create_tenant("Acme")
        people = await factories.create_users(4, tenant)

        async def change(user_id: UUID) -> None:
            while True:
                await accounts.rename(COMMAND_LINE, user_id, "Ada", f"Number {made[0]}")
                made[0] += 1
                await asyncio.sleep(len(people) / 50)

        changing = [asyncio.create_task(change(user.id)) for user in people]
        for copy in copies:
            copy.parent.mkdir()
            before = made[0]
            await asyncio.to_thread(back_up, _settings(tmp_path / "data"), copy)
            entries.append((before, made[0]))
            await eventually(lambda seen=made[0]: made[0] > seen + 5)  # type: ignore[misc]  # mypy guesses no lambda with a default
        for task in changing:
            task.cancel()
        await asyncio.gather(*changing, return_exceptions=True)
    for copy, (before, after) in zip(copies, entries, strict=True):
        _check(copy)
        async with started(_settings(copy.parent)):
            checked, broken = await verify()
            assert broken is None
            assert before <= checked <= after + len(people)


async def test_a_refused_restore_leaves_no_key_that_would_keep_the_copys_own_out(
    data: Path, tmp_path: Path
) -> None:
    copy, newer, fresh = tmp_path / "copy.db", tmp_path / "newer.db", tmp_path / "fresh"
    assert run(data, "backup", "--with-keys", str(copy)).returncode == 0
    shutil.copy(copy, newer)
    with closing(sqlite3.connect(newer)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    assert_refused(run(fresh, "restore", str(newer)), "newer than this Rollcall")
    assert not _names(fresh)
    done = run(fresh, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    assert "Put back: " in done.stdout
