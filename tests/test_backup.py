"""Backups as an operator makes them: from cron, with keys, with old ones removed."""

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
from contextlib import AsyncExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from services.audit.check import BrokenLink, verify
from services.core import clock
from services.core.errors import OperatorError
from services.core.settings import Settings
from services.database.startup import started
from services.operations.backup import RECORD, back_up, last_backup
from services.operations.key_files import KEY_FILES, archive_of, names_in, read_keys
from services.operations.restore import restore
from tests import factories
from tests.browser.server import serving
from tests.test_command_line import ANEW, ROOT, assert_refused, run

PASSWORD = "a long sentence to sign in with\n"


def _of(folder: Path) -> Settings:
    return Settings(_env_file=None, data_dir=folder)


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A data folder with one account."""
    async with started(_of(tmp_path / "data")):
        await factories.create_user(None)
    return tmp_path / "data"


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """The product in a folder of its own, with a `.env` that names a relative data folder."""
    folder = tmp_path / "product"
    folder.mkdir()
    shutil.copy(ROOT / "main.py", folder)
    for name in ("models", "services"):
        shutil.copytree(ROOT / name, folder / name)  # what is compiled, too
    (folder / ".env").write_text("ROLLCALL_DATA_DIR=kept/here\n", encoding="utf-8")
    return folder


def _from(folder: Path, product: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the product from another folder, as cron does, with nothing else set."""
    return subprocess.run(
        [sys.executable, str(product / "main.py"), *arguments],
        check=False,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        input=PASSWORD,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_backup_from_another_folder_is_of_the_products_database(
    product: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "home"
    elsewhere.mkdir()
    _from(product, product, "create-platform-admin", "a@example.com")
    done = _from(elsewhere, product, "backup", "copy.db")
    assert "Accounts: 1. Audit entries: 1, the newest of 20" in done.stdout, done.stderr
    assert (elsewhere / "copy.db").exists(), "a command's own files are where its caller is"
    assert "whole: 1 entry." in _from(elsewhere, product, "verify-audit").stdout
    assert "Restored copy.db" in _from(elsewhere, product, "restore", "copy.db").stdout
    assert {path.name for path in elsewhere.iterdir()} == {"copy.db"}
    assert (product / "kept" / "here" / "rollcall.db").exists()


def test_a_name_that_is_no_setting_is_warned_about_in_the_products_env_file(product: Path) -> None:
    with (product / ".env").open("a", encoding="utf-8") as file:
        file.write("ROLLCALL_PROT=9000\nROLLCALL_PORT=9000\n")
    done = _from(product, product, "migrate")
    assert done.returncode == 0, done.stderr
    assert "Unknown setting ROLLCALL_PROT;" in done.stderr
    assert "ROLLCALL_PORT" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("backup", "copy.db"),
        ("verify-audit",),
        ("rotate-keys",),
        ("rotate-keys", "--give-up-lost"),
        ("activate", "a@example.com"),
        ("deactivate", "a@example.com"),
        ("reset-second-factor", "a@example.com"),
        ("password-link", "a@example.com"),
        ("move", "postgresql://a@127.0.0.1:9/b"),
    ],
)
def test_a_command_about_a_database_makes_none(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path / "data", *arguments)
    assert_refused(done, f"no database at {tmp_path}/data/rollcall.db", "ROLLCALL_DATA_DIR")
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_tables_is_no_database_to_ask(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "rollcall.db")) as database:
        database.execute("CREATE TABLE something (id)")
    assert_refused(run(tmp_path, "verify-audit"), "no tables of Rollcall's")
    with pytest.raises(OperatorError, match="not a database of Rollcall"):
        back_up(_of(tmp_path), tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_a_backup_changes_nothing_of_an_older_database(data: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data / "rollcall.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '0007'")
        database.commit()
    done = run(data, "backup", str(tmp_path / "copy.db"))
    assert " Schema: 0007." in done.stdout, done.stderr
    with closing(sqlite3.connect(data / "rollcall.db")) as database:
        assert database.execute("SELECT * FROM alembic_version").fetchone() == ("0007",)


def test_keys_come_along_where_told_to_and_are_put_back(data: Path, tmp_path: Path) -> None:
    (data / "encryption-keys").write_text(f"{Fernet.generate_key().decode()}\n", encoding="ascii")
    copy, without = tmp_path / "copy.db", tmp_path / "without.db"
    back_up(_of(data), without)
    assert not archive_of(without).exists()
    done = run(data, "backup", str(copy), "--with-keys")
    assert "signing-secret, encryption-keys. Keep it apart" in done.stdout, done.stderr
    assert stat.S_IMODE(archive_of(copy).stat().st_mode) == 0o600
    restored = run(tmp_path / "new", "restore", str(copy))
    assert "Put back: signing-secret, encryption-keys." in restored.stdout, restored.stderr
    for path in (tmp_path / "new" / "signing-secret", tmp_path / "new" / "encryption-keys"):
        assert path.read_bytes() == (data / path.name).read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_every_key_file_comes_along(data: Path, tmp_path: Path) -> None:
    for name in KEY_FILES:
        (data / name).write_bytes((data / "signing-secret").read_bytes())
    assert set(back_up(_of(data), tmp_path / "copy.db", with_keys=True).keys) == set(KEY_FILES)
    restored = read_keys(archive_of(tmp_path / "copy.db"), tmp_path / "new")
    assert restored.contents.keys() == set(KEY_FILES)


async def test_keys_that_were_kept_apart_are_named(data: Path, tmp_path: Path) -> None:
    copy, apart = tmp_path / "copy.db", tmp_path / "apart.tar"
    back_up(_of(data), copy, with_keys=True)
    archive_of(copy).rename(apart)
    assert (await restore(_of(tmp_path / "new"), copy, apart)).keys == [
        "signing-secret",
        "encryption-keys",
    ]
    with pytest.raises(OperatorError, match=r"copy\.db is no whole archive of keys") as refusal:
        await restore(_of(tmp_path / "other"), copy, copy)
    assert "\n" not in str(refusal.value)


async def test_other_keys_are_never_written_over(data: Path, tmp_path: Path) -> None:
    copy, other = tmp_path / "copy.db", tmp_path / "other"
    back_up(_of(data), copy, with_keys=True)
    async with started(_of(other)):
        pass
    before = (other / "signing-secret").read_text()
    with pytest.raises(
        OperatorError, match=r"has signing-secret and encryption-keys already.*Nothing was replaced"
    ):
        await restore(_of(other), copy)
    assert (other / "signing-secret").read_text() == before


async def test_keys_rotated_since_are_the_newer_ones_and_stay(data: Path, tmp_path: Path) -> None:
    old, new = (f"{Fernet.generate_key().decode()}\n" for _ in range(2))
    (data / "encryption-keys").write_text(old)
    back_up(_of(data), tmp_path / "copy.db", with_keys=True)
    (data / "encryption-keys").write_text(new + old)
    assert (await restore(_of(data), tmp_path / "copy.db")).keys == []
    assert (data / "encryption-keys").read_text() == new + old


async def test_a_restore_that_fails_leaves_no_keys_behind(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    back_up(_of(data), copy, with_keys=True)
    with closing(sqlite3.connect(copy)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    with pytest.raises(OperatorError, match="newer than this Rollcall"):
        await restore(_of(tmp_path / "new"), copy)
    assert list((tmp_path / "new").iterdir()) == []


async def test_a_restore_that_is_refused_leaves_a_service_that_began_meanwhile_its_keys(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "new"
    back_up(_of(data), tmp_path / "copy.db")
    async with AsyncExitStack() as until_the_end:

        async def begin_to_serve_and_check() -> tuple[int, BrokenLink | None]:
            await until_the_end.enter_async_context(serving(new))
            return await verify()

        monkeypatch.setattr("services.operations.restore.verify", begin_to_serve_and_check)
        with pytest.raises(OperatorError, match="is in use"):
            await restore(_of(new), tmp_path / "copy.db")
        assert names_in(new) >= {"signing-secret", "encryption-keys"}


@pytest.mark.parametrize("is_first", [True, False], ids=["nothing before", "a database before"])
async def test_a_disk_that_fails_after_the_exchange_leaves_the_new_database_its_keys(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    back_up(_of(data), tmp_path / "copy.db", with_keys=True)
    into = tmp_path / "new" if is_first else data
    sync = os.fsync

    def fail_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    with pytest.raises(OperatorError, match=r"was restored, but .* Input/output error") as told:
        await restore(_of(into), tmp_path / "copy.db")
    assert "Nothing was replaced" not in str(told.value)
    assert names_in(into) >= {"signing-secret", "encryption-keys"}
    assert [str(path) in str(told.value) for path in into.glob("*-replaced-*")] == (
        [] if is_first else [True]
    )


async def test_an_archive_of_keys_writes_nothing_but_keys(data: Path, tmp_path: Path) -> None:
    back_up(_of(data), tmp_path / "copy.db")
    (tmp_path / "evil").write_text("evil")
    with tarfile.open(archive_of(tmp_path / "copy.db"), "w") as tar:
        tar.add(data / "signing-secret", "signing-secret")
        for name in ("../outside", "main.py", str(tmp_path / "absolute")):
            tar.add(tmp_path / "evil", name)
    restored = await restore(_of(tmp_path / "new"), tmp_path / "copy.db")
    assert restored.made == ["encryption-keys"]
    there = {path.name for path in (tmp_path / "new").iterdir()}
    assert there == {"rollcall.db", "signing-secret", "encryption-keys"}
    assert not (tmp_path / "outside").exists()


def test_only_as_many_dated_copies_are_kept_as_told(data: Path, tmp_path: Path) -> None:
    folder, settings = tmp_path / "copies", _of(data)
    folder.mkdir()
    (folder / "rollcall-by-hand.db").write_text("not ours to remove")
    copies = []
    for day in range(5):
        clock.shift(timedelta(days=day))
        copies.append(back_up(settings, folder, with_keys=True, keep=3))
    removed = [path.name for copied in copies for path in copied.removed]
    assert len(removed) == 2
    left = sorted(path.name for path in folder.iterdir())
    assert len([name for name in left if name.startswith("rollcall-20")]) == 6  # 3 and their keys
    assert "rollcall-by-hand.db" in left
    assert not set(removed) & set(left)
    last = last_backup(settings)
    assert last is not None
    assert last.file == copies[-1].file
    assert abs(last.at - clock.now()) < timedelta(minutes=5)
    with pytest.raises(OperatorError, match=r"There is no folder .*nowhere: make it"):
        back_up(settings, tmp_path / "nowhere" / "copy.db")
    with pytest.raises(OperatorError, match="must be a folder"):
        back_up(settings, tmp_path / "one.db", keep=3)
    assert run(data, "backup", str(folder), "--keep", "0").returncode == 2


def test_a_dated_copy_that_was_broken_off_is_removed_once_it_is_old(
    data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    left, own = folder / "rollcall-2026-01-01T01-01-01Z.db.partial", folder / "mine.partial"
    for path in (left, own):
        path.touch()
    (folder / "led-nowhere.partial").symlink_to("nowhere")
    assert back_up(_of(data), folder, keep=3).removed == []
    clock.shift(timedelta(days=2))
    assert back_up(_of(data), folder, keep=3).removed == [left]
    assert own.exists()


def test_a_reader_who_may_not_write_backs_up_and_says_that_it_isnt_noted(
    data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = _of(data)
    assert last_backup(settings) is None
    (data / f"{RECORD}.partial").mkdir()  # nobody, root included, can write a file there
    assert back_up(settings, tmp_path / "copy.db").accounts == 1
    assert "isn't noted" in caplog.text
    (data / f"{RECORD}.partial").rmdir()
    (data / RECORD).mkdir()  # what is written can't take its place
    back_up(settings, tmp_path / "another.db")
    assert not (data / f"{RECORD}.partial").exists()
    (data / RECORD).rmdir()
    (data / RECORD).write_text("half a line {")
    assert last_backup(settings) is None


def test_the_version_is_the_projects() -> None:
    done = run(ROOT / "nowhere", "--version", prefix=ANEW)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{done.stdout.strip().removeprefix("Rollcall ")}"' in project
