"""Audit heads leave the machine: as log lines, into a folder, by mail."""

import errno
import logging
import os
from datetime import timedelta
from pathlib import Path

import pytest

from models import Tenant
from services.access.actor import COMMAND_LINE
from services.audit.check import find_missing
from services.audit.heads import read_heads
from services.audit.telling import Teller, untold
from services.core import clock
from services.database.runtime import Runtime
from services.users import accounts
from tests.factories import create_user
from tests.mail_server import MailServer

AUDITOR = "auditor@example.com"


async def _act(tenant: Tenant) -> None:
    await accounts.set_active(COMMAND_LINE, (await create_user(tenant)).id, active=False)


def _numbers(text: str, name: str) -> list[int]:
    return [head.number for head in read_heads(text) if head.name == name]


async def test_what_moved_is_logged_once(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    teller = Teller()
    with caplog.at_level(logging.INFO):
        await _act(tenant)
        await teller.tell()
        await teller.tell()
        await _act(tenant)
        await teller.tell()
    assert _numbers(caplog.text, tenant.slug) == [1, 2]
    assert await find_missing(read_heads(caplog.text)) == []


async def test_each_day_has_its_file_of_heads_for_its_owner_alone(
    rollcall: Runtime, tenant: Tenant, tmp_path: Path
) -> None:
    rollcall.settings.audit_heads_dir = folder = tmp_path / "kept" / "heads"
    teller = Teller()
    await _act(tenant)
    await teller.tell()
    await _act(tenant)
    await teller.tell()
    today = folder / f"audit-heads-{clock.now():%Y-%m-%d}.txt"
    assert _numbers(today.read_text(), tenant.slug) == [1, 2]
    assert today.stat().st_mode & 0o777 == 0o600
    clock.shift(timedelta(days=1))
    await _act(tenant)
    await teller.tell()
    first, second = sorted(folder.iterdir())
    assert first == today
    assert _numbers(second.read_text(), tenant.slug) == [3]
    assert await find_missing(read_heads(first.read_text() + second.read_text())) == []


async def test_a_folder_that_cannot_be_written_to_is_told_and_tried_again(
    rollcall: Runtime,
    tenant: Tenant,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    rollcall.settings.audit_heads_dir = folder = tmp_path / "heads"
    folder.write_text("in the way")
    teller = Teller()
    await _act(tenant)
    await teller.tell()
    assert "ROLLCALL_AUDIT_HEADS_DIR" in caplog.text
    folder.unlink()
    await teller.tell()
    (file,) = folder.iterdir()
    assert _numbers(file.read_text(), tenant.slug) == [1]


async def test_a_share_that_gives_up_by_itself_is_told_without_a_time_that_it_did_not_take(
    rollcall: Runtime, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(_file: int) -> None:
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))

    rollcall.settings.audit_heads_dir = tmp_path / "heads"
    monkeypatch.setattr(os, "fsync", give_up)
    await _act(tenant)
    await Teller().tell()
    assert untold().folder.endswith(".txt: no answer. Check ROLLCALL_AUDIT_HEADS_DIR.")


async def test_a_mail_a_day_has_every_head(
    rollcall: Runtime, tenant: Tenant, mail_server: MailServer
) -> None:
    rollcall.settings.audit_heads_email = AUDITOR
    await _act(tenant)
    replicas = Teller(), Teller()
    for teller in replicas:
        await teller.tell()
        await teller.tell()
    (mail,) = mail_server.received
    assert mail.recipients == (AUDITOR,)
    for part in ("plain", "html"):
        heads = read_heads(mail.part(part))
        assert [head.name for head in heads] == ["platform", tenant.slug]
        assert await find_missing(heads) == []
    clock.shift(timedelta(days=1))
    for teller in replicas:
        await teller.tell()
    assert len(mail_server.received) == 2


async def test_a_mail_that_was_not_taken_is_sent_the_next_time(
    rollcall: Runtime, tenant: Tenant, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    rollcall.settings.audit_heads_email = AUDITOR
    teller, port = Teller(), rollcall.settings.mail_port
    rollcall.settings.mail_port = 9
    await teller.tell()
    assert "weren't mailed" in caplog.text
    rollcall.settings.mail_port = port
    await teller.tell()
    assert len(mail_server.received) == 1
