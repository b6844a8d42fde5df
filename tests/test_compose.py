"""compose.yaml, without an engine: its names are the ones that settings and scripts use."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from services.core.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The folder that `scripts/postgres-secrets` made."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "postgres-secrets", tmp_path / "scripts")
    subprocess.run([tmp_path / "scripts" / "postgres-secrets"], check=True)
    return tmp_path / "secrets"


def test_every_setting_in_it_exists() -> None:
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    known = settings | {f"{name}_FILE" for name in settings} | {"ROLLCALL_PUBLISH"}
    assert set(re.findall(rf"{PREFIX}\w+", COMPOSE)) <= known


def test_secret_files_are_the_ones_that_the_script_makes(secrets: Path) -> None:
    made = {f"secrets/{path.name}" for path in secrets.iterdir()}
    assert set(re.findall(r"file: (secrets/\S+)", COMPOSE)) == made


def test_secrets_lead_to_the_database_and_are_nobody_elses(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLCALL_DATABASE_URL", "")
    monkeypatch.setenv("ROLLCALL_DATABASE_URL_FILE", str(secrets / "database-url"))
    password = (secrets / "postgres-password").read_text(encoding="ascii")
    assert len(password) == 48
    url = f"postgresql+psycopg://rollcall:{password}@postgres/rollcall"
    assert Settings(_env_file=None).sqlalchemy_url == url
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700


def test_a_second_password_is_never_made(secrets: Path) -> None:
    before = (secrets / "postgres-password").read_bytes()
    again = subprocess.run([secrets.parent / "scripts" / "postgres-secrets"], check=False)
    assert again.returncode == 1
    assert (secrets / "postgres-password").read_bytes() == before
