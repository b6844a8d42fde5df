"""`scripts/setup` says what it does while it does it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCK = """
nicegui==3.18.0 \\
    --hash=sha256:0000
sqlmodel==0.0.50 \\
    --hash=sha256:0000
"""
# An interpreter that does as if: what pip prints while it installs two packages.
PYTHON = """#!/bin/sh
case "$*" in
*"pip install"*)
    echo "Collecting nicegui==3.18.0 (from -r requirements.txt (line 2))"
    echo "  Downloading nicegui-3.18.0-py3-none-any.whl (2.0 MB)"
    echo "Collecting sqlmodel==0.0.50 (from -r requirements.txt (line 4))"
    {fails}
    echo "Installing collected packages: sqlmodel, nicegui"
    ;;
esac
"""

# What the script prints, in the folder in which it runs.
SAID = "said"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the script beside a small lock file."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup", tmp_path / "scripts" / "setup")
    (tmp_path / "requirements.txt").write_text(LOCK)
    return tmp_path


def _set_up(copy: Path, *, fails: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    python = copy / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(PYTHON.format(fails=fails))
    python.chmod(0o755)
    said = copy / SAID
    with said.open("w") as output:
        done = subprocess.run(
            [copy / "scripts" / "setup", "requirements.txt"],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={"PATH": os.environ["PATH"], **env},
        )
    done.stdout = said.read_text()
    return done


def test_a_set_up_tells_each_package_as_it_comes(copy: Path) -> None:
    done = _set_up(copy)
    assert (done.returncode, done.stderr) == (0, "")
    first, *others = done.stdout.splitlines()
    assert first.startswith("Installing the 2 packages of requirements.txt, once:")
    assert others == [
        "  1 of 2: nicegui==3.18.0",
        "  2 of 2: sqlmodel==0.0.50",
        "  All are here; putting them in place ...",
        "  Done.",
    ]


def test_a_step_that_takes_long_says_so_while_it_lasts(copy: Path) -> None:
    told = "  pip has been at it for 1 s ..."
    # It lasts until it is told, however slow the machine is.
    lasts = f"for _ in $(seq 1500); do grep -q '{told}' {SAID} && break; sleep 0.1; done"
    lines = _set_up(copy, fails=lasts, SETUP_TELLS_EVERY="1").stdout.splitlines()
    assert told in lines
    assert lines[-1] == "  Done."


def test_a_second_set_up_has_nothing_to_do_or_to_say(copy: Path) -> None:
    _set_up(copy)
    again = _set_up(copy)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_set_up_that_fails_says_so_and_is_tried_again(copy: Path) -> None:
    failed = _set_up(copy, fails="echo 'No matching distribution' >&2; exit 1")
    assert failed.returncode == 1
    assert "No matching distribution" in failed.stderr
    assert "Try again with the same command" in failed.stderr
    assert "Done" not in failed.stdout
    assert _set_up(copy).stdout.endswith("Done.\n")
