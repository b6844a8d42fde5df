"""The command line: a sentence for every mistake, and no traceback."""

import asyncio
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.access.actor import COMMAND_LINE
from services.audit import reading, signature
from services.core.settings import PREFIX
from services.database.startup import started
from services.database.transaction import reading as reading_database
from services.lists.query import ListQuery
from services.users import accounts
from services.users.departures import find_receipt
from tests.browser import forks
from tests.conftest import make_settings
from tests.factories import create_tenant, create_user
from tests.ports import free_port

ROOT = Path(__file__).parent.parent
PATIENCE = 300
ANEW = ("env",)  # a program that only starts what comes after it, which so is no fork
# Run before a command: takes from root what lets it read and write everywhere (capabilities(7):
# dac_override, dac_read_search, fowner; capget(2) has the version's number and the two sets).
AS_ANYBODY = """
import ctypes
head, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
libc = ctypes.CDLL(None)
assert libc.capget(head, sets) == 0
sets[0], sets[1] = [may & ~(1 << 1 | 1 << 2 | 1 << 3) for may in sets[:2]]
assert libc.capset(head, sets) == 0
"""
# The same of ports below 1024 (net_bind_service).
LOW_PORT = 443
WITHOUT_LOW_PORTS = AS_ANYBODY.replace("(1 << 1 | 1 << 2 | 1 << 3)", "(1 << 10)")


def run(
    data_dir: Path,
    *arguments: str,
    given: str = "",
    prefix: Sequence[str] = (),
    before: str = "",
    **settings: str,
) -> subprocess.CompletedProcess[str]:
    """Run a command of `main.py`: a fork (`tests.browser.forks`), unless a program comes before
    it; the fork runs the Python `before` first."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    env |= {f"{PREFIX}DATA_DIR": str(data_dir), f"{PREFIX}ENV_FILE": os.devnull}
    env |= {PREFIX + name: value for name, value in settings.items()}
    if not prefix:
        return forks.run(arguments, "/", env, given, PATIENCE, before)
    return subprocess.run(
        [*prefix, sys.executable, str(ROOT / "main.py"), *arguments],
        check=False,
        cwd="/",
        env=env,
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("rollcall: ")
    for word in words:
        assert word in done.stderr


def test_help_names_every_command(tmp_path: Path) -> None:
    done = run(tmp_path / "data", "--help", prefix=ANEW)
    assert done.returncode == 0
    commands = ("serve", "demo", "create-platform-admin", "migrate", "backup")
    for command in (*commands, "verify-audit", "verify-export"):
        assert command in done.stdout


def test_an_unknown_command_is_wrong_usage(tmp_path: Path) -> None:
    done = run(tmp_path / "data", "conquer", prefix=ANEW)
    assert done.returncode == 2
    assert "usage:" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("restore",), ("backup",), ("verify-audit", "--receipt"), ("doctor", "--send-to")],
    ids=" ".join,
)
def test_an_argument_that_a_script_left_empty_is_wrong_usage(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = run(tmp_path / "data", *arguments, "")
    assert done.returncode == 2
    assert "is empty" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_refused(run(tmp_path / "data", "serve", PORT=port), port, "ROLLCALL_PORT")


def test_a_port_that_only_root_has_is_told_with_what_to_do(tmp_path: Path) -> None:
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= LOW_PORT:
        pytest.skip("anybody may listen there here")
    done = run(tmp_path / "data", "serve", before=WITHOUT_LOW_PORTS, PORT=str(LOW_PORT))
    assert_refused(done, "Permission denied. Low ports are for root: set ROLLCALL_PORT")


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_a_host_that_is_none_of_this_machine_is_told_with_its_setting(
    tmp_path: Path, host: str
) -> None:
    done = run(tmp_path / "data", "serve", HOST=host, PORT=str(free_port()))
    assert_refused(done, host, "Set ROLLCALL_HOST to an address of this machine")


def test_an_unusable_data_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert_refused(run(tmp_path / "file" / "data", "migrate"), "ROLLCALL_DATA_DIR")


def test_a_database_out_of_reach_is_told(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:9/nowhere"
    done = run(tmp_path / "data", "migrate", DATABASE_URL=url)
    assert_refused(done, "ROLLCALL_DATABASE_URL")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PUBLIC_URL", "rollcall.example.com"),
        ("DATABASE_URL", "mysql://x/y"),
        ("PASSWORD_MIN_LENGTH", "7"),
        ("ADMIN_EMAIL", "nobody"),
        ("MAIL_SERVER", "mail.example.com"),
        ("AUDIT_HEADS_EMAIL", "auditor@example.com"),
        ("SECRET_FILE", "nowhere"),
    ],
)
def test_a_malformed_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    assert_refused(run(tmp_path / "data", "migrate", **{name: value}), f"ROLLCALL_{name}")


# What each command is given. `verify-export` works anywhere, without settings.
GIVEN = {
    "activate": ("a@example.com",),
    "backup": ("copy.db",),
    "create-platform-admin": ("a@example.com",),
    "deactivate": ("a@example.com",),
    "demo": (),
    "doctor": (),
    "migrate": (),
    "move": ("postgresql://a@127.0.0.1:9/b",),
    "password-link": ("a@example.com",),
    "reset-second-factor": ("a@example.com",),
    "restore": ("copy.db",),
    "rotate-keys": (),
    "serve": (),
    "verify-audit": (),
}


def test_no_command_that_reads_settings_is_left_out(tmp_path: Path) -> None:
    names = re.findall(r"^ {4}([a-z-]+)", run(tmp_path / "data", "--help").stdout, re.MULTILINE)
    assert set(names) == {*GIVEN, "verify-export"}


@pytest.mark.parametrize("command", GIVEN)
def test_a_wrong_setting_is_refused_by_every_command(tmp_path: Path, command: str) -> None:
    done = run(tmp_path / "data", command, *GIVEN[command], SESSION_IDLE_HOURS="long")
    assert_refused(done, "Wrong settings", "ROLLCALL_SESSION_IDLE_HOURS")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_is_refused_without_a_command_too(tmp_path: Path) -> None:
    assert_refused(run(tmp_path / "data", SESSION_IDLE_HOURS="long"), "ROLLCALL_SESSION_IDLE_HOURS")


def test_a_database_newer_than_the_code_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run(data, "migrate").returncode == 0
    with sqlite3.connect(data / "rollcall.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    assert_refused(run(data, "migrate"), "newer than this Rollcall")


def test_what_rollcall_writes_is_its_owners_alone(tmp_path: Path) -> None:
    run(tmp_path / "data", "migrate")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    files = ("rollcall.db", "signing-secret", "encryption-keys")
    assert modes == dict.fromkeys(files, 0o600)


def test_a_platform_admin_is_created_once(tmp_path: Path) -> None:
    data, password = tmp_path / "data", "a long sentence to sign in with\n"
    create = ("create-platform-admin", "robin@example.com")
    assert "is a Platform Admin" in run(data, *create, given=password).stdout
    assert_refused(run(data, *create, given=password), "already")
    assert_refused(run(data, "deactivate", "robin@example.com"), "last active Platform Admin")
    assert_refused(run(data, "reset-second-factor", "robin@example.com"), "no second factor")
    link = run(data, "password-link", "robin@example.com")
    assert link.returncode == 0
    assert "/platform/password/reset/" in link.stdout.splitlines()[-1]
    assert_refused(run(data, "password-link", "nobody@example.com"), "No account has the email")
    assert_refused(run(data, "deactivate", "nobody@example.com"), "nobody@example.com")
    assert_refused(run(data, "create-platform-admin", "b@example.com", given="short\n"), "15")


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a long sentence to sign in with\n")
    done = run(
        tmp_path / "data",
        "migrate",
        ADMIN_EMAIL="robin@example.com",
        ADMIN_PASSWORD_FILE=str(tmp_path / "password"),
    )
    assert done.returncode == 0, done.stderr


def test_a_backup_under_writes_is_whole(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy" / "rollcall.db"
    run(data, "create-platform-admin", "a@example.com", given="a long sentence to sign in with\n")
    copy.parent.mkdir()
    done = threading.Event()

    def write() -> None:
        database = sqlite3.connect(data / "rollcall.db", timeout=30)
        while not done.wait(0.005):
            with database:
                database.execute("UPDATE user_account SET version = version + 1")
        database.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backed_up = run(data, "backup", str(copy))
    finally:
        done.set()
        writer.join()
    assert backed_up.returncode == 0, backed_up.stderr
    with sqlite3.connect(copy) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    (copy.parent / "signing-secret").write_text((data / "signing-secret").read_text())
    assert "whole: 1 entry." in run(copy.parent, "verify-audit").stdout
    assert_refused(run(data, "backup", str(copy)), "exists already")


def test_a_tampered_audit_log_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    run(data, "create-platform-admin", "a@example.com", given="a long sentence to sign in with\n")
    with sqlite3.connect(data / "rollcall.db") as database:
        database.execute("UPDATE audit_event SET actor_name = 'Somebody else'")
    done = run(data, "verify-audit")
    assert done.returncode == 1
    assert "broken at entry 1 of platform: it was changed" in done.stdout


def test_heads_that_were_printed_must_lie_on_the_chains_for_ever(tmp_path: Path) -> None:
    data, kept = tmp_path / "data", tmp_path / "heads.txt"
    for _ in range(2):
        asyncio.run(_exported(data))  # an entry each
    kept.write_text(run(data, "verify-audit", "--print-heads").stdout)
    assert "audit-head platform 2 " in kept.read_text()
    asyncio.run(_exported(data))
    done = run(data, "verify-audit", "--expect", str(kept))
    assert (done.returncode, "heads lie on the chains: 1" in done.stdout) == (0, True)
    with sqlite3.connect(data / "rollcall.db") as database:
        (first,) = database.execute("SELECT hash FROM audit_event WHERE number = 1").fetchone()
        database.execute("DELETE FROM audit_event WHERE number > 1")
        database.execute("UPDATE audit_head SET number = 1, hash = ?", (first,))
    done = run(data, "verify-audit", "--expect", str(kept), "--print-heads")
    assert done.returncode == 1
    assert "audit-head" not in done.stdout  # they would vouch for what is left
    assert "whole: 1 entry." in done.stdout  # all that can be told without a head
    assert "Expected entry 2 of platform: the chain ends at entry 1" in done.stdout
    assert_refused(run(data, "verify-audit", "--expect", str(data / "nowhere")), "nowhere")


async def _exported(data: Path) -> tuple[str, str]:
    async with started(make_settings(data)):
        pieces = await reading.export(COMMAND_LINE, ListQuery())
        return "".join([piece async for piece in pieces]), signature.public_pem()


def test_an_export_is_checked_without_settings_or_data(tmp_path: Path) -> None:
    file, key = tmp_path / "audit.csv", tmp_path / "audit-key.pem"
    check = ("verify-export", str(file), "--key", str(key))
    exported, public = asyncio.run(_exported(tmp_path / "data"))
    file.write_text(exported, newline="")
    key.write_text(public)
    nowhere = tmp_path / "nowhere"
    done = run(nowhere, *check, PORT="wrong", DATABASE_URL="wrong")
    assert (done.returncode, done.stderr) == (0, "")
    assert "is whole, as Rollcall exported it: 1 entry." in done.stdout
    file.write_text(exported[: len(exported) // 2], newline="")
    done = run(nowhere, *check)
    assert (done.returncode, "cut off" in done.stdout) == (1, True)
    assert not nowhere.exists()
    key.unlink()
    assert_refused(run(nowhere, *check), "audit-key.pem")


def test_a_leaving_receipt_is_recomputed_from_the_log(tmp_path: Path) -> None:
    data = tmp_path / "data"
    receipt = asyncio.run(_left(data))
    done = run(data, "verify-audit", "--receipt", receipt)
    assert (done.returncode, f"Receipt {receipt}: Ada Lovelace" in done.stdout) == (0, True)
    assert "No page was open\n0 sessions, 0 links, 0 passkeys\n" in done.stdout
    assert "The database agrees with the log." in done.stdout
    with sqlite3.connect(data / "rollcall.db") as database:
        database.execute("UPDATE user_account SET active = true")
    done = run(data, "verify-audit", "--receipt", receipt)
    assert done.returncode == 1
    assert "The user is active, and the log has no activation since." in done.stdout
    assert_refused(run(data, "verify-audit", "--receipt", "R-acme-99"), "no departure R-acme-99")


async def _left(data: Path) -> str:
    """Have somebody leave; returns the number of the receipt."""
    async with started(make_settings(data)):
        user = await create_user(await create_tenant())
        await accounts.set_active(COMMAND_LINE, user.id, False)
        async with reading_database() as tx:
            receipt = await find_receipt(tx, user)
    assert receipt is not None
    return receipt.id
