"""The doctor's check of secret files: rights that the documents tell people to give are right, and
a data folder that hangs is told.
"""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.core.settings import Settings
from services.database.runtime import Runtime
from services.database.startup import started
from services.operations import aside, doctor, doctor_files
from services.operations.checks import Check, State
from tests.conftest import ONE_DATABASE
from tests.hanging import hanging

# Nobody on this machine has these numbers.
SERVICE = 54321
STRANGERS = 54322

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
async def ours(tmp_path: Path) -> Settings:
    """A Rollcall whose data belongs to whoever runs this."""
    settings = Settings(_env_file=None, data_dir=tmp_path / "data")
    async with started(settings):
        pass
    return settings


@pytest.fixture
def installed(ours: Settings) -> Settings:
    """The same, whose data belongs to a user of its own, in a folder that everybody may enter."""
    _give_away(ours.data_dir)
    return ours


def _give_away(data_dir: Path) -> None:
    data_dir.parent.chmod(0o755)
    data_dir.chmod(0o700)
    for path in (data_dir, *data_dir.iterdir()):
        os.chown(path, SERVICE, SERVICE)


def _set(path: Path, mode: int, group: int = SERVICE) -> None:
    os.chown(path, 0, group)
    path.chmod(mode)


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings, which root owns and the service's group can read."""
    path = tmp_path / "env"
    path.touch()
    _set(path, 0o640)
    monkeypatch.setenv("ROLLCALL_ENV_FILE", str(path))
    return path


async def _look(settings: Settings) -> Check:
    async with doctor.examined(settings):
        (found,) = await doctor.examine(["Secret files"])
    return found


@AS_ROOT
async def test_the_settings_that_root_owns_and_the_service_reads_by_its_group_are_in_order(
    installed: Settings, env_file: Path
) -> None:
    assert (await _look(installed)).state is State.OK


@AS_ROOT
async def test_the_settings_that_everybody_reads_are_closed_without_shutting_the_service_out(
    installed: Settings, env_file: Path
) -> None:
    mend = f"`chgrp {SERVICE} {env_file} && chmod 640 {env_file}`"
    _set(env_file, 0o644)
    assert mend in (await _look(installed)).remedy
    _set(env_file, 0o640, group=STRANGERS)
    assert mend in (await _look(installed)).remedy


@AS_ROOT
async def test_what_the_service_owns_is_for_it_alone(installed: Settings) -> None:
    secret = installed.data_dir / "signing-secret"
    _open(secret)
    assert f"`chmod go-rwx {secret}`" in (await _look(installed)).remedy


async def test_what_whoever_looks_owns_is_for_them_alone(ours: Settings) -> None:
    secret = ours.data_dir / "signing-secret"
    _open(secret)
    assert f"`chmod go-rwx {secret}`" in (await _look(ours)).remedy


def _open(secret: Path) -> None:
    secret.parent.chmod(0o755)
    secret.chmod(0o640)


async def test_a_data_folder_that_hangs_is_told_by_each_check_and_holds_nobody_up(
    rollcall: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "FOLDER_SECONDS", 1)
    with hanging(tmp_path / "share") as share, monkeypatch.context() as patch:
        patch.setattr(rollcall.settings, "data_dir", share)
        checks = await doctor.examine()
    assert {check.remedy for check in checks} == {
        f"{share} doesn’t answer: see to the share that it is on."
    }
    failed = [check.name for check in checks if check.state is State.FAILED]
    assert failed == ["Database", "Schema", "Writing"]


async def test_a_data_folder_that_begins_to_hang_amid_a_look_for_secrets_holds_nobody_up(
    rollcall: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "FOLDER_SECONDS", 1)
    with hanging(tmp_path / "share") as share, monkeypatch.context() as patch:
        patch.setattr(rollcall.settings, "data_dir", share)
        (found,) = await doctor_files.look_at_secret_files()
    assert found.state is State.WARNING
    assert f"{share} can’t be looked at" in found.remedy


@ONE_DATABASE
@pytest.mark.parametrize("name", ["Database", "Owner", "Disk", "Keys", "Secret files", "Outbox"])
async def test_a_folder_that_begins_to_hang_after_it_was_asked_is_told_and_holds_nobody_up(
    rollcall: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async def answers() -> None:
        """As it did a moment ago."""

    monkeypatch.setattr(doctor, "_silent_folder", answers)
    monkeypatch.setattr(aside, "FOLDER_SECONDS", 1)
    url = SecretStr(f"sqlite:///{tmp_path}/share/rollcall.db")
    with hanging(tmp_path / "share") as share, monkeypatch.context() as patch:
        patch.setattr(rollcall.settings, "data_dir", share)
        patch.setattr(rollcall.settings, "database_url", url)
        found = await doctor.examine([name])
    assert "share" in found[0].remedy
    assert found[0].state is not State.OK


@ONE_DATABASE
async def test_the_note_of_the_last_backup_is_read_beside_all(
    rollcall: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "FOLDER_SECONDS", 1)
    with hanging(tmp_path / "share") as share, monkeypatch.context() as patch:
        patch.setattr(rollcall.settings, "data_dir", share)
        with pytest.raises(aside.SilentShareError, match=f"{share} doesn’t answer"):
            await doctor_files.look_at_backup()
