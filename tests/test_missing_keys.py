"""A data folder from which key files are gone: no command that only looks makes new ones, and a
start that does says what that ends."""

import json
from pathlib import Path

import pytest
from sqlmodel import select

from models import Authenticator, LinkPurpose, Role, User
from services.access import one_time_links
from services.audit.reading import export
from services.core import clock
from services.core.settings import Settings
from services.database import vault
from services.database.startup import started
from services.database.transaction import transaction
from services.lists.query import ListQuery
from tests import factories
from tests.browser.server import serving
from tests.ports import free_port
from tests.test_command_line import assert_refused, run

SECRET, SIGNING = "signing-secret", "audit-signing-key"
EMAIL = "ada@example.com"


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """The data folder of a Rollcall with an account, and without its keys."""
    folder = tmp_path / "data"
    async with started(Settings(_env_file=None, data_dir=folder)):
        await factories.create_user(await factories.create_tenant(), email=EMAIL)
    for path in folder.iterdir():
        if not path.name.startswith("rollcall.db"):
            path.unlink()
    return folder


def _keys(data: Path) -> dict[str, str]:
    """What the doctor says of the keys."""
    lines = run(data, "doctor", "--json").stdout.splitlines()
    checks: dict[str, dict[str, str]] = {check["name"]: check for check in map(json.loads, lines)}
    return checks["Keys"]


@pytest.mark.parametrize(
    "command", [("verify-audit",), ("deactivate", EMAIL), ("activate", EMAIL), ("doctor",)]
)
def test_a_command_that_makes_no_database_makes_no_keys(
    data: Path, command: tuple[str, ...]
) -> None:
    done = run(data, *command)
    assert "Traceback" not in done.stderr
    assert command == ("doctor",) or done.returncode == 0
    assert {path.name for path in data.iterdir()} <= {"rollcall.db", "rollcall.db-reserve"}


async def test_a_second_factor_is_taken_away_without_keys(data: Path) -> None:
    async with started(Settings(_env_file=None, data_dir=data)), transaction() as tx:
        user = (await tx.exec(select(User))).one()
        sealed, now = vault.seal("secret"), clock.now()
        tx.add(
            Authenticator(user_id=user.id, sealed_secret=sealed, created_at=now, confirmed_at=now)
        )
    for name in (SECRET, vault.KEYS_FILE):
        (data / name).unlink()
    done = run(data, "reset-second-factor", EMAIL)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert not (data / SECRET).exists()
    assert not (data / vault.KEYS_FILE).exists()


def test_no_link_is_made_without_the_signing_secret(data: Path) -> None:
    assert_refused(run(data, "password-link", EMAIL), "There is no signing-secret", "backup")
    assert not (data / SECRET).exists()


def test_keys_are_rotated_where_nothing_was_sealed_yet(data: Path) -> None:
    assert run(data, "rotate-keys").returncode == 0
    assert len((data / "encryption-keys").read_text().split()) == 1
    assert not (data / SECRET).exists()


def test_a_start_that_makes_a_new_signing_secret_says_what_ends(data: Path) -> None:
    first = run(data, "migrate")
    assert (data / SECRET).exists()
    assert "signing-secret was missing" in first.stderr
    assert "Recovery codes no longer work" in first.stderr
    assert "missing" not in run(data, "migrate").stderr


def test_it_says_so_too_where_the_start_before_found_no_database(data: Path) -> None:
    nobody = f"postgresql://u@127.0.0.1:{free_port()}/d"
    assert_refused(run(data, "migrate", DATABASE_URL=nobody), "Can't open the database")
    assert "signing-secret was missing" in run(data, "migrate").stderr


def test_the_first_start_of_all_warns_of_nothing(tmp_path: Path) -> None:
    assert "missing" not in run(tmp_path / "data", "migrate").stderr


async def test_links_that_were_sent_go_on_with_a_new_signing_secret(data: Path) -> None:
    settings = Settings(_env_file=None, data_dir=data)
    async with started(settings), transaction() as tx:
        link = one_time_links.issue(tx, LinkPurpose.SETUP, None)
        token = one_time_links.token_of(link)
    (data / SECRET).unlink()
    async with started(settings), transaction() as tx:
        assert (await one_time_links.get_live(tx, LinkPurpose.SETUP, token)).id == link.id


async def test_the_doctor_warns_of_a_signing_secret_that_was_made_anew(data: Path) -> None:
    assert run(data, "migrate").returncode == 0
    assert run(data, "password-link", EMAIL).returncode == 0
    assert _keys(data)["state"] == "ok"
    (data / SECRET).unlink()
    assert run(data, "migrate").returncode == 0
    keys = _keys(data)
    assert keys["state"] == "warning"
    assert "isn’t the one that links were made with" in keys["words"]
    assert "Recovery codes no longer work" in keys["remedy"]


@pytest.mark.parametrize("exported", [True, False])
async def test_a_missing_key_of_the_audit_log_is_told_if_something_was_signed(
    tmp_path: Path, exported: bool
) -> None:
    data = tmp_path / "data"
    async with started(Settings(_env_file=None, data_dir=data)):
        tenant = await factories.create_tenant()
        user = await factories.create_user(tenant, role=Role.TENANT_ADMIN)
        admin = await factories.sign_in(user, tenant)
        if exported:
            assert [piece async for piece in await export(admin, ListQuery())]
            (data / SIGNING).unlink()
    async with serving(data) as server:
        log = server.log()
    keys = _keys(data)
    assert ("audit-signing-key is missing" in log) is exported
    assert ("the public key that was fetched before" in log) is exported
    assert (keys["state"] == "warning") is exported, keys
    assert ("the public key that was fetched before" in keys["remedy"]) is exported
