"""The files of docs/operations.md: systemd reads them, and what they name exists."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import main
from services.core.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
UNITS = ("rollcall.service", "rollcall-backup.service", "rollcall-backup.timer")


def _unit(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_every_setting_and_command_that_they_name_exists() -> None:
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in UNITS:
        assert set(re.findall(rf"{PREFIX}\w+", _unit(name))) <= settings
        for line in re.findall(r"^ExecStart=\S+ \S+/main\.py (.*)$", _unit(name), re.MULTILINE):
            options = main._parser().parse_args(line.split())
            assert options.command in {"serve", "backup"}


def test_what_they_write_to_is_theirs() -> None:
    folders = {f"/var/lib/{name}" for name in ("rollcall", "rollcall-backups")}
    for name in UNITS[:2]:
        text = _unit(name)
        assert "ProtectSystem=strict" in text
        given = re.search(r"^StateDirectory=(.*)$", text, re.MULTILINE)
        assert given is not None
        stated = {f"/var/lib/{folder}" for folder in given[1].split()}
        assert set(re.findall(r"/var/lib/[\w-]+", text)) <= stated <= folders


NO_SYSTEMD = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd isn't here"
)
# The first that judges a unit that isn't loaded.
JUDGES = 250
# Tenths of systemd's exposure level, which goes from 0 to 10; it calls up to 1.9 "OK" and safe.
MOST_EXPOSED = 19


def _systemd() -> int:
    told = subprocess.run(
        ["systemd-analyze", "--version"], check=True, capture_output=True, text=True
    ).stdout
    return int(re.findall(r"\d+", told)[0])


@NO_SYSTEMD
@pytest.mark.parametrize("name", UNITS[:2])
def test_systemd_finds_little_that_they_need_not_reach(name: str) -> None:
    if _systemd() < JUDGES:
        pytest.skip(f"only systemd {JUDGES} judges a unit that isn't loaded")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", name],
        check=False,
        cwd=ROOT / "docs",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@NO_SYSTEMD
def test_systemd_understands_them(tmp_path: Path) -> None:
    """Every line, in a copy whose program exists here."""
    for name in UNITS:
        text = _unit(name).replace("/opt/rollcall/.venv/bin/python", "/bin/true")
        text = text.replace("file:/opt/rollcall/docs/operations.md", "man:true(1)")
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / name for name in UNITS)],
        check=False,
        capture_output=True,
        text=True,
    )
    ours = [
        line for line in done.stderr.splitlines() if str(tmp_path) in line or "rollcall" in line
    ]
    assert ours == []
    assert done.returncode == 0, done.stderr


def test_every_command_of_the_document_is_one() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = re.findall(r"^python main\.py (.*?)(?:  +#.*)?$", text, re.MULTILINE)
    assert len(named) >= 3
    for line in named:
        main._parser().parse_args(line.split())
