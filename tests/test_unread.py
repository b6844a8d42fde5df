"""Commands whose answer nobody reads to its end, as in `main.py doctor | head -3`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_command_line import PATIENCE, ROOT


@pytest.mark.parametrize(
    "command",
    [("--help",), ("migrate",), ("verify-audit",), ("doctor", "--json"), ("backup", "copy.db")],
    ids=" ".join,
)
def test_a_command_whose_answer_nobody_reads_ends_without_a_word(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")}
    env.pop("PYTHONUNBUFFERED", None)  # as in a shell
    env |= {"ROLLCALL_DATA_DIR": str(tmp_path / "data"), "ROLLCALL_ENV_FILE": os.devnull}

    def run(arguments: tuple[str, ...], stdout: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "main.py"), *arguments],
            check=False,
            cwd=tmp_path,
            env=env,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
        )

    assert run(("migrate",), subprocess.DEVNULL).returncode == 0
    read, written = os.pipe()
    os.close(read)
    try:
        done = run(command, written)
    finally:
        os.close(written)
    assert (done.returncode, done.stderr) == (141, "")
