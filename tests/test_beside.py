"""What `make test` does with lint: it runs beside the tests, and no failure of it gets lost."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "beside.py"


def _run(check: str, command: str) -> subprocess.CompletedProcess[str]:
    both = ["sh", "-c", check, "--", "sh", "-c", command]
    return subprocess.run(
        [sys.executable, SCRIPT, *both], check=False, capture_output=True, text=True, timeout=600
    )


def test_a_check_that_fails_stops_the_command_and_has_the_last_word() -> None:
    done = _run("echo what is wrong; exit 3", "exec sleep 100000")
    assert (done.returncode, done.stdout) == (3, "what is wrong\n")


@pytest.mark.parametrize("status", [0, 5])
def test_after_a_check_that_passes_the_command_decides(status: int) -> None:
    done = _run("echo all is well", f"exit {status}")
    assert (done.returncode, done.stdout) == (status, "all is well\n")
