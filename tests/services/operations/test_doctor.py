"""The doctor: what each check finds, that nothing is made by looking, and that nothing is told that
is a secret."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, text

from models import MailState, MailTemplate, OutgoingMail, Tenant
from services.access.actor import COMMAND_LINE
from services.audit.heads import note_heads
from services.audit.telling import Teller
from services.core import clock
from services.core.settings import Settings
from services.database import migrations
from services.database.postgresql_transport import CHANNEL
from services.database.runtime import Runtime
from services.database.startup import started
from services.database.transaction import transaction
from services.operations import aside, backup, doctor, doctor_database, doctor_work, system
from services.operations.checks import Check, State, report, verdict, well
from services.users import accounts
from tests import factories
from tests.browser.waiting import PATIENCE
from tests.conftest import ONE_DATABASE
from tests.hanging import hanging, side_threads
from tests.mail_server import MailServer
from tests.ports import free_port

PASSWORD = "p ss:w/rd@%"
NOTHING_LISTENS = "http://127.0.0.1:9"


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    """Of a Rollcall that was never started."""
    return Settings(_env_file=None, data_dir=tmp_path / "data", public_url=NOTHING_LISTENS)


async def examine(settings: Settings, *names: str) -> dict[str, Check]:
    """What the command finds, by the checks' names."""
    async with doctor.examined(settings):
        return {check.name: check for check in await doctor.examine(names)}


def failed(checks: dict[str, Check]) -> set[str]:
    return {name for name, check in checks.items() if check.state is State.FAILED}


async def test_looking_where_nothing_is_makes_nothing(fresh: Settings) -> None:
    checks = await examine(fresh)
    assert failed(checks) == {"Database", "Keys"}
    assert "There is no database at" in checks["Database"].remedy
    assert checks["Outbox"].words == checks["Audit log"].words == "Not looked at"
    assert not fresh.data_dir.exists()


async def test_every_other_check_runs_where_the_database_does_not_answer(
    fresh: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"postgresql://rollcall:{PASSWORD.replace('%', '%25')}@127.0.0.1:{free_port()}/db"
    written = url.replace(" ", "%20").replace("s:w/rd@", "s%3Aw%2Frd%40")
    away = fresh.model_copy(update={"database_url": SecretStr(written)})
    checks = await examine(away)
    assert "ROLLCALL_DATABASE_URL" in checks["Database"].remedy
    assert {"Disk", "Mail", "Public url", "Version"} <= checks.keys()
    assert checks["Disk"].state is checks["Version"].state is State.OK
    told = report(list(checks.values())) + caplog.text
    assert PASSWORD not in told
    assert written not in told
    assert not fresh.data_dir.exists()


def _chmod(mode: int, *paths: Path) -> None:
    for path in paths:
        path.chmod(mode)


@pytest.mark.parametrize("name", ["Database", "Schema", "Writing", "Owner", "Keys", "Audit log"])
async def test_a_migrated_database_is_in_order(
    rollcall: Runtime, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_database, "SLOW_MS", 5_000)  # a busy machine is no disorder
    found = await doctor.examine([name])
    assert {check.state for check in found} == {State.OK}, report(found)


async def test_a_database_that_is_not_migrated_is_told_and_left_alone(rollcall: Runtime) -> None:
    async with rollcall.database.writer.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    (schema,) = [c for c in await doctor.examine(["Schema"]) if c.name == "Schema"]
    assert schema.state is State.FAILED
    assert "python main.py migrate" in schema.remedy
    assert (await migrations.schema())[0] == "0001"


async def test_a_database_that_takes_no_writes_fails_with_the_reason(
    fresh: Settings,
) -> None:
    async with started(fresh) as rollcall:
        async with rollcall.database.writer.connect() as connection:
            await connection.execute(text("PRAGMA query_only = ON"))
        found = {check.name: check for check in await doctor.examine(["Writing"])}
    assert found["Writing"].state is State.FAILED
    assert "only be read" in found["Writing"].words
    assert "What people change is refused." in found["Writing"].remedy


async def test_little_room_on_a_disk_is_told_by_the_room_and_not_by_its_share(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Small:
        total, free = 55 * 2**20, 43 * 2**20

    monkeypatch.setattr("shutil.disk_usage", lambda _folder: Small)
    disk = (await examine(fresh, "Disk"))["Disk"]
    assert disk.state is State.WARNING
    assert disk.words == "Little room is left on the disk: 43 MB (78% free)"


async def test_lost_keys_are_told(fresh: Settings) -> None:
    async with started(fresh):
        pass
    (fresh.data_dir / "signing-secret").unlink()
    keys = (await examine(fresh, "Keys"))["Keys"]
    assert keys.state is State.FAILED
    assert "put it back" in keys.remedy
    assert not (fresh.data_dir / "signing-secret").exists()


async def test_secret_files_that_others_can_read_are_named_with_what_mends_them(
    fresh: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(fresh):
        pass
    _chmod(0o700, fresh.data_dir)
    assert (await examine(fresh, "Secret files"))["Secret files"].state is State.OK
    _chmod(0o755, fresh.data_dir, tmp_path)
    _chmod(0o600, fresh.database_file)
    env, password = tmp_path / "env", tmp_path / "password"
    for path in (fresh.data_dir / "signing-secret", env, password):
        path.touch()
        _chmod(0o644, path)
    monkeypatch.setenv("ROLLCALL_ENV_FILE", str(env))
    monkeypatch.setenv("ROLLCALL_MAIL_PASSWORD_FILE", str(password))
    found = (await examine(fresh, "Secret files"))["Secret files"]
    assert (found.state, found.words) == (
        State.WARNING,
        "Others on this machine can read 3 secret files",
    )
    for path in (fresh.data_dir / "signing-secret", env, password):
        assert str(path) in found.remedy


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_a_database_of_another_owner_is_told_with_both(fresh: Settings) -> None:
    async with started(fresh):
        pass
    os.chown(fresh.database_file, 4711, 4711)
    found = (await examine(fresh, "Owner"))["Owner"]
    assert found.state is State.WARNING
    assert "belongs to uid 4711" in found.words
    assert "root" in found.words


async def test_mail_is_tried_and_a_wrong_password_is_not_repeated(
    rollcall: Runtime, mail_server: MailServer
) -> None:
    (found,) = await doctor.examine(["Mail"])
    assert found.state is State.OK, found
    secret = "hunter2 hunter2"
    rollcall.settings.mail_username = "rollcall"
    rollcall.settings.mail_password = SecretStr(secret)
    (found,) = await doctor.examine(["Mail"])
    assert found.state is State.FAILED
    assert "ROLLCALL_MAIL_USERNAME" in found.remedy
    assert secret not in found.words + found.remedy


async def test_a_mail_is_sent_where_one_is_asked_for(mail_server: MailServer) -> None:
    sent = await doctor.send_mail("operator@example.com")
    assert sent.state is State.OK, sent
    assert [mail.recipients for mail in mail_server.received] == [("operator@example.com",)]
    assert (await doctor.send_mail("nobody")).state is State.FAILED


async def test_a_mail_that_waits_for_long_is_told_with_since_when(
    rollcall: Runtime, tenant: Tenant
) -> None:
    user = await factories.create_user(tenant, invited=True)
    async with transaction() as tx:
        mail = OutgoingMail(
            user_id=user.id,
            template=MailTemplate.INVITATION,
            recipient="late@example.com",
            message_id="<1@example.com>",
            state=MailState.WAITING,
            created_at=clock.now() - timedelta(hours=1),
            next_attempt_at=clock.now(),
        )
        tx.add(mail)
    (found,) = await doctor.examine(["Outbox"])
    assert found.state is State.WARNING
    assert "Nothing is lost" in found.remedy
    assert await system.count_waiting_mails() >= 1


async def test_the_last_backup_is_told_and_one_on_the_same_disk_warned_about(
    fresh: Settings, tmp_path: Path
) -> None:
    async with started(fresh):
        pass
    found = (await examine(fresh, "Last backup"))["Last backup"]
    assert (found.state, found.words) == (State.WARNING, "No backup was made so far")
    backup.back_up(fresh, tmp_path / "copy.db")
    found = (await examine(fresh, "Last backup"))["Last backup"]
    assert found.words == "The backup is on the database’s disk"
    (tmp_path / "copy.db").unlink()
    assert (await examine(fresh, "Last backup"))["Last backup"].state is State.OK
    clock.shift(timedelta(days=3))
    found = (await examine(fresh, "Last backup"))["Last backup"]
    assert "3 days old" in found.words


async def test_a_changed_audit_entry_fails_and_a_log_that_nobody_noted_warns(
    rollcall: Runtime, tenant: Tenant
) -> None:
    user = await factories.create_user(tenant)
    await accounts.rename(COMMAND_LINE, user.id, "Re", "Named")
    (found,) = await doctor.examine(["Audit log"])
    assert (found.state, found.words) == (
        State.WARNING,
        "The audit heads weren’t noted so far",
    )
    await note_heads()
    (found,) = await doctor.examine(["Audit log"])
    assert found.state is State.OK, found
    async with transaction() as tx:
        await (await tx.connection()).execute(text("UPDATE audit_event SET address = 'elsewhere'"))
    (found,) = await doctor.examine(["Audit log"])
    assert found.state is State.FAILED
    assert "verify-audit" in found.remedy


async def test_a_folder_for_audit_heads_that_is_in_the_way_fails_until_it_is_mended(
    rollcall: Runtime, tmp_path: Path
) -> None:
    rollcall.settings.audit_heads_dir = folder = tmp_path / "heads"
    folder.write_text("in the way")
    (found,) = await doctor.examine(["Audit heads"])
    assert found.state is State.FAILED
    assert "ROLLCALL_AUDIT_HEADS_DIR" in found.remedy
    folder.unlink()
    (found,) = await doctor.examine(["Audit heads"])
    assert found.state is State.OK
    assert str(folder) in found.words


async def test_a_folder_for_audit_heads_that_cannot_be_looked_at_fails_with_its_setting(
    rollcall: Runtime, tmp_path: Path
) -> None:
    rollcall.settings.audit_heads_dir = tmp_path / ("too-long" * 50)
    (found,) = await doctor.examine(["Audit heads"])
    assert found.state is State.FAILED
    assert "ROLLCALL_AUDIT_HEADS_DIR" in found.remedy


async def test_a_folder_that_hangs_is_told_however_often_and_with_one_thread(
    rollcall: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "FOLDER_SECONDS", 2)
    with hanging(tmp_path / "share") as share:
        rollcall.settings.audit_heads_dir = share / "heads"
        before = side_threads()
        for _ in range(3):
            (found,) = await doctor.examine(["Audit heads"])
            assert found.state is State.FAILED
            assert "doesn't answer" in found.remedy
            assert "ROLLCALL_AUDIT_HEADS_DIR" in found.remedy
        assert len(side_threads() - before) == 1
    rollcall.settings.audit_heads_dir = tmp_path
    monkeypatch.setattr(aside, "FOLDER_SECONDS", PATIENCE)
    (found,) = await doctor.examine(["Audit heads"])
    assert found.state is State.OK


async def test_a_secret_file_on_a_share_that_hangs_is_told_and_holds_nobody_up(
    fresh: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "FOLDER_SECONDS", 2)
    with hanging(tmp_path / "share") as share:
        monkeypatch.setenv("ROLLCALL_MAIL_PASSWORD_FILE", str(share / "password"))
        found = (await examine(fresh, "Secret files"))["Secret files"]
    assert found.state is State.WARNING
    assert f"{share}/password can’t be looked at" in found.remedy


@ONE_DATABASE
async def test_a_backup_on_a_share_that_hangs_is_told(
    rollcall: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hanging(tmp_path / "share") as share:
        last = {"at": clock.now().isoformat(), "file": str(share / "copy.db")}
        (rollcall.settings.data_dir / backup.RECORD).write_text(json.dumps(last), encoding="utf-8")
        monkeypatch.setattr(aside, "FOLDER_SECONDS", 2)
        (found,) = await doctor.examine(["Last backup"])
    assert found.state is State.WARNING
    assert f"{share}/copy.db" in found.remedy


async def test_audit_heads_that_reach_neither_their_folder_nor_a_mailbox_are_told_with_both(
    rollcall: Runtime, tenant: Tenant, mail_server: MailServer, tmp_path: Path
) -> None:
    rollcall.settings.audit_heads_dir = folder = tmp_path / "heads"
    folder.write_text("in the way")
    rollcall.settings.audit_heads_email = "auditor@example.com"
    rollcall.settings.mail_port = 9
    await Teller().tell()
    (found,) = await doctor.examine(["Audit heads"], serving=True)
    assert "ROLLCALL_AUDIT_HEADS_DIR" in found.remedy
    assert "ROLLCALL_MAIL_PORT" in found.remedy


async def test_audit_heads_that_nobody_mailed_so_far_are_not_called_mailed(
    rollcall: Runtime,
) -> None:
    rollcall.settings.audit_heads_email = "auditor@example.com"
    (found,) = await doctor.examine(["Audit heads"])
    assert found.words == "in the log, to be mailed to auditor@example.com"


async def test_audit_heads_that_were_not_mailed_fail_until_they_are(
    rollcall: Runtime, tenant: Tenant, mail_server: MailServer
) -> None:
    rollcall.settings.audit_heads_email = "auditor@example.com"
    teller, port = Teller(), rollcall.settings.mail_port
    rollcall.settings.mail_port = 9
    await teller.tell()
    (found,) = await doctor.examine(["Audit heads"], serving=True)
    assert found.state is State.FAILED
    assert "ROLLCALL_MAIL_PORT" in found.remedy
    rollcall.settings.mail_port = port
    await teller.tell()
    (found,) = await doctor.examine(["Audit heads"], serving=True)
    assert found.state is State.OK


async def test_a_check_that_does_not_answer_ends(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _silent() as port:
        mail = {"mail_server": "127.0.0.1", "mail_port": port, "mail_from": "r@example.com"}
        monkeypatch.setattr(doctor, "MAIL_SECONDS", 0.2)
        found = (await examine(fresh.model_copy(update=mail), "Mail"))["Mail"]
    assert found.words == "No answer within 0 seconds"


@asynccontextmanager
async def _silent() -> AsyncIterator[int]:
    """A port that takes connections and says nothing."""
    taken: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: taken.append(writer), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for writer in taken:
            writer.transport.abort()


def test_a_verdict_counts_what_is_wrong() -> None:
    fine, bad = well("A", "fine"), Check("B", State.FAILED, "bad")
    doubtful = Check("C", State.WARNING, "doubtful")
    assert verdict([fine, fine]) == "All 2 checks pass."
    assert verdict([fine, doubtful]) == "1 of 2 checks warns."
    assert verdict([fine, bad, doubtful]) == "1 of 3 checks failed, 1 warns."


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
async def test_a_replica_whose_sign_of_life_is_late_is_heard(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_work, "LIFE_SECONDS", -0.5)  # each is late
    monkeypatch.setattr(doctor_work, "GONE_SECONDS", PATIENCE)
    sign = json.dumps({"from": "another", "messages": []})
    looking = asyncio.create_task(doctor.examine(["Replicas"]))
    while not looking.done():
        async with rollcall.database.writer.begin() as another:
            await another.execute(select(func.pg_notify(CHANNEL, sign)))
        await asyncio.sleep(0.01)
    assert [check.words for check in await looking] == ["1 heard"]
